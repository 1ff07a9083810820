// Inviting somebody to an account or a portfolio: an address and a role.
import { Text, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useI18n } from '../i18n';
import { useToast } from '../ui/toasts';
import { MemberForm } from './MemberForm';
import { type Given, type Scope, USUAL, usePlaceActions } from './places';
import { GivenSelect } from './GivenSelect';

export default function InviteDialog({ scope, onClose }: { scope: Scope; onClose: () => void }) {
  const { m } = useI18n();
  const toast = useToast();
  const actions = usePlaceActions(scope);
  const [email, setEmail] = useState('');
  const [given, setGiven] = useState<Given | null>(scope.kind === 'portfolio' ? { role: USUAL } : null);
  const address = email.trim();
  const invite = () => {
    if (!given) throw new Error('invited before the roles were there');
    return actions.invite(address, given);
  };

  return (
    <MemberForm
      title={m.members.inviteTitle(scope.name)}
      submit={m.members.inviteSubmit}
      ready={given !== null}
      run={invite}
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
      <GivenSelect scope={scope} value={given} onChange={setGiven} />
    </MemberForm>
  );
}
