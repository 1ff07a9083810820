// Log-in, step by step: password; from an unknown browser a mailed code, where that is on; then a code, or setting MFA up where it is required; then the new backup codes.
// Tokens between the steps live in this component's state and nowhere else.
import { Alert, Anchor, Button, Group, PasswordInput, Stack, Text, TextInput } from '@mantine/core';
import { type FormEvent, lazy, Suspense, useState } from 'react';
import { useMutation } from 'urql';
import { Link } from 'wouter';
import { Plain } from '../app/Plain';
import { useSession } from '../app/session';
import { graphql } from '../gql';
import type { LogInMutation } from '../gql/graphql';
import { useI18n } from '../i18n';
import { FailureNotice, RefusalNotice } from '../ui/FailureNotice';
import { Loading } from '../ui/Loading';
import { PageTitle } from '../ui/Page';
import { CodeStep } from './CodeStep';
import type { DeviceAnswer } from './DeviceStep';

const logInDocument = graphql(`
  mutation LogIn($input: LogInInput!) {
    logIn(input: $input) {
      __typename
      ... on DeviceChallenge {
        challengeToken
        maskedEmail
        expiresAt
      }
      ... on MfaChallenge {
        challengeToken
        expiresAt
      }
      ... on MfaEnrollmentRequired {
        enrollmentToken
        expiresAt
      }
      ... on LogInRejected {
        reason
        message
        retryAt
      }
    }
  }
`);

// Most log-ins need none of them.
const DeviceStep = lazy(() => import('./DeviceStep'));
const EnrolStep = lazy(() => import('./EnrolStep'));
const BackupCodes = lazy(() => import('./BackupCodes'));

type Step =
  | { kind: 'password' }
  | { kind: 'device'; challengeToken: string; maskedEmail: string; expiresAt: string }
  | { kind: 'code'; challengeToken: string; expiresAt: string }
  | { kind: 'enrol'; enrollmentToken: string }
  | { kind: 'codes'; backupCodes: string[]; loggedIn: boolean };

export function LogInPage() {
  const { m } = useI18n();
  const { renew } = useSession();
  const [step, setStep] = useState<Step>({ kind: 'password' });
  const startAgain = () => setStep({ kind: 'password' });
  const goOn = (answer: Exclude<DeviceAnswer, { __typename: 'AnswerDeviceChallengeRejected' }>) => {
    if (answer.__typename === 'LoggedIn') renew();
    if (answer.__typename === 'MfaChallenge') setStep({ ...answer, kind: 'code' });
    if (answer.__typename === 'MfaEnrollmentRequired') setStep({ ...answer, kind: 'enrol' });
  };

  return (
    <Plain>
      <Suspense fallback={<Loading />}>
        {step.kind === 'password' && (
          <PasswordStep
            onAnswer={(answer) => {
              if (answer.__typename === 'DeviceChallenge') setStep({ ...answer, kind: 'device' });
              else if (answer.__typename !== 'LogInRejected') goOn(answer);
            }}
          />
        )}
        {step.kind === 'device' && (
          <DeviceStep
            challengeToken={step.challengeToken}
            maskedEmail={step.maskedEmail}
            expiresAt={step.expiresAt}
            onAnswer={(answer) => {
              if (answer.__typename !== 'AnswerDeviceChallengeRejected') goOn(answer);
            }}
            onStartAgain={startAgain}
          />
        )}
        {step.kind === 'code' && (
          <CodeStep
            challengeToken={step.challengeToken}
            expiresAt={step.expiresAt}
            onLoggedIn={renew}
            onStartAgain={startAgain}
          />
        )}
        {step.kind === 'enrol' && (
          <Stack>
            <PageTitle>{m.enrol.title}</PageTitle>
            <Text>{m.enrol.forced}</Text>
            <EnrolStep
              enrollmentToken={step.enrollmentToken}
              onEnrolled={(backupCodes, loggedIn) => setStep({ kind: 'codes', backupCodes, loggedIn })}
            />
            <Anchor component="button" type="button" onClick={startAgain}>
              {m.logIn.startAgain}
            </Anchor>
          </Stack>
        )}
        {step.kind === 'codes' && (
          <Stack>
            <PageTitle>{m.codes.title}</PageTitle>
            <BackupCodes codes={step.backupCodes} onSaved={() => (step.loggedIn ? renew() : startAgain())} />
          </Stack>
        )}
      </Suspense>
    </Plain>
  );
}

type Answer = LogInMutation['logIn'];

function PasswordStep({ onAnswer }: { onAnswer: (answer: Answer) => void }) {
  const { m } = useI18n();
  const { ended } = useSession();
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const [{ data, error, fetching }, logIn] = useMutation(logInDocument);
  const answer = data?.logIn;

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const result = await logIn({ input: { email, password } });
    if (!result.data) return;
    if (result.data.logIn.__typename === 'LogInRejected') setPassword('');
    onAnswer(result.data.logIn);
  };

  return (
    <form onSubmit={(event) => void submit(event)}>
      <Stack>
        <PageTitle>{m.logIn.title}</PageTitle>
        {ended && !answer && !error && <Alert role="status">{m.logIn.sessionEnded}</Alert>}
        {error && <FailureNotice error={error} />}
        {answer?.__typename === 'LogInRejected' && (
          <RefusalNotice retryAt={answer.retryAt}>{m.logIn.rejected[answer.reason] ?? answer.message}</RefusalNotice>
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
        <PasswordInput
          name="password"
          label={m.logIn.password}
          autoComplete="current-password"
          visibilityToggleButtonProps={{ 'aria-label': m.app.showPassword }}
          required
          withAsterisk={false}
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
        />
        <Button type="submit" loading={fetching}>
          {m.logIn.submit}
        </Button>
        <Group justify="space-between" gap="xs">
          <Anchor component={Link} href="/forgot-password">
            {m.logIn.forgot}
          </Anchor>
          <Anchor component={Link} href="/sign-up">
            {m.logIn.signUp}
          </Anchor>
        </Group>
      </Stack>
    </form>
  );
}
