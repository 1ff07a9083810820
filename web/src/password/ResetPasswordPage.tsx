// What the link "Set a new password" opens. MFA stays as it is, and nobody is logged in by it.
import { Button, Stack, Text } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { useMutation } from 'urql';
import { Link } from 'wouter';
import { usePasswordToken } from '../app/linkTokens';
import { Plain } from '../app/Plain';
import { useSession } from '../app/session';
import { graphql } from '../gql';
import { useI18n } from '../i18n';
import { FailureNotice, RefusalNotice } from '../ui/FailureNotice';
import { NewPassword } from '../ui/NewPassword';
import { Outcome } from '../ui/Outcome';
import { PageTitle } from '../ui/Page';

const resetPasswordDocument = graphql(`
  mutation ResetPassword($input: ResetPasswordInput!) {
    resetPassword(input: $input) {
      __typename
      ... on PasswordReset {
        maskedEmail
      }
      ... on ResetPasswordRejected {
        reason
        message
        retryAt
      }
    }
  }
`);

export default function ResetPasswordPage() {
  const { m } = useI18n();
  const token = usePasswordToken();
  return (
    <Plain>
      {token ? (
        <ResetPassword key={token} token={token} />
      ) : (
        <Outcome title={m.app.linkMissingTitle}>{m.app.linkMissing}</Outcome>
      )}
    </Plain>
  );
}

function ResetPassword({ token }: { token: string }) {
  const { m } = useI18n();
  const { renew } = useSession();
  const [password, setPassword] = useState('');
  const [{ data, error, fetching }, reset] = useMutation(resetPasswordDocument);
  const answer = data?.resetPassword;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void reset({ input: { token, newPassword: password } });
  };

  if (answer?.__typename === 'PasswordReset') {
    return (
      <Outcome title={m.password.resetTitle}>
        <Text size="sm">{m.password.reset(answer.maskedEmail)}</Text>
        {/* A session of this browser has ended with all the others. */}
        <Button component={Link} href="/login" mt="md" fullWidth onClick={renew}>
          {m.logIn.submit}
        </Button>
      </Outcome>
    );
  }
  if (answer?.reason === 'EXPIRED' || answer?.reason === 'INVALID') {
    return (
      <Outcome title={m.app.linkInvalidTitle}>
        <Text size="sm">{answer.reason === 'EXPIRED' ? m.password.linkExpired : m.password.linkInvalid}</Text>
        <Button component={Link} href="/forgot-password" mt="md" fullWidth variant="default">
          {m.password.askAgain}
        </Button>
      </Outcome>
    );
  }
  return (
    <form onSubmit={submit}>
      <Stack>
        <PageTitle>{m.password.chooseTitle}</PageTitle>
        <Text size="sm">{m.password.chooseExplained}</Text>
        {error && <FailureNotice error={error} />}
        {answer && (
          <RefusalNotice retryAt={answer.retryAt}>{m.password.rejected[answer.reason] ?? answer.message}</RefusalNotice>
        )}
        <NewPassword label={m.password.new} value={password} onChange={setPassword} />
        <Button type="submit" loading={fetching}>
          {m.password.chooseSubmit}
        </Button>
      </Stack>
    </form>
  );
}
