// Asking for a link to set a new password. The answer is the same for every address.
import { Anchor, Button, Stack, Text, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { useMutation } from 'urql';
import { Link } from 'wouter';
import { Plain } from '../app/Plain';
import { graphql } from '../gql';
import { useI18n } from '../i18n';
import { FailureNotice, RefusalNotice } from '../ui/FailureNotice';
import { Outcome } from '../ui/Outcome';
import { PageTitle } from '../ui/Page';

const requestPasswordResetDocument = graphql(`
  mutation RequestPasswordReset($input: RequestPasswordResetInput!) {
    requestPasswordReset(input: $input) {
      __typename
      ... on PasswordResetRequested {
        email
      }
      ... on RequestPasswordResetRejected {
        reason
        message
        retryAt
      }
    }
  }
`);

export default function ForgotPasswordPage() {
  return (
    <Plain>
      <ForgotPassword />
    </Plain>
  );
}

function ForgotPassword() {
  const { m } = useI18n();
  const [email, setEmail] = useState('');
  const [{ data, error, fetching }, request] = useMutation(requestPasswordResetDocument);
  const answer = data?.requestPasswordReset;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void request({ input: { email: email.trim() } });
  };

  if (answer?.__typename === 'PasswordResetRequested') {
    return (
      <Outcome title={m.password.askedTitle}>
        <Text size="sm">{m.password.asked(answer.email)}</Text>
      </Outcome>
    );
  }
  return (
    <form onSubmit={submit}>
      <Stack>
        <PageTitle>{m.password.forgotTitle}</PageTitle>
        <Text size="sm">{m.password.forgotExplained}</Text>
        {error && <FailureNotice error={error} />}
        {answer && (
          <RefusalNotice retryAt={answer.retryAt}>{m.password.rejected[answer.reason] ?? answer.message}</RefusalNotice>
        )}
        <TextInput
          type="email"
          name="email"
          label={m.logIn.email}
          autoComplete="username"
          required
          withAsterisk={false}
          value={email}
          onChange={(event) => setEmail(event.currentTarget.value)}
        />
        <Button type="submit" loading={fetching}>
          {m.password.forgotSubmit}
        </Button>
        <Text size="sm" c="dimmed">
          {m.password.notTheFactor}
        </Text>
        <Anchor component={Link} href="/login">
          {m.password.backToLogIn}
        </Anchor>
      </Stack>
    </form>
  );
}
