// The MFA policy of a portfolio.
import { Stack, Text } from '@mantine/core';
import { useMutation, useQuery } from 'urql';
import { ScopeGate } from '../app/ScopeGate';
import { usePortfolioScope } from '../app/scope';
import { PortfolioCoverage } from '../coverage/Coverage';
import { graphql } from '../gql';
import { useI18n } from '../i18n';
import { FailureNotice, RefusalNotice } from '../ui/FailureNotice';
import { Loading } from '../ui/Loading';
import { Page } from '../ui/Page';
import { useToast } from '../ui/toasts';
import { PolicyForm } from './PolicyForm';

const portfolioPolicyDocument = graphql(`
  query PortfolioPolicy($id: ID!, $manages: Boolean!) {
    portfolio(id: $id) {
      id
      mfaPolicy {
        ...MfaPolicyPart
      }
      users(first: 1, mfaEnabled: false) @include(if: $manages) {
        totalCount
      }
    }
  }
`);

const setPortfolioMfaPolicyDocument = graphql(`
  mutation SetPortfolioMfaPolicy($input: SetPortfolioMfaPolicyInput!) {
    setPortfolioMfaPolicy(input: $input) {
      __typename
      ... on PortfolioMfaPolicySet {
        portfolio {
          id
          mfaPolicy {
            ...MfaPolicyPart
          }
        }
      }
      ... on SetPortfolioMfaPolicyRejected {
        reason
        message
        retryAt
      }
    }
  }
`);

export default function PortfolioPolicyPage({ id }: { id: string }) {
  return (
    <ScopeGate loaded={usePortfolioScope(id)}>
      {(portfolio, canManage) => <Policy id={id} name={portfolio.name} canManage={canManage} />}
    </ScopeGate>
  );
}

function Policy({ id, name, canManage }: { id: string; name: string; canManage: boolean }) {
  const { m } = useI18n();
  const toast = useToast();
  const [{ data, error }, refetch] = useQuery({
    query: portfolioPolicyDocument,
    variables: { id, manages: canManage },
    requestPolicy: 'cache-and-network',
  });
  const [saved, save] = useMutation(setPortfolioMfaPolicyDocument);
  const answer = saved.data?.setPortfolioMfaPolicy;
  const portfolio = data?.portfolio;

  return (
    <Page title={m.policy.title(name)}>
      {error && !portfolio && (
        <FailureNotice error={error} onRetry={() => refetch({ requestPolicy: 'network-only' })} />
      )}
      {!error && !portfolio && <Loading />}
      {portfolio && (
        <Stack>
          {saved.error && <FailureNotice error={saved.error} />}
          {answer?.__typename === 'SetPortfolioMfaPolicyRejected' && (
            <RefusalNotice retryAt={answer.retryAt}>{m.policy.rejected[answer.reason] ?? answer.message}</RefusalNotice>
          )}
          <Text size="sm">{m.policy.ofTeam}</Text>
          <PolicyForm
            policy={portfolio.mfaPolicy}
            canManage={canManage}
            withoutMfa={portfolio.users?.totalCount ?? null}
            saving={saved.fetching}
            onSave={async (change) => {
              const { data: done } = await save({ input: { portfolioId: id, ...change } });
              if (done?.setPortfolioMfaPolicy.__typename === 'PortfolioMfaPolicySet') toast(m.policy.saved);
            }}
          />
          {canManage && <PortfolioCoverage id={id} />}
        </Stack>
      )}
    </Page>
  );
}
