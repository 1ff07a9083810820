// A list of people: a table where there is room, cards where there is none.
import { ActionIcon, Badge, Card, Group, Stack, Text } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { lazy, type ReactNode, Suspense, useState } from 'react';
import { useViewer } from '../app/viewer';
import type { UserRowFragment } from '../gql/graphql';
import { useI18n } from '../i18n';
import type { MemberPlace } from '../members/MemberItems';
import { DataTable } from '../ui/DataTable';
import { DotsIcon } from '../ui/icons';
import type { ActionsProps } from './ActionsMenu';
import type { ResetSubject } from './ResetMfaDialog';
import { ResetStatus } from './ResetStatus';
import type { MfaResetFeed } from './useMfaResetFeed';

const loadMenu = () => import('./ActionsMenu');
const ActionsMenu = lazy(loadMenu);
const ResetMfaDialog = lazy(() => import('./ResetMfaDialog'));

export interface Row {
  user: UserRowFragment;
  /** The person's role here, or their roles in several accounts. */
  roles: ReactNode;
  /** The person's place, where the menu offers to change it. */
  place?: MemberPlace;
  /** A box to choose the person with, on lists with bulk changes. */
  select?: ReactNode;
}

export function UserList(props: {
  label: string;
  rows: Row[];
  rolesHeading: string;
  /** Whether the viewer sees and resets the MFA of people here. */
  canManage: boolean;
  /** Whether there are menus, also without that: for people's places. */
  withMenus?: boolean;
  feed: MfaResetFeed;
  /** A box that chooses everybody who is shown; where it stands alone, it says so itself. */
  selectAll?: (alone: boolean) => ReactNode;
}) {
  const { m } = useI18n();
  const narrow = useMediaQuery('(max-width: 76em)', false, { getInitialValueInEffect: false });
  const [subject, setSubject] = useState<ResetSubject | null>(null);
  const { rows, canManage } = props;
  const withMenus = props.withMenus ?? canManage;
  const { latest, interrupted } = props.feed;

  if (rows.length === 0) return <Text c="dimmed">{m.users.empty}</Text>;

  const cells = (row: Row) => ({
    mfa: row.user.mfa ? <MfaBadge enabled={row.user.mfa.enabled} /> : null,
    lastLogIn: <LastLogIn at={row.user.lastLogInAt} />,
    status: <Status user={row.user} latest={latest} canManage={canManage} />,
    actions:
      withMenus && (canManage || row.place) ? (
        <Actions user={row.user} resets={canManage} onReset={setSubject} place={row.place} />
      ) : null,
  });

  return (
    <>
      {interrupted && (
        <Text size="sm" role="status">
          {m.reset.reconnecting}
        </Text>
      )}
      {narrow ? (
        <Stack component="ul" gap="sm" aria-label={props.label} p={0} m={0}>
          {props.selectAll && (
            <li style={{ listStyle: 'none' }}>
              <Group px="md">{props.selectAll(true)}</Group>
            </li>
          )}
          {rows.map((row) => {
            const cell = cells(row);
            return (
              <Card component="li" key={row.user.id} withBorder padding="md" style={{ listStyle: 'none' }}>
                <Stack gap="xs">
                  <Group justify="space-between" wrap="nowrap" align="flex-start">
                    {row.select}
                    <Person user={row.user} />
                    {cell.actions}
                  </Group>
                  <div>{row.roles}</div>
                  {canManage && (
                    <Group gap="sm">
                      <Group gap={4}>
                        <Text size="sm" c="dimmed">
                          {m.users.mfa}
                        </Text>
                        {cell.mfa}
                      </Group>
                      <Group gap={4}>
                        <Text size="sm" c="dimmed">
                          {m.users.lastLogIn}
                        </Text>
                        {cell.lastLogIn}
                      </Group>
                    </Group>
                  )}
                  {cell.status}
                </Stack>
              </Card>
            );
          })}
        </Stack>
      ) : (
        <DataTable
          label={props.label}
          lead={props.selectAll?.(false)}
          columns={[
            m.users.name,
            props.rolesHeading,
            ...(canManage ? [m.users.mfa, m.users.lastLogIn, m.users.reset] : []),
            ...(withMenus ? [m.users.actions] : []),
          ]}
        >
          {rows.map((row) => {
            const cell = cells(row);
            return (
              <tr key={row.user.id} data-user={row.user.id}>
                {props.selectAll && <td>{row.select}</td>}
                <td style={{ minWidth: '12rem' }}>
                  <Person user={row.user} />
                </td>
                <td>{row.roles}</td>
                {canManage && (
                  <>
                    <td>{cell.mfa}</td>
                    <td>{cell.lastLogIn}</td>
                    <td style={{ minWidth: '11rem' }}>{cell.status}</td>
                  </>
                )}
                {withMenus && <td>{cell.actions}</td>}
              </tr>
            );
          })}
        </DataTable>
      )}
      {subject && (
        <Suspense>
          <ResetMfaDialog user={subject} onClose={() => setSubject(null)} />
        </Suspense>
      )}
    </>
  );
}

function Person({ user }: { user: UserRowFragment }) {
  const { m } = useI18n();
  const viewer = useViewer();
  return (
    <div style={{ minWidth: 0, flexGrow: 1 }}>
      <Text fw={600} style={{ overflowWrap: 'anywhere' }}>
        {user.name}
        {user.id === viewer.user.id && (
          <Text span c="dimmed" fw={400}>
            {' '}
            ({m.users.you})
          </Text>
        )}
      </Text>
      <Text size="sm" c="dimmed" style={{ overflowWrap: 'anywhere' }}>
        {user.email}
      </Text>
    </div>
  );
}

function MfaBadge({ enabled }: { enabled: boolean }) {
  const { m } = useI18n();
  return (
    <Badge variant="outline" color={enabled ? 'petrol' : 'gray'} tt="none" miw="max-content">
      {enabled ? m.users.mfaOn : m.users.mfaOff}
    </Badge>
  );
}

function LastLogIn({ at }: { at: string | null | undefined }) {
  const { m, clock } = useI18n();
  return (
    <Text size="sm" style={{ whiteSpace: 'nowrap' }}>
      {at ? clock(at) : m.users.never}
    </Text>
  );
}

function Status(props: { user: UserRowFragment; latest: MfaResetFeed['latest']; canManage: boolean }) {
  const reset = props.user.pendingMfaReset ?? props.latest.get(props.user.id);
  return reset ? <ResetStatus user={props.user} reset={reset} canManage={props.canManage} /> : null;
}

/** A page of menus that nobody opens would cost more than all else on it: each is made when it is first opened. */
function Actions(props: ActionsProps) {
  const { m } = useI18n();
  const [wanted, setWanted] = useState(false);
  const name = m.users.actionsFor(props.user.name);
  const button = (
    <ActionIcon
      variant="subtle"
      color="gray"
      aria-label={name}
      aria-haspopup="menu"
      aria-expanded={false}
      onPointerEnter={() => void loadMenu()}
      onFocus={() => void loadMenu()}
      onClick={() => setWanted(true)}
    >
      <DotsIcon />
    </ActionIcon>
  );
  if (!wanted) return button;
  return (
    <Suspense fallback={button}>
      <ActionsMenu {...props} />
    </Suspense>
  );
}
