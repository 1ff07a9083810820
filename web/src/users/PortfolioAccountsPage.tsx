// The accounts that a portfolio links.
import { Anchor, List, Stack, Text } from '@mantine/core';
import { useQuery } from 'urql';
import { Link } from 'wouter';
import { ScopeGate } from '../app/ScopeGate';
import { usePortfolioScope } from '../app/scope';
import { graphql } from '../gql';
import { useI18n } from '../i18n';
import { FailureNotice } from '../ui/FailureNotice';
import { Loading } from '../ui/Loading';
import { Page } from '../ui/Page';
import { cursorFrom, Pager } from '../ui/Pager';
import { useListParams } from './listParams';

const PAGE_SIZE = 50;

const portfolioAccountsDocument = graphql(`
  query PortfolioAccounts($id: ID!, $first: Int, $after: String, $last: Int, $before: String) {
    portfolio(id: $id) {
      id
      accounts(first: $first, after: $after, last: $last, before: $before) {
        edges {
          node {
            id
            name
            viewerRole
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

export default function PortfolioAccountsPage({ id }: { id: string }) {
  return (
    <ScopeGate loaded={usePortfolioScope(id)}>{(portfolio) => <Accounts id={id} name={portfolio.name} />}</ScopeGate>
  );
}

function Accounts({ id, name }: { id: string; name: string }) {
  const { m } = useI18n();
  const { params, set } = useListParams();
  const [{ data, error, fetching }, refetch] = useQuery({
    query: portfolioAccountsDocument,
    variables: { id, ...cursorFrom(params, PAGE_SIZE) },
  });
  const accounts = data?.portfolio?.accounts;
  return (
    <Page title={m.app.accountsOf(name)}>
      {error && !accounts && <FailureNotice error={error} onRetry={() => refetch({ requestPolicy: 'network-only' })} />}
      {!accounts && fetching && <Loading />}
      {accounts && (
        <Stack>
          {accounts.edges.length === 0 && <Text c="dimmed">{m.app.noAccounts}</Text>}
          <List listStyleType="none" spacing="xs" aria-label={m.app.accountsOf(name)}>
            {accounts.edges.map(({ node }) => (
              <List.Item key={node.id}>
                <Anchor component={Link} href={`/accounts/${node.id}/${node.viewerRole ? 'users' : 'policy'}`}>
                  {node.name}
                </Anchor>
              </List.Item>
            ))}
          </List>
          <Pager info={accounts.pageInfo} onMove={set} />
        </Stack>
      )}
    </Page>
  );
}
