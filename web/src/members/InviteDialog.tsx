// Inviting somebody to an account: an address and a role.
import { NativeSelect, Text, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useMutation } from 'urql';
import type { AccountRole } from '../gql/graphql';
import { label, useI18n } from '../i18n';
import { useToast } from '../ui/toasts';
import { inviteUserDocument } from './documents';
import { MemberForm } from './MemberForm';
import { GRANTABLE } from './roles';

export default function InviteDialog(props: { account: { id: string; name: string }; onClose: () => void }) {
  const { m } = useI18n();
  const toast = useToast();
  const [email, setEmail] = useState('');
  const [role, setRole] = useState<AccountRole>('ANALYST');
  const [{ data, error, fetching }, invite] = useMutation(inviteUserDocument);
  const answer = data?.inviteUser;

  const submit = async () => {
    const address = email.trim();
    const result = await invite({ input: { accountId: props.account.id, email: address, role } });
    if (result.data?.inviteUser.__typename !== 'UserInvited') return;
    toast(m.members.invited(address));
    props.onClose();
  };

  return (
    <MemberForm
      title={m.members.inviteTitle(props.account.name)}
      submit={m.members.inviteSubmit}
      busy={fetching}
      error={error}
      refusal={
        answer?.__typename === 'InviteUserRejected'
          ? { text: m.members.inviteRejected[answer.reason] ?? answer.message, retryAt: answer.retryAt }
          : null
      }
      onSubmit={() => void submit()}
      onClose={props.onClose}
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
      <NativeSelect
        name="role"
        label={m.users.role}
        value={role}
        onChange={(event) => setRole(GRANTABLE.find((one) => one === event.currentTarget.value) ?? role)}
        data={GRANTABLE.map((value) => ({ value, label: label(m.roles, value) }))}
      />
    </MemberForm>
  );
}
