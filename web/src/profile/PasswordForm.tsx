// Another password, against the current one. Every other session ends.
import { Button, Group, Stack, Text } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { useMutation } from 'urql';
import { graphql } from '../gql';
import { useI18n } from '../i18n';
import { CurrentPassword } from '../ui/CurrentPassword';
import { FailureNotice, RefusalNotice } from '../ui/FailureNotice';
import { NewPassword } from '../ui/NewPassword';
import { useToast } from '../ui/toasts';

const changePasswordDocument = graphql(`
  mutation ChangePassword($input: ChangePasswordInput!) {
    changePassword(input: $input) {
      __typename
      ... on PasswordChanged {
        sessionsEnded
      }
      ... on ChangePasswordRejected {
        reason
        message
        retryAt
      }
    }
  }
`);

export function PasswordForm() {
  const { m } = useI18n();
  const toast = useToast();
  const [current, setCurrent] = useState('');
  const [wanted, setWanted] = useState('');
  const [{ data, error, fetching }, change] = useMutation(changePasswordDocument);
  const answer = data?.changePassword;

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const result = await change({ input: { currentPassword: current, newPassword: wanted } });
    setCurrent('');
    const done = result.data?.changePassword;
    if (done?.__typename !== 'PasswordChanged') return;
    setWanted('');
    toast(m.profile.passwordChanged(done.sessionsEnded));
  };

  return (
    <form onSubmit={(event) => void submit(event)}>
      <Stack>
        <Text size="sm">{m.profile.passwordExplained}</Text>
        {error && <FailureNotice error={error} />}
        {answer?.__typename === 'ChangePasswordRejected' && (
          <RefusalNotice retryAt={answer.retryAt}>{m.password.rejected[answer.reason] ?? answer.message}</RefusalNotice>
        )}
        <CurrentPassword label={m.profile.currentPassword} value={current} onChange={setCurrent} />
        <NewPassword label={m.password.new} value={wanted} onChange={setWanted} />
        <Group>
          <Button type="submit" loading={fetching}>
            {m.profile.changePassword}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
