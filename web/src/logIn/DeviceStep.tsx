// The first log-in from an unknown browser: the code that was mailed. MFA, where it is on, is asked for afterwards.
import { Anchor, Button, Stack, Text, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { useMutation } from 'urql';
import { graphql } from '../gql';
import type { AnswerDeviceChallengeMutation } from '../gql/graphql';
import { useI18n } from '../i18n';
import { FailureNotice, RefusalNotice } from '../ui/FailureNotice';
import { PageTitle } from '../ui/Page';

const answerDeviceChallengeDocument = graphql(`
  mutation AnswerDeviceChallenge($input: AnswerDeviceChallengeInput!) {
    answerDeviceChallenge(input: $input) {
      __typename
      ... on MfaChallenge {
        challengeToken
        expiresAt
      }
      ... on MfaEnrollmentRequired {
        enrollmentToken
        expiresAt
      }
      ... on AnswerDeviceChallengeRejected {
        reason
        message
        retryAt
      }
    }
  }
`);

export type DeviceAnswer = AnswerDeviceChallengeMutation['answerDeviceChallenge'];

export default function DeviceStep(props: {
  challengeToken: string;
  maskedEmail: string;
  expiresAt: string;
  onAnswer: (answer: DeviceAnswer) => void;
  onStartAgain: () => void;
}) {
  const { m, clock } = useI18n();
  const [code, setCode] = useState('');
  const [{ data, error, fetching }, answer] = useMutation(answerDeviceChallengeDocument);
  const answered = data?.answerDeviceChallenge;
  const rejected = answered?.__typename === 'AnswerDeviceChallengeRejected' ? answered : null;

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const result = await answer({ input: { challengeToken: props.challengeToken, code } });
    setCode('');
    if (result.data) props.onAnswer(result.data.answerDeviceChallenge);
  };

  return (
    <form onSubmit={(event) => void submit(event)}>
      <Stack>
        <PageTitle>{m.device.title}</PageTitle>
        <Text>{m.device.explained(props.maskedEmail)}</Text>
        {error && <FailureNotice error={error} />}
        {rejected && (
          <RefusalNotice retryAt={rejected.retryAt}>
            {m.device.rejected[rejected.reason] ?? rejected.message}
          </RefusalNotice>
        )}
        <TextInput
          name="code"
          label={m.device.code}
          description={m.logIn.codeUntil(clock(props.expiresAt))}
          inputMode="numeric"
          autoComplete="one-time-code"
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
          {m.device.again}
        </Text>
        <Anchor component="button" type="button" onClick={props.onStartAgain}>
          {m.logIn.startAgain}
        </Anchor>
      </Stack>
    </form>
  );
}
