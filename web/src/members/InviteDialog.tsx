// Inviting somebody to an account or a portfolio: an address and a role.
import { Text, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useI18n } from '../i18n';
import { useToast } from '../ui/toasts';
import { MemberForm } from './MemberForm';
import { type Role, type Scope, usePlaceActions } from './places';
import { RoleSelect } from './RoleSelect';

export default function InviteDialog({ scope, onClose }: { scope: Scope; onClose: () => void }) {
  const { m } = useI18n();
  const toast = useToast();
  const actions = usePlaceActions(scope);
  const [email, setEmail] = useState('');
  const [role, setRole] = useState<Role>('ANALYST');
  const address = email.trim();

  return (
    <MemberForm
      title={m.members.inviteTitle(scope.name)}
      submit={m.members.inviteSubmit}
      run={() => actions.invite(address, role)}
      rejected={m.members.inviteRejected}
      onDone={() => toast(m.members.invited(address))}
      onClose={onClose}
    >
      <Text size="sm">{m.members.inviteExplained}</Text>
      <TextInput
        type="email"
        name="email"
        label={m.members.email}
        autoComplete="off"
        data-autofocus
        required
        withAsterisk={false}
        value={email}
        onChange={(event) => setEmail(event.currentTarget.value)}
      />
      <RoleSelect kind={scope.kind} value={role} onChange={setRole} />
    </MemberForm>
  );
}
