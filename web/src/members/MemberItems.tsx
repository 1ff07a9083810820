// What the ⋮ menu offers about a person's place.
import { Menu } from '@mantine/core';
import { useI18n } from '../i18n';
import type { Change } from './MemberDialog';
import type { Role } from './places';

export function MemberItems(props: {
  user: { id: string; name: string };
  role: Role;
  viewerId: string;
  /** Whether the viewer changes the places of others here, or only their own. */
  manages: boolean;
  /** Whether the viewer is the Owner, who alone hands over. */
  owns: boolean;
  onChange: (change: Change) => void;
}) {
  const { m } = useI18n();
  const { user, role } = props;
  // The Owner's place is changed by nobody; it is only ever handed over.
  if (role === 'OWNER') return null;
  const choose = (kind: Change['kind']) => () => props.onChange({ kind, user, role });
  if (user.id === props.viewerId) return <Menu.Item onClick={choose('leave')}>{m.members.leave}</Menu.Item>;
  if (!props.manages) return null;
  return (
    <>
      <Menu.Item onClick={choose('role')}>{m.members.changeRole}</Menu.Item>
      {props.owns && <Menu.Item onClick={choose('transfer')}>{m.members.transfer}</Menu.Item>}
      <Menu.Item onClick={choose('remove')}>{m.members.remove}</Menu.Item>
    </>
  );
}
