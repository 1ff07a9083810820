// What the link "Verify your e-mail address" opens, after signing up and after asking for another address. Nothing
// changes before the button is pressed.
import { Button, Stack, Text } from '@mantine/core';
import { useMutation } from 'urql';
import { Link } from 'wouter';
import { useVerificationToken } from '../app/linkTokens';
import { Plain } from '../app/Plain';
import { useSession } from '../app/session';
import { graphql } from '../gql';
import { useI18n } from '../i18n';
import { FailureNotice } from '../ui/FailureNotice';
import { Outcome } from '../ui/Outcome';
import { PageTitle } from '../ui/Page';

const verifyEmailDocument = graphql(`
  mutation VerifyEmail($input: VerifyEmailInput!) {
    verifyEmail(input: $input) {
      __typename
      ... on EmailVerified {
        maskedEmail
      }
      ... on VerifyEmailRejected {
        reason
        message
      }
    }
  }
`);

export default function VerifyEmailPage() {
  const { m } = useI18n();
  const token = useVerificationToken();
  return (
    <Plain>
      {token ? (
        <Verify key={token} token={token} />
      ) : (
        <Outcome title={m.app.linkMissingTitle}>{m.app.linkMissing}</Outcome>
      )}
    </Plain>
  );
}

function Verify({ token }: { token: string }) {
  const { m } = useI18n();
  const { renew } = useSession();
  const [{ data, error, fetching }, verify] = useMutation(verifyEmailDocument);
  const answer = data?.verifyEmail;

  if (answer?.__typename === 'EmailVerified') {
    return (
      <Outcome title={m.verify.doneTitle}>
        <Text size="sm">{m.verify.done(answer.maskedEmail)}</Text>
        {/* Whoever is logged in here already may have another address now. */}
        <Button component={Link} href="/" mt="md" fullWidth onClick={renew}>
          {m.verify.goOn}
        </Button>
      </Outcome>
    );
  }
  if (answer) {
    return <Outcome title={m.app.linkInvalidTitle}>{m.verify.rejected[answer.reason] ?? answer.message}</Outcome>;
  }
  return (
    <Stack>
      <PageTitle>{m.verify.title}</PageTitle>
      <Text>{m.verify.explained}</Text>
      {error && <FailureNotice error={error} />}
      <Button loading={fetching} onClick={() => void verify({ input: { token } })}>
        {m.verify.submit}
      </Button>
    </Stack>
  );
}
