// What the link of an invitation opens: who invites, to what, as what. Whoever is no user yet chooses a name and a
// password; a user logs in first. Nothing changes before the button is pressed.
import { Button, PasswordInput, Stack, Text, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { useMutation, useQuery } from 'urql';
import { Link, useLocation } from 'wouter';
import { useInvitationToken } from '../app/linkTokens';
import { Plain } from '../app/Plain';
import { useSession } from '../app/session';
import { useLogOut } from '../app/useLogOut';
import { viewerDocument } from '../app/viewer';
import { graphql } from '../gql';
import type { InvitationByTokenQuery } from '../gql/graphql';
import { label, useI18n } from '../i18n';
import { Facts } from '../ui/DataTable';
import { FailureNotice, RefusalNotice } from '../ui/FailureNotice';
import { Loading } from '../ui/Loading';
import { Outcome } from '../ui/Outcome';
import { PageTitle } from '../ui/Page';
import { useNow } from '../ui/useNow';

const LOG_IN = '/login?next=%2Finvitation';

const invitationByTokenDocument = graphql(`
  query InvitationByToken($token: String!) {
    invitationByToken(token: $token) {
      state
      maskedEmail
      invitedByName
      scopeName
      accountRole
      customRoleName
      portfolioRole
      expiresAt
      registrationNeeded
    }
  }
`);

const acceptInvitationDocument = graphql(`
  mutation AcceptInvitation($input: AcceptInvitationInput!) {
    acceptInvitation(input: $input) {
      __typename
      ... on InvitationAccepted {
        accountId
        portfolioId
        scopeName
        userCreated
        enrollmentRequired
      }
      ... on AcceptInvitationRejected {
        reason
        message
        retryAt
      }
    }
  }
`);

type Preview = NonNullable<InvitationByTokenQuery['invitationByToken']>;

export default function InvitationPage() {
  const { m } = useI18n();
  const token = useInvitationToken();
  return (
    <Plain>
      {token ? (
        <Invitation key={token} token={token} />
      ) : (
        <Outcome title={m.invitation.missingTitle}>{m.invitation.missing}</Outcome>
      )}
    </Plain>
  );
}

function Invitation({ token }: { token: string }) {
  const { m } = useI18n();
  const { renew } = useSession();
  const [, navigate] = useLocation();
  const logOut = useLogOut();
  const now = useNow();
  const [{ data, error }, retry] = useQuery({
    query: invitationByTokenDocument,
    variables: { token },
    requestPolicy: 'network-only',
  });
  const [who] = useQuery({ query: viewerDocument });
  const [accepted, accept] = useMutation(acceptInvitationDocument);

  const answer = accepted.data?.acceptInvitation;
  if (answer?.__typename === 'InvitationAccepted') {
    const { accountId, portfolioId } = answer;
    const next = accountId ? `/accounts/${accountId}/users` : portfolioId ? `/portfolios/${portfolioId}/team` : '/';
    return (
      <Outcome title={m.invitation.acceptedTitle(answer.scopeName)}>
        {answer.userCreated ? m.invitation.created : m.invitation.joined}
        {answer.enrollmentRequired ? ` ${m.invitation.enrollmentNext}` : ''}
        <Button
          mt="md"
          fullWidth
          onClick={() => {
            renew();
            navigate(next);
          }}
        >
          {answer.userCreated ? m.logIn.submit : m.invitation.goOn}
        </Button>
      </Outcome>
    );
  }

  if (error) return <FailureNotice error={error} onRetry={() => retry({ requestPolicy: 'network-only' })} />;
  if (!data || (who.fetching && !who.data)) return <Loading />;

  const preview = data.invitationByToken;
  const refused = answer?.__typename === 'AcceptInvitationRejected' ? answer : null;
  if (
    refused?.reason === 'EXPIRED' ||
    preview?.state === 'EXPIRED' ||
    (preview?.state === 'PENDING' && new Date(preview.expiresAt).getTime() <= now)
  ) {
    return <Outcome title={m.invitation.expiredTitle}>{m.invitation.expired}</Outcome>;
  }
  if (preview?.state === 'ACCEPTED') {
    return <Outcome title={m.invitation.usedTitle}>{m.invitation.used}</Outcome>;
  }
  if (!preview || preview.state !== 'PENDING' || refused?.reason === 'INVALID') {
    return <Outcome title={m.invitation.invalidTitle}>{m.invitation.invalid}</Outcome>;
  }

  const viewer = who.data?.viewer?.user;
  // Logging out is what such a refusal asks for.
  const refusal = refused?.reason === 'ANOTHER_USER' && !viewer ? null : refused;
  const submit = async (name: string | null, password: string | null) => {
    const result = await accept({ input: { token, name, password } });
    const got = result.data?.acceptInvitation;
    // Somebody became a user, or is one no more, since this page was opened.
    if (
      got?.__typename === 'AcceptInvitationRejected' &&
      (got.reason === 'LOG_IN_REQUIRED' || got.reason === 'REGISTRATION_REQUIRED')
    ) {
      retry({ requestPolicy: 'network-only' });
    }
  };

  return (
    <Stack>
      <PageTitle>{m.invitation.title(preview.scopeName)}</PageTitle>
      <About preview={preview} />
      {accepted.error && <FailureNotice error={accepted.error} />}
      {refusal && (
        <RefusalNotice retryAt={refusal.retryAt}>
          {m.invitation.rejected[refusal.reason] ?? refusal.message}
        </RefusalNotice>
      )}
      {refusal?.reason === 'ANOTHER_USER' ? (
        <Button onClick={() => void logOut(preview.registrationNeeded ? '/invitation' : LOG_IN)}>{m.app.logOut}</Button>
      ) : preview.registrationNeeded ? (
        <Register busy={accepted.fetching} onSubmit={(name, password) => void submit(name, password)} />
      ) : viewer ? (
        <>
          <Text size="sm">{m.invitation.loggedInAs(viewer.email)}</Text>
          <Button loading={accepted.fetching} onClick={() => void submit(null, null)}>
            {m.invitation.accept}
          </Button>
        </>
      ) : (
        <>
          <Text size="sm">{m.invitation.logInFirst}</Text>
          <Button component={Link} href={LOG_IN}>
            {m.logIn.submit}
          </Button>
        </>
      )}
      <Text size="sm" c="dimmed">
        {m.invitation.notWanted}
      </Text>
    </Stack>
  );
}

function About({ preview }: { preview: Preview }) {
  const { m, dateTime } = useI18n();
  const role = preview.accountRole ?? preview.portfolioRole;
  return (
    <>
      <Text>{m.invitation.invited(preview.invitedByName, preview.scopeName)}</Text>
      <Facts
        facts={[
          [m.invitation.who, preview.maskedEmail],
          [preview.accountRole ? m.invitation.account : m.invitation.portfolio, preview.scopeName],
          [m.users.role, preview.customRoleName ?? (role ? label(m.roles, role) : m.app.none)],
          [m.accept.until, dateTime(preview.expiresAt)],
        ]}
      />
    </>
  );
}

function Register({ busy, onSubmit }: { busy: boolean; onSubmit: (name: string, password: string) => void }) {
  const { m } = useI18n();
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onSubmit(name.trim(), password);
  };
  return (
    <form onSubmit={submit}>
      <Stack>
        <TextInput
          name="name"
          label={m.invitation.name}
          autoComplete="name"
          maxLength={200}
          required
          withAsterisk={false}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <PasswordInput
          name="password"
          label={m.invitation.password}
          description={m.invitation.passwordHint}
          autoComplete="new-password"
          visibilityToggleButtonProps={{ 'aria-label': m.app.showPassword }}
          required
          withAsterisk={false}
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
        />
        <Button type="submit" loading={busy}>
          {m.invitation.accept}
        </Button>
      </Stack>
    </form>
  );
}
