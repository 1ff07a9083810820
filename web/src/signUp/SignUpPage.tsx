// Signing up: an account of one's own, and oneself as its Owner. Whether the address is known is not told; the mail is.
import { Anchor, Button, Stack, Text, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { useMutation } from 'urql';
import { Link } from 'wouter';
import { Plain } from '../app/Plain';
import { graphql } from '../gql';
import { useI18n } from '../i18n';
import { FailureNotice, RefusalNotice } from '../ui/FailureNotice';
import { NewPassword } from '../ui/NewPassword';
import { Outcome } from '../ui/Outcome';
import { PageTitle } from '../ui/Page';

const signUpDocument = graphql(`
  mutation SignUp($input: SignUpInput!) {
    signUp(input: $input) {
      __typename
      ... on SignedUp {
        email
      }
      ... on SignUpRejected {
        reason
        message
        retryAt
      }
    }
  }
`);

export default function SignUpPage() {
  return (
    <Plain>
      <SignUp />
    </Plain>
  );
}

function SignUp() {
  const { m, language } = useI18n();
  const [name, setName] = useState('');
  const [email, setEmail] = useState('');
  const [accountName, setAccountName] = useState('');
  const [password, setPassword] = useState('');
  const [{ data, error, fetching }, signUp] = useMutation(signUpDocument);
  const answer = data?.signUp;

  const submit = (event: FormEvent) => {
    event.preventDefault();
    void signUp({
      input: {
        name: name.trim(),
        email: email.trim(),
        accountName: accountName.trim(),
        password,
        locale: language,
        timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
      },
    });
  };

  if (answer?.__typename === 'SignedUp') {
    return (
      <Outcome title={m.signUp.doneTitle}>
        <Text size="sm">{m.signUp.done(answer.email)}</Text>
      </Outcome>
    );
  }
  const field = { required: true, withAsterisk: false } as const;
  return (
    <form onSubmit={submit}>
      <Stack>
        <PageTitle>{m.signUp.title}</PageTitle>
        <Text size="sm">{m.signUp.explained}</Text>
        {error && <FailureNotice error={error} />}
        {answer && (
          <RefusalNotice retryAt={answer.retryAt}>{m.signUp.rejected[answer.reason] ?? answer.message}</RefusalNotice>
        )}
        <TextInput
          {...field}
          name="name"
          label={m.signUp.name}
          autoComplete="name"
          maxLength={200}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <TextInput
          {...field}
          type="email"
          name="email"
          label={m.signUp.email}
          autoComplete="username"
          value={email}
          onChange={(event) => setEmail(event.currentTarget.value)}
        />
        <TextInput
          {...field}
          name="accountName"
          label={m.signUp.accountName}
          description={m.signUp.accountNameHint}
          autoComplete="organization"
          maxLength={200}
          value={accountName}
          onChange={(event) => setAccountName(event.currentTarget.value)}
        />
        <NewPassword label={m.signUp.password} value={password} onChange={setPassword} />
        <Button type="submit" loading={fetching}>
          {m.signUp.submit}
        </Button>
        <Anchor component={Link} href="/login">
          {m.signUp.haveUser}
        </Anchor>
      </Stack>
    </form>
  );
}
