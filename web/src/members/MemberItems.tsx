// What the ⋮ menu offers about a person's place in an account.
import { Menu } from '@mantine/core';
import type { AccountRole } from '../gql/graphql';
import { useI18n } from '../i18n';
import type { Change } from './MemberDialog';

export function MemberItems(props: {
  user: { id: string; name: string };
  role: AccountRole;
  viewerId: string;
  viewerRole: AccountRole;
  onChange: (change: Change) => void;
}) {
  const { m } = useI18n();
  const { user, role } = props;
  // The Owner's place is changed by nobody; it is only ever handed over.
  if (role === 'OWNER') return null;
  const self = user.id === props.viewerId;
  const choose = (kind: Change['kind']) => () => props.onChange({ kind, user, role });
  return (
    <>
      {!self && <Menu.Item onClick={choose('role')}>{m.members.changeRole}</Menu.Item>}
      {!self && props.viewerRole === 'OWNER' && (
        <Menu.Item onClick={choose('transfer')}>{m.members.transfer}</Menu.Item>
      )}
      <Menu.Item onClick={choose(self ? 'leave' : 'remove')}>{self ? m.members.leave : m.members.remove}</Menu.Item>
    </>
  );
}
