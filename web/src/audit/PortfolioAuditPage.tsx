// The audit log of a portfolio.
import { useQuery } from 'urql';
import { NotFound } from '../app/NotFound';
import { ScopeGate } from '../app/ScopeGate';
import { usePortfolioScope } from '../app/scope';
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

const portfolioAuditDocument = graphql(`
  query PortfolioAudit(
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
    portfolio(id: $id) {
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

export default function PortfolioAuditPage({ id }: { id: string }) {
  return (
    <ScopeGate loaded={usePortfolioScope(id)}>
      {(portfolio, canManage) => (canManage ? <Log id={id} name={portfolio.name} /> : <NotFound />)}
    </ScopeGate>
  );
}

function Log({ id, name }: { id: string; name: string }) {
  const { m } = useI18n();
  const { params, set } = useListParams();
  const filter = filterFrom(params, m.audit.actions);
  const variables = { id, ...variablesOf(filter) };
  const [{ data, error, fetching }, refetch] = useQuery({
    query: portfolioAuditDocument,
    variables: { ...variables, ...cursorFrom(params, PAGE_SIZE) },
    pause: daysCrossed(filter),
    requestPolicy: 'cache-and-network',
  });
  const { exported, run } = useExport(portfolioAuditDocument, variables, (page) => page.portfolio?.auditLog);
  const log = data?.portfolio?.auditLog;

  return (
    <Page title={m.audit.title(name)}>
      <AuditToolbar filter={filter} onFilter={set} exported={exported} onExport={() => void run()} />
      {error && !log && <FailureNotice error={error} onRetry={() => refetch({ requestPolicy: 'network-only' })} />}
      {!log && fetching && <Loading />}
      {log && <AuditTable name={name} rows={log.edges.map((edge) => edge.node)} pageInfo={log.pageInfo} onMove={set} />}
    </Page>
  );
}
