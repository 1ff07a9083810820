// The second step of log-in: a code of the authenticator app, or a backup code.
import { Anchor, Button, Stack, Text, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { useMutation } from 'urql';
import { graphql } from '../gql';
import { useI18n } from '../i18n';
import { FailureNotice, RefusalNotice } from '../ui/FailureNotice';
import { PageTitle } from '../ui/Page';

const answerMfaChallengeDocument = graphql(`
  mutation AnswerMfaChallenge($input: AnswerMfaChallengeInput!) {
    answerMfaChallenge(input: $input) {
      __typename
      ... on AnswerMfaChallengeRejected {
        reason
        message
        retryAt
      }
    }
  }
`);

export function CodeStep(props: {
  challengeToken: string;
  expiresAt: string;
  onLoggedIn: () => void;
  onStartAgain: () => void;
}) {
  const { m, clock } = useI18n();
  const [code, setCode] = useState('');
  const [{ data, error, fetching }, answer] = useMutation(answerMfaChallengeDocument);
  const rejected =
    data?.answerMfaChallenge.__typename === 'AnswerMfaChallengeRejected' ? data.answerMfaChallenge : null;

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const result = await answer({ input: { challengeToken: props.challengeToken, code: code.trim() } });
    setCode('');
    if (result.data?.answerMfaChallenge.__typename === 'LoggedIn') props.onLoggedIn();
  };

  return (
    <form onSubmit={(event) => void submit(event)}>
      <Stack>
        <PageTitle>{m.logIn.codeTitle}</PageTitle>
        <Text>{m.logIn.codeExplained}</Text>
        {error && <FailureNotice error={error} />}
        {rejected && (
          <RefusalNotice retryAt={rejected.retryAt}>
            {m.logIn.codeRejected[rejected.reason] ?? rejected.message}
          </RefusalNotice>
        )}
        <TextInput
          name="code"
          label={m.logIn.code}
          description={m.logIn.codeUntil(clock(props.expiresAt))}
          autoComplete="one-time-code"
          autoCapitalize="off"
          spellCheck={false}
          data-autofocus
          required
          withAsterisk={false}
          value={code}
          onChange={(event) => setCode(event.currentTarget.value)}
        />
        <Button type="submit" loading={fetching}>
          {m.logIn.codeSubmit}
        </Button>
        <Text size="sm" c="dimmed">
          {m.logIn.locked}
        </Text>
        <Anchor component="button" type="button" onClick={props.onStartAgain}>
          {m.logIn.startAgain}
        </Anchor>
      </Stack>
    </form>
  );
}
