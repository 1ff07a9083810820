// Manage > Users of a portfolio: everybody in any linked account, once each.
import { Anchor, Checkbox, List, Stack, Text } from '@mantine/core';
import { lazy, Suspense, useCallback, useState } from 'react';
import { useQuery } from 'urql';
import { Link } from 'wouter';
import { ScopeGate } from '../app/ScopeGate';
import { usePortfolioScope } from '../app/scope';
import type { Chosen } from '../bulk/changes';
import { SelectionBar } from '../bulk/SelectionBar';
import { useSelection } from '../bulk/useSelection';
import { graphql } from '../gql';
import type { PortfolioAccountUsersQuery } from '../gql/graphql';
import { roleName, useI18n } from '../i18n';
import { FailureNotice } from '../ui/FailureNotice';
import { Loading } from '../ui/Loading';
import { Page } from '../ui/Page';
import { cursorFrom, Pager } from '../ui/Pager';
import { ListFilters } from './ListFilters';
import { mfaFilter, useListParams } from './listParams';
import { useMfaResetFeed } from './useMfaResetFeed';
import { UserList } from './UserList';

const BulkEditDialog = lazy(() => import('../bulk/BulkEditDialog'));

const PAGE_SIZE = 25;
const MEMBERSHIPS_SHOWN = 4;

const portfolioAccountUsersDocument = graphql(`
  query PortfolioAccountUsers(
    $id: ID!
    $first: Int
    $after: String
    $last: Int
    $before: String
    $search: String
    $mfaEnabled: Boolean
    $manages: Boolean!
  ) {
    portfolio(id: $id) {
      id
      accountUsers(
        first: $first
        after: $after
        last: $last
        before: $before
        search: $search
        mfaEnabled: $mfaEnabled
      ) {
        totalCount
        edges {
          memberships {
            role
            customRole {
              id
              name
            }
            account {
              id
              name
              viewerRole
            }
          }
          node {
            ...UserRow
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

export default function PortfolioUsersPage({ id }: { id: string }) {
  return (
    <ScopeGate loaded={usePortfolioScope(id)}>
      {(portfolio, canManage) => <Users id={id} name={portfolio.name} canManage={canManage} />}
    </ScopeGate>
  );
}

function Users({ id, name, canManage }: { id: string; name: string; canManage: boolean }) {
  const { m, number } = useI18n();
  const { params, set } = useListParams();
  const [{ data, error, fetching }, refetch] = useQuery({
    query: portfolioAccountUsersDocument,
    requestPolicy: 'cache-and-network',
    variables: {
      id,
      ...cursorFrom(params, PAGE_SIZE),
      search: params.get('search'),
      mfaEnabled: mfaFilter(params),
      manages: canManage,
    },
  });
  const reload = useCallback(() => refetch({ requestPolicy: 'network-only' }), [refetch]);
  const feed = useMfaResetFeed({ portfolioId: id }, { pause: !canManage, onMissed: reload });
  const users = data?.portfolio?.accountUsers;
  const selection = useSelection();
  const [editing, setEditing] = useState(false);
  const shown = users?.edges.map(chosenOf) ?? [];
  const allShown = shown.length > 0 && shown.every((person) => selection.has(person.id));
  const someShown = shown.some((person) => selection.has(person.id));

  return (
    <Page title={m.users.portfolioTitle(name)}>
      <ListFilters params={params} set={set} withMfa />
      {error && !users && <FailureNotice error={error} onRetry={reload} />}
      {!users && fetching && <Loading />}
      {users && (
        <Stack>
          {error?.networkError && <FailureNotice error={error} onRetry={reload} />}
          <Text size="sm" c="dimmed" role="status">
            {m.users.count(number(users.totalCount))}
          </Text>
          {selection.people.length > 0 && (
            <SelectionBar count={selection.people.length} onEdit={() => setEditing(true)} onClear={selection.clear} />
          )}
          <UserList
            selectAll={(alone) => (
              <Checkbox
                {...(alone ? { label: m.bulk.selectPage } : { 'aria-label': m.bulk.selectPage })}
                checked={allShown}
                indeterminate={someShown && !allShown}
                onChange={(event) => selection.set(shown, event.currentTarget.checked)}
              />
            )}
            label={m.users.portfolioTitle(name)}
            rolesHeading={m.users.memberships}
            canManage={canManage}
            feed={feed}
            rows={users.edges.map((edge) => ({
              user: edge.node,
              roles: <Memberships of={edge.memberships} />,
              select: (
                <Checkbox
                  aria-label={m.bulk.select(edge.node.name)}
                  checked={selection.has(edge.node.id)}
                  onChange={(event) => selection.set([chosenOf(edge)], event.currentTarget.checked)}
                />
              ),
            }))}
          />
          <Pager info={users.pageInfo} onMove={set} />
        </Stack>
      )}
      <Suspense>
        {editing && (
          <BulkEditDialog
            portfolio={{ id, name }}
            people={selection.people}
            onClose={() => setEditing(false)}
            onDone={() => {
              setEditing(false);
              // What was chosen is not as it was any more.
              selection.clear();
              reload();
            }}
          />
        )}
      </Suspense>
    </Page>
  );
}

type Edge = NonNullable<NonNullable<PortfolioAccountUsersQuery['portfolio']>['accountUsers']>['edges'][number];
type Membership = Edge['memberships'][number];

function chosenOf({ node, memberships }: Edge): Chosen {
  const places = memberships.map(({ account, role, customRole }) => ({
    id: account.id,
    name: account.name,
    // Whoever has a role of the account's own has none of the static ones, whatever it is made of.
    role: customRole ? null : role,
  }));
  return { id: node.id, name: node.name, email: node.email, places };
}

function Memberships({ of }: { of: Membership[] }) {
  const { m } = useI18n();
  const shown = of.slice(0, MEMBERSHIPS_SHOWN);
  return (
    <List listStyleType="none" size="sm">
      {shown.map(({ account, ...place }) => (
        <List.Item key={account.id}>
          {account.viewerRole ? (
            <Anchor component={Link} href={`/accounts/${account.id}/users`} size="sm">
              {account.name}
            </Anchor>
          ) : (
            account.name
          )}
          {`: ${roleName(m, place)}`}
        </List.Item>
      ))}
      {of.length > shown.length && (
        <List.Item>
          <Text size="sm" c="dimmed">
            {m.users.more(of.length - shown.length)}
          </Text>
        </List.Item>
      )}
    </List>
  );
}
