// What the ⋮ menu offers about a person's place.
import { Menu } from '@mantine/core';
import { useViewer } from '../app/viewer';
import { useI18n } from '../i18n';
import type { Change } from './MemberDialog';
import type { Given } from './places';

/** A person's place, and what the viewer may do about it. */
export interface MemberPlace {
  held: Given;
  /** Whether the viewer may change this place of somebody else, or only their own. */
  manages: boolean;
  /** Whether the viewer is the Owner, who alone hands over. */
  owns: boolean;
  onChange: (change: Change) => void;
}

export function MemberItems({ user, place }: { user: { id: string; name: string }; place: MemberPlace }) {
  const { m } = useI18n();
  const viewer = useViewer();
  const { held } = place;
  // The Owner's place is changed by nobody; it is only ever handed over.
  if (held.role === 'OWNER') return null;
  const choose = (kind: Change['kind']) => () => place.onChange({ kind, user, held });
  if (user.id === viewer.user.id) return <Menu.Item onClick={choose('leave')}>{m.members.leave}</Menu.Item>;
  if (!place.manages) return null;
  return (
    <>
      <Menu.Item onClick={choose('role')}>{m.members.changeRole}</Menu.Item>
      {place.owns && <Menu.Item onClick={choose('transfer')}>{m.members.transfer}</Menu.Item>}
      <Menu.Item onClick={choose('remove')}>{m.members.remove}</Menu.Item>
    </>
  );
}
