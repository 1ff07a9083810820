// Changing a person's place in an account or a portfolio: another role, out of it, or its Owner.
import { Text } from '@mantine/core';
import { useState } from 'react';
import { roleName, useI18n } from '../i18n';
import { useToast } from '../ui/toasts';
import { MemberForm } from './MemberForm';
import { type Given, type Scope, usePlaceActions } from './places';
import { GivenSelect } from './GivenSelect';
import { useLeft } from './useLeft';

export interface Change {
  kind: 'role' | 'remove' | 'leave' | 'transfer';
  user: { id: string; name: string };
  held: Given;
}

interface Props {
  scope: Scope;
  change: Change;
  onClose: () => void;
}

export default function MemberDialog(props: Props) {
  switch (props.change.kind) {
    case 'role':
      return <RoleDialog {...props} />;
    case 'transfer':
      return <TransferDialog {...props} />;
    case 'remove':
      return <RemoveDialog {...props} />;
    case 'leave':
      return <LeaveDialog scope={props.scope} userId={props.change.user.id} onClose={props.onClose} />;
  }
}

function RoleDialog({ scope, change, onClose }: Props) {
  const { m } = useI18n();
  const toast = useToast();
  const actions = usePlaceActions(scope);
  const [given, setGiven] = useState(change.held);
  return (
    <MemberForm
      title={m.members.changeRoleTitle(change.user.name)}
      submit={m.members.changeRoleSubmit}
      run={() => actions.changeRole(change.user.id, given)}
      rejected={m.members.rejected}
      onDone={() => toast(m.members.roleChanged(change.user.name, roleName(m, given)))}
      onClose={onClose}
    >
      <GivenSelect scope={scope} value={given} onChange={setGiven} autoFocus />
    </MemberForm>
  );
}

function RemoveDialog({ scope, change, onClose }: Props) {
  const { m } = useI18n();
  const toast = useToast();
  const actions = usePlaceActions(scope);
  return (
    <MemberForm
      title={m.members.removeTitle(change.user.name, scope.name)}
      submit={m.members.removeSubmit}
      dangerous
      run={() => actions.remove(change.user.id)}
      rejected={m.members.rejected}
      onDone={() => toast(m.members.removed(change.user.name))}
      onClose={onClose}
    >
      <Text size="sm">{m.members.removeExplained(change.user.name, scope.name)}</Text>
    </MemberForm>
  );
}

export function LeaveDialog({ scope, userId, onClose }: { scope: Scope; userId: string; onClose: () => void }) {
  const { m } = useI18n();
  const toast = useToast();
  const actions = usePlaceActions(scope);
  const goOn = useLeft();
  return (
    <MemberForm
      title={m.members.leaveTitle(scope.name)}
      submit={m.members.leaveSubmit}
      dangerous
      run={() => actions.remove(userId)}
      rejected={m.members.rejected}
      onDone={() => {
        toast(m.members.left(scope.name));
        goOn(scope.id);
      }}
      onClose={onClose}
    >
      <Text size="sm">{m.members.leaveExplained}</Text>
    </MemberForm>
  );
}

function TransferDialog({ scope, change, onClose }: Props) {
  const { m } = useI18n();
  const toast = useToast();
  const actions = usePlaceActions(scope);
  return (
    <MemberForm
      title={m.members.transferTitle(change.user.name)}
      submit={m.members.transferSubmit}
      dangerous
      run={() => actions.transfer(change.user.id)}
      rejected={m.members.rejected}
      onDone={() => toast(m.members.transferred(change.user.name))}
      onClose={onClose}
    >
      <Text size="sm">{m.members.transferExplained(change.user.name, scope.name)}</Text>
    </MemberForm>
  );
}
