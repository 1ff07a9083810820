// Settings > Users of one account.
import { Anchor, Button, NativeSelect, Stack, Text } from '@mantine/core';
import { lazy, Suspense, useCallback, useState } from 'react';
import { useQuery } from 'urql';
import { Link, Redirect } from 'wouter';
import { ScopeGate } from '../app/ScopeGate';
import { type Rights, useAccountScope } from '../app/scope';
import { useViewer } from '../app/viewer';
import { graphql } from '../gql';
import type { AccountUsersQuery } from '../gql/graphql';
import { label, roleName, useI18n } from '../i18n';
import { covers, type Held, heldBy } from '../members/held';
import type { Change } from '../members/MemberDialog';
import { ROLES } from '../members/roles';
import { FailureNotice } from '../ui/FailureNotice';
import { Loading } from '../ui/Loading';
import { Page } from '../ui/Page';
import { cursorFrom, Pager } from '../ui/Pager';
import { ListFilters } from './ListFilters';
import { mfaFilter, useListParams } from './listParams';
import { useMfaResetFeed } from './useMfaResetFeed';
import { UserList } from './UserList';

const PAGE_SIZE = 25;

// None of them is needed to see the list.
const Invitations = lazy(() => import('../members/Invitations'));
const InviteDialog = lazy(() => import('../members/InviteDialog'));
const MemberDialog = lazy(() => import('../members/MemberDialog'));

const accountUsersDocument = graphql(`
  query AccountUsers(
    $id: ID!
    $first: Int
    $after: String
    $last: Int
    $before: String
    $search: String
    $roles: [AccountRole!]
    $mfaEnabled: Boolean
    $manages: Boolean!
    $places: Boolean!
  ) {
    staticRoles @include(if: $places) {
      role
      permissions
    }
    account(id: $id) {
      id
      users(
        first: $first
        after: $after
        last: $last
        before: $before
        search: $search
        roles: $roles
        mfaEnabled: $mfaEnabled
      ) {
        totalCount
        edges {
          role
          customRole {
            id
            name
            permissions
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

export default function AccountUsersPage({ id }: { id: string }) {
  return (
    <ScopeGate loaded={useAccountScope(id)}>
      {(account, rights) => {
        const { viewerRole, viewerPermissions } = account;
        if (!viewerRole || !viewerPermissions) {
          return <MembersOnly name={account.name} portfolioId={account.portfolio?.id} />;
        }
        if (!rights.holds('USERS_VIEW')) {
          // Links to an account lead here; somebody whose role does not open the list has another first screen.
          return <Redirect to={`/accounts/${id}/${rights.oversees('AUDIT_VIEW') ? 'audit' : 'policy'}`} replace />;
        }
        const mine = { role: viewerRole, permissions: viewerPermissions };
        return <Users id={id} name={account.name} rights={rights} mine={mine} />;
      }}
    </ScopeGate>
  );
}

type Edge = NonNullable<NonNullable<AccountUsersQuery['account']>['users']>['edges'][number];

/** People of the portfolio manage an account's users without being among them; their list is elsewhere. */
function MembersOnly({ name, portfolioId }: { name: string; portfolioId: string | undefined }) {
  const { m } = useI18n();
  return (
    <Page title={m.users.of(name)}>
      <Text>{m.users.membersOnly}</Text>
      {portfolioId && (
        <Anchor component={Link} href={`/portfolios/${portfolioId}/users`}>
          {m.app.manageUsers}
        </Anchor>
      )}
    </Page>
  );
}

function Users(props: { id: string; name: string; rights: Rights; mine: Held }) {
  const { id, name, rights, mine } = props;
  const canManage = rights.oversees('MFA_RESET');
  const scope = { kind: 'account', id, name } as const;
  const { m, number } = useI18n();
  const viewer = useViewer();
  const { params, set } = useListParams();
  const [inviting, setInviting] = useState(false);
  const [change, setChange] = useState<Change | null>(null);
  // Who belongs to the account is for its own people to say.
  const ownsPlaces = rights.holds('USERS_MANAGE');
  const role = ROLES.find((one) => one === params.get('role'));
  const [{ data, error, fetching }, refetch] = useQuery({
    query: accountUsersDocument,
    requestPolicy: 'cache-and-network',
    variables: {
      id,
      ...cursorFrom(params, PAGE_SIZE),
      search: params.get('search'),
      roles: role ? [role] : null,
      mfaEnabled: canManage ? mfaFilter(params) : null,
      manages: canManage,
      places: ownsPlaces,
    },
  });
  const reload = useCallback(() => refetch({ requestPolicy: 'network-only' }), [refetch]);
  const feed = useMfaResetFeed({ accountId: id }, { pause: !canManage, onMissed: reload });
  const users = data?.account?.users;
  const statics = data?.staticRoles;

  /** A place that the viewer may change: nobody else's where it holds more than theirs, and never the Owner's. */
  const placeOf = (edge: Edge, statics: Held[]) => {
    const manages = covers(mine, heldBy(edge, statics));
    if (edge.role === 'OWNER' || (!manages && edge.node.id !== viewer.user.id)) return {};
    return { place: { held: edge, manages, owns: mine.role === 'OWNER', onChange: setChange } };
  };

  return (
    <Page
      title={m.users.of(name)}
      aside={ownsPlaces && <Button onClick={() => setInviting(true)}>{m.members.invite}</Button>}
    >
      <ListFilters params={params} set={set} withMfa={canManage}>
        <NativeSelect
          label={m.users.role}
          flex="1 1 9rem"
          value={role ?? ''}
          onChange={(event) => set({ role: event.currentTarget.value })}
          data={[
            { value: '', label: m.users.anyRole },
            ...ROLES.map((value) => ({ value, label: label(m.roles, value) })),
          ]}
        />
      </ListFilters>
      {error && !users && <FailureNotice error={error} onRetry={reload} />}
      {!users && fetching && <Loading />}
      {users && (
        <Stack>
          {error?.networkError && <FailureNotice error={error} onRetry={reload} />}
          <Text size="sm" c="dimmed" role="status">
            {m.users.count(number(users.totalCount))}
          </Text>
          <UserList
            label={m.users.of(name)}
            rolesHeading={m.users.role}
            canManage={canManage}
            withMenus={canManage || ownsPlaces}
            feed={feed}
            rows={users.edges.map((edge) => ({
              user: edge.node,
              roles: <Text size="sm">{roleName(m, edge)}</Text>,
              ...(statics && placeOf(edge, statics)),
            }))}
          />
          <Pager info={users.pageInfo} onMove={set} />
          <Suspense>{ownsPlaces && <Invitations scope={scope} canChange />}</Suspense>
        </Stack>
      )}
      <Suspense>
        {inviting && <InviteDialog scope={scope} onClose={() => setInviting(false)} />}
        {change && <MemberDialog scope={scope} change={change} onClose={() => setChange(null)} />}
      </Suspense>
    </Page>
  );
}
