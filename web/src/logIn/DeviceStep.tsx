// The first log-in from an unknown browser: the code that was mailed. MFA, where it is on, is asked for afterwards.
import { useMutation } from 'urql';
import { graphql } from '../gql';
import type { AnswerDeviceChallengeMutation } from '../gql/graphql';
import { useI18n } from '../i18n';
import { CodeForm } from './CodeForm';

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
  const { m } = useI18n();
  const [{ data, error, fetching }, answer] = useMutation(answerDeviceChallengeDocument);
  const answered = data?.answerDeviceChallenge;
  const rejected = answered?.__typename === 'AnswerDeviceChallengeRejected' ? answered : null;

  return (
    <CodeForm
      title={m.device.title}
      explained={m.device.explained(props.maskedEmail)}
      label={m.device.code}
      input={{ inputMode: 'numeric' }}
      expiresAt={props.expiresAt}
      hint={m.device.again}
      error={error}
      rejected={rejected && { says: m.device.rejected[rejected.reason] ?? rejected.message, retryAt: rejected.retryAt }}
      fetching={fetching}
      onCode={async (code) => {
        const result = await answer({ input: { challengeToken: props.challengeToken, code } });
        if (result.data) props.onAnswer(result.data.answerDeviceChallenge);
      }}
      onStartAgain={props.onStartAgain}
    />
  );
}
