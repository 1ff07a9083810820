// The way back of an Owner whom nobody else can help. Without a link: asking that the recovery contacts be asked; behind a
// contact's link: confirming; behind the Owner's: stopping. Nothing changes before a button is pressed. Works signed out.
import { Anchor, Button, Stack, Text, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { useMutation, useQuery } from 'urql';
import { Link } from 'wouter';
import { useRecoveryToken } from '../app/linkTokens';
import { Plain } from '../app/Plain';
import type { RecoveryByTokenQuery } from '../gql/graphql';
import { useI18n } from '../i18n';
import { Facts } from '../ui/DataTable';
import { FailureNotice, RefusalNotice } from '../ui/FailureNotice';
import { Loading } from '../ui/Loading';
import { Outcome } from '../ui/Outcome';
import { PageTitle } from '../ui/Page';
import {
  confirmRecoveryDocument,
  recoveryByTokenDocument,
  requestRecoveryDocument,
  stopRecoveryDocument,
} from './documents';

/** What the token of the Owner's link begins with. */
const STOPS = 'lkx_';

export default function RecoveryPage() {
  const token = useRecoveryToken();
  return <Plain>{token ? <Recovery key={token} token={token} /> : <Ask />}</Plain>;
}

function Ask() {
  const { m } = useI18n();
  const [email, setEmail] = useState('');
  const [{ data, error, fetching }, request] = useMutation(requestRecoveryDocument);
  const answer = data?.requestRecovery;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void request({ input: { email: email.trim() } });
  };

  if (answer?.__typename === 'RecoveryRequested') {
    return <Outcome title={m.recovery.ask.askedTitle}>{m.recovery.ask.asked(answer.email)}</Outcome>;
  }
  return (
    <form onSubmit={submit}>
      <Stack>
        <PageTitle>{m.recovery.ask.title}</PageTitle>
        <Text size="sm">{m.recovery.ask.explained}</Text>
        {error && <FailureNotice error={error} />}
        {answer && (
          <RefusalNotice retryAt={answer.retryAt}>
            {m.recovery.ask.rejected[answer.reason] ?? answer.message}
          </RefusalNotice>
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
          {m.recovery.ask.submit}
        </Button>
        <Anchor component={Link} href="/login">
          {m.recovery.ask.back}
        </Anchor>
      </Stack>
    </form>
  );
}

type Preview = NonNullable<RecoveryByTokenQuery['recoveryByToken']>;

function Recovery({ token }: { token: string }) {
  const { m } = useI18n();
  const [{ data, error }, retry] = useQuery({
    query: recoveryByTokenDocument,
    variables: { token },
    requestPolicy: 'network-only',
  });
  if (error) return <FailureNotice error={error} onRetry={() => retry({ requestPolicy: 'network-only' })} />;
  if (!data) return <Loading />;
  const preview = data.recoveryByToken;
  if (token.startsWith(STOPS)) return <Stop token={token} preview={preview ?? null} />;
  if (!preview) return <Outcome title={m.app.linkInvalidTitle}>{m.recovery.confirm.rejected.INVALID}</Outcome>;
  return <Confirm token={token} preview={preview} />;
}

function Confirm({ token, preview }: { token: string; preview: Preview }) {
  const { m, dateTime } = useI18n();
  const [{ data, error, fetching }, confirm] = useMutation(confirmRecoveryDocument);
  const words = m.recovery.confirm;
  const answer = data?.confirmRecovery;
  const rejected = answer?.__typename === 'ConfirmRecoveryRejected' ? answer : null;

  if (answer?.__typename === 'RecoveryConfirmed') {
    return <Outcome title={words.doneTitle}>{answer.complete ? words.complete : words.done}</Outcome>;
  }
  if (rejected?.reason === 'ALREADY_CONFIRMED' || preview.confirmed) {
    return <Outcome title={words.doneTitle}>{words.already}</Outcome>;
  }
  if (rejected?.reason === 'EXPIRED' || preview.state === 'EXPIRED') {
    return <Outcome title={m.app.linkInvalidTitle}>{words.rejected.EXPIRED}</Outcome>;
  }
  if (rejected?.reason === 'INVALID' || preview.state !== 'PENDING') {
    return <Outcome title={m.app.linkInvalidTitle}>{words.rejected.INVALID}</Outcome>;
  }
  return (
    <Stack>
      <PageTitle>{words.title(preview.ownerName)}</PageTitle>
      <Text>{words.asked(preview.ownerName, preview.accountName)}</Text>
      <Facts
        facts={[
          [words.owner, `${preview.ownerName}, ${preview.maskedEmail}`],
          [words.account, preview.accountName],
          [words.when, dateTime(preview.requestedAt)],
          [words.until, dateTime(preview.expiresAt)],
        ]}
      />
      <Text fw={600}>{words.care}</Text>
      {error && <FailureNotice error={error} />}
      {rejected && (
        <RefusalNotice retryAt={rejected.retryAt}>{words.rejected[rejected.reason] ?? rejected.message}</RefusalNotice>
      )}
      <Button loading={fetching} onClick={() => void confirm({ input: { token } })}>
        {words.submit}
      </Button>
    </Stack>
  );
}

function Stop({ token, preview }: { token: string; preview: Preview | null }) {
  const { m, dateTime } = useI18n();
  const [{ data, error, fetching }, stop] = useMutation(stopRecoveryDocument);
  const words = m.recovery.stop;
  const answer = data?.stopRecovery;
  const rejected = answer?.__typename === 'StopRecoveryRejected' ? answer : null;

  if (answer && !rejected) return <Outcome title={words.doneTitle}>{words.done}</Outcome>;
  if (rejected) {
    return <Outcome title={m.app.linkInvalidTitle}>{words.rejected[rejected.reason] ?? rejected.message}</Outcome>;
  }
  if (preview?.state === 'EXPIRED') {
    return <Outcome title={m.app.linkInvalidTitle}>{words.rejected.EXPIRED}</Outcome>;
  }
  if (!preview || preview.state === 'STOPPED') {
    return <Outcome title={m.app.linkInvalidTitle}>{words.rejected.INVALID}</Outcome>;
  }
  return (
    <Stack>
      <PageTitle>{words.title}</PageTitle>
      <Text>{words.asked(preview.accountName)}</Text>
      <Facts
        facts={[
          [m.recovery.confirm.when, dateTime(preview.requestedAt)],
          [m.recovery.confirm.until, dateTime(preview.expiresAt)],
        ]}
      />
      <Text>{words.explained}</Text>
      {error && <FailureNotice error={error} />}
      <Button color="red" loading={fetching} onClick={() => void stop({ input: { token } })}>
        {words.submit}
      </Button>
    </Stack>
  );
}
