// The audit log of an account.
import { useQuery } from 'urql';
import { NotFound } from '../app/NotFound';
import { ScopeGate } from '../app/ScopeGate';
import { useAccountScope } from '../app/scope';
import { graphql } from '../gql';
import { useI18n } from '../i18n';
import { FailureNotice } from '../ui/FailureNotice';
import { Loading } from '../ui/Loading';
import { Page } from '../ui/Page';
import { cursorFrom } from '../ui/Pager';
import { useListParams } from '../users/listParams';
import { AuditTable } from './AuditLog';
import { AuditToolbar } from './AuditToolbar';
import { daysCrossed, filterFrom, variablesOf } from './filter';
import { useExport } from './useExport';

const PAGE_SIZE = 50;

export const auditRowFragment = graphql(`
  fragment AuditRow on AuditEvent {
    id
    at
    action
    credential
    ip
    userAgent
    actor {
      id
      name
      email
    }
    target {
      id
      name
      email
    }
    details {
      name
      value
    }
  }
`);

const accountAuditDocument = graphql(`
  query AccountAudit(
    $id: ID!
    $first: Int
    $after: String
    $last: Int
    $before: String
    $actions: [AuditAction!]
    $actorId: ID
    $targetId: ID
    $since: DateTime
    $until: DateTime
  ) {
    account(id: $id) {
      id
      auditLog(
        first: $first
        after: $after
        last: $last
        before: $before
        actions: $actions
        actorId: $actorId
        targetId: $targetId
        since: $since
        until: $until
      ) {
        edges {
          node {
            ...AuditRow
          }
        }
        pageInfo {
          hasNextPage
          hasPreviousPage
          startCursor
          endCursor
        }
      }
    }
  }
`);

export default function AccountAuditPage({ id }: { id: string }) {
  return (
    <ScopeGate loaded={useAccountScope(id)}>
      {(account, { oversees }) => (oversees('AUDIT_VIEW') ? <Log id={id} name={account.name} /> : <NotFound />)}
    </ScopeGate>
  );
}

function Log({ id, name }: { id: string; name: string }) {
  const { m } = useI18n();
  const { params, set } = useListParams();
  const filter = filterFrom(params, m.audit.actions);
  const variables = { id, ...variablesOf(filter) };
  const [{ data, error, fetching }, refetch] = useQuery({
    query: accountAuditDocument,
    variables: { ...variables, ...cursorFrom(params, PAGE_SIZE) },
    pause: daysCrossed(filter),
    requestPolicy: 'cache-and-network',
  });
  const { exported, run } = useExport(accountAuditDocument, variables, (page) => page.account?.auditLog);
  const log = data?.account?.auditLog;

  return (
    <Page title={m.audit.title(name)}>
      <AuditToolbar filter={filter} onFilter={set} exported={exported} onExport={() => void run()} />
      {error && !log && <FailureNotice error={error} onRetry={() => refetch({ requestPolicy: 'network-only' })} />}
      {!log && fetching && <Loading />}
      {log && <AuditTable name={name} rows={log.edges.map((edge) => edge.node)} pageInfo={log.pageInfo} onMove={set} />}
    </Page>
  );
}
