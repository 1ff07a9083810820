// Manage > Users in bulk: the same change for many people in many accounts, then what became of each.
import { useState } from 'react';
import { useMutation } from 'urql';
import { graphql } from '../gql';
import { useI18n } from '../i18n';
import { Dialog } from '../ui/Dialog';
import { FailureNotice, RefusalNotice } from '../ui/FailureNotice';
import { BulkForm } from './BulkForm';
import { BulkResults } from './BulkResults';
import { type Change, type Chosen, inputOf, type Result, resultsOf } from './changes';

const updatePortfolioUserAccessDocument = graphql(`
  mutation UpdatePortfolioUserAccess($input: UpdatePortfolioUserAccessInput!) {
    updatePortfolioUserAccess(input: $input) {
      __typename
      ... on PortfolioUserAccessUpdated {
        outcomes {
          kind
          index
          accountsChanged
          rejected {
            reason
            message
            retryAt
          }
        }
      }
      ... on UpdatePortfolioUserAccessRejected {
        reason
        message
        retryAt
      }
    }
  }
`);

export default function BulkEditDialog(props: {
  portfolio: { id: string; name: string };
  people: Chosen[];
  onClose: () => void;
  /** Closed after changes were made. */
  onDone: () => void;
}) {
  const { m } = useI18n();
  const { portfolio, people } = props;
  const [results, setResults] = useState<Result[] | null>(null);
  const [{ data, error, fetching }, update] = useMutation(updatePortfolioUserAccessDocument);
  const answer = data?.updatePortfolioUserAccess;
  const close = results ? props.onDone : props.onClose;

  const run = async (changes: Change[]) => {
    const result = await update({ input: inputOf(portfolio.id, changes) });
    const done = result.data?.updatePortfolioUserAccess;
    if (done?.__typename !== 'PortfolioUserAccessUpdated') return;
    const fresh = resultsOf(changes, done.outcomes);
    // What was tried again takes the place of what had been refused.
    setResults((old) => [...(old ?? []).filter(({ outcome }) => !outcome.rejected), ...fresh]);
  };

  return (
    <Dialog onClose={close} title={m.bulk.title(people.length)} closeOnClickOutside={false} size="lg">
      {results ? (
        <BulkResults results={results} busy={fetching} onRetry={(changes) => void run(changes)} onClose={close}>
          {error && <FailureNotice error={error} />}
        </BulkResults>
      ) : (
        <BulkForm
          portfolioId={portfolio.id}
          people={people}
          busy={fetching}
          onSubmit={(changes) => void run(changes)}
          onClose={close}
        >
          {error && <FailureNotice error={error} />}
          {answer?.__typename === 'UpdatePortfolioUserAccessRejected' && (
            <RefusalNotice retryAt={answer.retryAt}>
              {m.bulk.callRejected[answer.reason] ?? answer.message}
            </RefusalNotice>
          )}
        </BulkForm>
      )}
    </Dialog>
  );
}
