// What the link of the mail opens: who asked, for which account, until when; two buttons. Nothing changes before one
// of them is pressed. Works signed out.
import { Button, PasswordInput, Stack, Text, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { useMutation, useQuery } from 'urql';
import { Link } from 'wouter';
import { useResetToken } from '../app/linkTokens';
import { Plain } from '../app/Plain';
import { graphql } from '../gql';
import type { MfaResetByTokenQuery } from '../gql/graphql';
import { useI18n } from '../i18n';
import { Facts } from '../ui/DataTable';
import { FailureNotice, RefusalNotice } from '../ui/FailureNotice';
import { Loading } from '../ui/Loading';
import { Outcome } from '../ui/Outcome';
import { PageTitle } from '../ui/Page';
import { useNow } from '../ui/useNow';

const mfaResetByTokenDocument = graphql(`
  query MfaResetByToken($token: String!) {
    mfaResetByToken(token: $token) {
      state
      maskedEmail
      requestedByName
      scopeName
      requestedAt
      expiresAt
      acceptance
      coolingOffHours
      effectiveAt
    }
  }
`);

const acceptMfaResetDocument = graphql(`
  mutation AcceptMfaReset($input: AcceptMfaResetInput!) {
    acceptMfaReset(input: $input) {
      __typename
      ... on MfaResetAccepted {
        maskedEmail
        enrollmentRequired
        effectiveAt
      }
      ... on AcceptMfaResetRejected {
        reason
        message
        retryAt
      }
    }
  }
`);

const declineMfaResetDocument = graphql(`
  mutation DeclineMfaReset($input: DeclineMfaResetInput!) {
    declineMfaReset(input: $input) {
      __typename
      ... on DeclineMfaResetRejected {
        reason
      }
    }
  }
`);

type Preview = NonNullable<MfaResetByTokenQuery['mfaResetByToken']>;

export default function AcceptPage() {
  const { m } = useI18n();
  const token = useResetToken();
  return (
    <Plain>
      {token ? (
        <Reset key={token} token={token} />
      ) : (
        <Outcome title={m.accept.missingTitle}>{m.accept.missing}</Outcome>
      )}
    </Plain>
  );
}

function Reset({ token }: { token: string }) {
  const { m, dateTime } = useI18n();
  const now = useNow();
  const [{ data, error }, retry] = useQuery({
    query: mfaResetByTokenDocument,
    variables: { token },
    requestPolicy: 'network-only',
  });
  const [accepted, accept] = useMutation(acceptMfaResetDocument);
  const [declined, decline] = useMutation(declineMfaResetDocument);

  if (error) return <FailureNotice error={error} onRetry={() => retry({ requestPolicy: 'network-only' })} />;
  if (!data) return <Loading />;

  const preview = data.mfaResetByToken;
  const acceptAnswer = accepted.data?.acceptMfaReset;
  const declineAnswer = declined.data?.declineMfaReset;
  const refused =
    acceptAnswer?.__typename === 'AcceptMfaResetRejected'
      ? acceptAnswer
      : declineAnswer?.__typename === 'DeclineMfaResetRejected'
        ? declineAnswer
        : null;

  if (acceptAnswer?.__typename === 'MfaResetAccepted' && acceptAnswer.effectiveAt) {
    return <Outcome title={m.accept.coolingTitle}>{m.accept.cooling(dateTime(acceptAnswer.effectiveAt))}</Outcome>;
  }
  if (acceptAnswer?.__typename === 'MfaResetAccepted') {
    return (
      <Outcome title={m.accept.acceptedTitle}>
        {m.accept.accepted(acceptAnswer.maskedEmail)}
        {acceptAnswer.enrollmentRequired ? ` ${m.accept.enrollmentNext}` : ''}
        <Button component={Link} href="/login" mt="md" fullWidth>
          {m.accept.goToLogIn}
        </Button>
      </Outcome>
    );
  }
  if (declineAnswer && !refused) return <Outcome title={m.accept.declinedTitle}>{m.accept.declined}</Outcome>;
  if (
    refused?.reason === 'EXPIRED' ||
    preview?.state === 'EXPIRED' ||
    (preview && !preview.effectiveAt && new Date(preview.expiresAt).getTime() <= now)
  ) {
    return <Outcome title={m.accept.expiredTitle}>{m.accept.expired}</Outcome>;
  }
  const waits = preview?.state === 'PENDING' || preview?.state === 'COOLING_OFF';
  if (!preview || !waits || refused?.reason === 'INVALID') {
    return <Outcome title={m.accept.invalidTitle}>{m.accept.invalid}</Outcome>;
  }

  return (
    <Question
      preview={preview}
      busy={accepted.fetching ? 'accept' : declined.fetching ? 'decline' : null}
      refusal={
        acceptAnswer?.__typename === 'AcceptMfaResetRejected'
          ? {
              text: m.accept.rejected[acceptAnswer.reason] ?? acceptAnswer.message,
              retryAt: acceptAnswer.retryAt ?? null,
            }
          : null
      }
      onAccept={(password, backupCode) => void accept({ input: { token, password, backupCode } })}
      onDecline={() => void decline({ input: { token } })}
    >
      {accepted.error && <FailureNotice error={accepted.error} />}
      {declined.error && <FailureNotice error={declined.error} />}
    </Question>
  );
}

function Question(props: {
  preview: Preview;
  busy: 'accept' | 'decline' | null;
  refusal: { text: string; retryAt: string | null } | null;
  onAccept: (password: string | null, backupCode: string | null) => void;
  onDecline: () => void;
  children: React.ReactNode;
}) {
  const { m, dateTime } = useI18n();
  const [password, setPassword] = useState('');
  const [backupCode, setBackupCode] = useState('');
  const { preview, busy } = props;
  const needsPassword = preview.acceptance === 'LINK_AND_PASSWORD';
  const cools = preview.coolingOffHours > 0 || preview.effectiveAt !== null;

  const submit = (event: FormEvent) => {
    event.preventDefault();
    props.onAccept(needsPassword ? password : null, backupCode.trim() || null);
    setPassword('');
    setBackupCode('');
  };

  return (
    <form onSubmit={submit}>
      <Stack>
        <PageTitle>{m.accept.title}</PageTitle>
        <Text>{m.accept.asked(preview.requestedByName, preview.scopeName)}</Text>
        <Facts
          facts={[
            [m.accept.user, preview.maskedEmail],
            [m.accept.who, preview.requestedByName],
            [m.accept.scope, preview.scopeName],
            [m.accept.when, dateTime(preview.requestedAt)],
            [m.accept.until, dateTime(preview.expiresAt)],
          ]}
        />
        <Text size="sm">{m.accept.effect}</Text>
        {preview.effectiveAt && <Text>{m.accept.cooling(dateTime(preview.effectiveAt))}</Text>}
        {cools && !preview.effectiveAt && <Text size="sm">{m.accept.coolsOff(preview.coolingOffHours)}</Text>}
        <Text size="sm">{m.accept.notAsked}</Text>
        {props.children}
        {props.refusal && <RefusalNotice retryAt={props.refusal.retryAt}>{props.refusal.text}</RefusalNotice>}
        {needsPassword && (
          <PasswordInput
            name="password"
            label={m.accept.password}
            description={m.accept.passwordHint}
            autoComplete="current-password"
            visibilityToggleButtonProps={{ 'aria-label': m.app.showPassword }}
            required
            withAsterisk={false}
            value={password}
            onChange={(event) => setPassword(event.currentTarget.value)}
          />
        )}
        {cools && (
          <TextInput
            name="backupCode"
            label={m.accept.backupCode}
            description={m.accept.backupCodeHint}
            autoComplete="off"
            spellCheck={false}
            value={backupCode}
            onChange={(event) => setBackupCode(event.currentTarget.value)}
          />
        )}
        <Button type="submit" loading={busy === 'accept'} disabled={busy === 'decline'}>
          {m.accept.accept}
        </Button>
        <Button variant="default" loading={busy === 'decline'} disabled={busy === 'accept'} onClick={props.onDecline}>
          {m.accept.decline}
        </Button>
      </Stack>
    </form>
  );
}
