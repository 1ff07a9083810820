// Another address: it counts once the link in the mail to it is used; until then the old one does.
import { Alert, Button, Group, Stack, Text, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { useMutation } from 'urql';
import { useI18n } from '../i18n';
import { CurrentPassword } from '../ui/CurrentPassword';
import { FailureNotice, RefusalNotice } from '../ui/FailureNotice';
import { useToast } from '../ui/toasts';
import { updateProfileDocument } from './documents';

export function EmailForm(props: { email: string; pending: string | null; onAsked: () => void }) {
  const { m } = useI18n();
  const toast = useToast();
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const [{ data, error, fetching }, update] = useMutation(updateProfileDocument);
  const answer = data?.updateProfile;

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const address = email.trim();
    const result = await update({ input: { email: address, currentPassword: password } });
    setPassword('');
    if (result.data?.updateProfile.__typename !== 'ProfileUpdated') return;
    toast(m.profile.emailAsked(address));
    setEmail('');
    props.onAsked();
  };

  return (
    <form onSubmit={(event) => void submit(event)}>
      <Stack style={{ overflowWrap: 'anywhere' }}>
        <Text size="sm">{m.profile.emailNow(props.email)}</Text>
        {props.pending && <Alert>{m.profile.emailPending(props.pending)}</Alert>}
        {error && <FailureNotice error={error} />}
        {answer?.__typename === 'UpdateProfileRejected' && (
          <RefusalNotice retryAt={answer.retryAt}>{m.profile.rejected[answer.reason] ?? answer.message}</RefusalNotice>
        )}
        <TextInput
          type="email"
          name="email"
          label={m.profile.newEmail}
          autoComplete="email"
          required
          withAsterisk={false}
          value={email}
          onChange={(event) => setEmail(event.currentTarget.value)}
        />
        <CurrentPassword label={m.profile.passwordForEmail} value={password} onChange={setPassword} />
        <Group>
          <Button type="submit" loading={fetching}>
            {m.profile.changeEmail}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
