// The second step of log-in: a code of the authenticator app, or a backup code.
import { Anchor } from '@mantine/core';
import { useMutation } from 'urql';
import { Link } from 'wouter';
import { graphql } from '../gql';
import { useI18n } from '../i18n';
import { CodeForm } from './CodeForm';

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
  const { m } = useI18n();
  const [{ data, error, fetching }, answer] = useMutation(answerMfaChallengeDocument);
  const answered = data?.answerMfaChallenge;
  const rejected = answered?.__typename === 'AnswerMfaChallengeRejected' ? answered : null;

  return (
    <CodeForm
      title={m.logIn.codeTitle}
      explained={m.logIn.codeExplained}
      label={m.logIn.code}
      input={{ autoCapitalize: 'off', spellCheck: false }}
      expiresAt={props.expiresAt}
      hint={
        <>
          {m.logIn.locked}{' '}
          <Anchor component={Link} href="/recovery" size="sm" underline="always">
            {m.recovery.link}
          </Anchor>
        </>
      }
      error={error}
      rejected={
        rejected && {
          says: m.logIn.codeRejected[rejected.reason] ?? rejected.message,
          retryAt: rejected.retryAt,
        }
      }
      fetching={fetching}
      onCode={async (code) => {
        const result = await answer({ input: { challengeToken: props.challengeToken, code } });
        if (result.data?.answerMfaChallenge.__typename === 'LoggedIn') props.onLoggedIn();
      }}
      onStartAgain={props.onStartAgain}
    />
  );
}
