// The portfolio's own people.
import { Button, Stack, Text } from '@mantine/core';
import { lazy, Suspense, useCallback, useState } from 'react';
import { useQuery } from 'urql';
import { ScopeGate } from '../app/ScopeGate';
import { usePortfolioScope } from '../app/scope';
import { graphql } from '../gql';
import { label, useI18n } from '../i18n';
import type { Change } from '../members/MemberDialog';
import { FailureNotice } from '../ui/FailureNotice';
import { Loading } from '../ui/Loading';
import { Page } from '../ui/Page';
import { cursorFrom, Pager } from '../ui/Pager';
import { ListFilters } from './ListFilters';
import { useListParams } from './listParams';
import { useMfaResetFeed } from './useMfaResetFeed';
import { UserList } from './UserList';

const PAGE_SIZE = 25;

const Invitations = lazy(() => import('../members/Invitations'));
const InviteDialog = lazy(() => import('../members/InviteDialog'));
const MemberDialog = lazy(() => import('../members/MemberDialog'));

const portfolioTeamDocument = graphql(`
  query PortfolioTeam(
    $id: ID!
    $first: Int
    $after: String
    $last: Int
    $before: String
    $search: String
    $manages: Boolean!
  ) {
    portfolio(id: $id) {
      id
      users(first: $first, after: $after, last: $last, before: $before, search: $search) {
        totalCount
        edges {
          role
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

export default function PortfolioTeamPage({ id }: { id: string }) {
  return (
    <ScopeGate loaded={usePortfolioScope(id)}>
      {(portfolio, canManage) => (
        <Users id={id} name={portfolio.name} canManage={canManage} owns={portfolio.viewerRole === 'OWNER'} />
      )}
    </ScopeGate>
  );
}

function Users(props: { id: string; name: string; canManage: boolean; owns: boolean }) {
  const { id, name, canManage, owns } = props;
  const scope = { kind: 'portfolio', id, name } as const;
  const { m, number } = useI18n();
  const [inviting, setInviting] = useState(false);
  const [change, setChange] = useState<Change | null>(null);
  const { params, set } = useListParams();
  const [{ data, error, fetching }, refetch] = useQuery({
    query: portfolioTeamDocument,
    requestPolicy: 'cache-and-network',
    variables: {
      id,
      ...cursorFrom(params, PAGE_SIZE),
      search: params.get('search'),
      manages: canManage,
    },
  });
  const reload = useCallback(() => refetch({ requestPolicy: 'network-only' }), [refetch]);
  const feed = useMfaResetFeed({ portfolioId: id }, { pause: !canManage, onMissed: reload });
  const users = data?.portfolio?.users;

  return (
    <Page
      title={m.users.teamTitle(name)}
      // The team's places are the Portfolio Owner's to give.
      aside={owns && <Button onClick={() => setInviting(true)}>{m.members.invite}</Button>}
    >
      <ListFilters params={params} set={set} withMfa={false} />
      {error && !users && <FailureNotice error={error} onRetry={reload} />}
      {!users && fetching && <Loading />}
      {users && (
        <Stack>
          {error?.networkError && <FailureNotice error={error} onRetry={reload} />}
          <Text size="sm" c="dimmed" role="status">
            {m.users.count(number(users.totalCount))}
          </Text>
          <UserList
            label={m.users.teamTitle(name)}
            rolesHeading={m.users.role}
            canManage={canManage}
            feed={feed}
            rows={users.edges.map((edge) => ({
              user: edge.node,
              roles: <Text size="sm">{label(m.roles, edge.role)}</Text>,
              place: { held: { role: edge.role }, manages: owns, owns, onChange: setChange },
            }))}
          />
          <Pager info={users.pageInfo} onMove={set} />
          <Suspense>{canManage && <Invitations scope={scope} canChange={owns} />}</Suspense>
        </Stack>
      )}
      <Suspense>
        {inviting && <InviteDialog scope={scope} onClose={() => setInviting(false)} />}
        {change && <MemberDialog scope={scope} change={change} onClose={() => setChange(null)} />}
      </Suspense>
    </Page>
  );
}
