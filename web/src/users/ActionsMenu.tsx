// The ⋮ menu of one person, open from the start: it is made by the click that opens it.
import { ActionIcon, Menu, Text } from '@mantine/core';
import { useRef } from 'react';
import type { UserRowFragment } from '../gql/graphql';
import { label, useI18n } from '../i18n';
import { MemberItems, type MemberPlace } from '../members/MemberItems';
import { DotsIcon } from '../ui/icons';
import { LiftItem } from './LiftItem';
import type { ResetSubject } from './ResetMfaDialog';

export interface ActionsProps {
  user: UserRowFragment;
  /** Whether the viewer may reset the MFA of people here. */
  resets: boolean;
  onReset: (subject: ResetSubject) => void;
  place: MemberPlace | undefined;
}

export default function ActionsMenu({ user, resets, onReset, place }: ActionsProps) {
  const { m } = useI18n();
  const button = useRef<HTMLButtonElement>(null);
  const { allowed, reason } = user.mfaResetEligibility;
  return (
    <Menu
      defaultOpened
      position="bottom-end"
      withinPortal={false}
      withInitialFocusPlaceholder={false}
      // The library knows only what had the focus before this menu was there.
      returnFocus={false}
      onClose={() => button.current?.focus({ preventScroll: true })}
    >
      <Menu.Target>
        <ActionIcon ref={button} variant="subtle" color="gray" aria-label={m.users.actionsFor(user.name)}>
          <DotsIcon />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown maw={320}>
        {!resets ? null : allowed ? (
          <Menu.Item onClick={() => onReset({ ...user, waiting: Boolean(user.pendingMfaReset) })}>
            {m.reset.menu}
          </Menu.Item>
        ) : (
          // Reachable by keyboard and read out, so that everybody learns why not.
          <Menu.Item aria-disabled closeMenuOnClick={false} style={{ cursor: 'not-allowed' }}>
            <Text size="sm" c="dimmed">
              {m.reset.menu}
            </Text>
            {reason && <Text size="xs">{label(m.reset.notEligible, reason)}</Text>}
          </Menu.Item>
        )}
        {user.mfaResetFreezes
          ?.filter((freeze) => freeze.viewerMayLift)
          .map((freeze) => (
            <LiftItem key={freeze.kind} user={user} freeze={freeze} />
          ))}
        {place && <MemberItems user={user} place={place} />}
      </Menu.Dropdown>
    </Menu>
  );
}
