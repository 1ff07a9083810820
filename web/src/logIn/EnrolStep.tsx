// Setting up the authenticator app: the QR code that the gateway drew, the secret as text, and a code as proof.
// Used while logging in (with an enrolment token) and in My security (with the session).
import { Button, Code, CopyButton, Group, Image, Stack, Text, TextInput } from '@mantine/core';
import { type FormEvent, useEffect, useRef, useState } from 'react';
import { useMutation } from 'urql';
import { graphql } from '../gql';
import { useI18n } from '../i18n';
import { FailureNotice, RefusalNotice } from '../ui/FailureNotice';
import { Loading } from '../ui/Loading';

const beginTotpEnrollmentDocument = graphql(`
  mutation BeginTotpEnrollment($input: BeginTotpEnrollmentInput!) {
    beginTotpEnrollment(input: $input) {
      __typename
      ... on TotpEnrollmentStarted {
        secret
        qrCodeSvg
        expiresAt
      }
      ... on BeginTotpEnrollmentRejected {
        reason
        message
        retryAt
      }
    }
  }
`);

const confirmTotpEnrollmentDocument = graphql(`
  mutation ConfirmTotpEnrollment($input: ConfirmTotpEnrollmentInput!) {
    confirmTotpEnrollment(input: $input) {
      __typename
      ... on TotpEnrolled {
        backupCodes
        loggedIn {
          __typename
        }
      }
      ... on ConfirmTotpEnrollmentRejected {
        reason
        message
        retryAt
      }
    }
  }
`);

export default function EnrolStep(props: {
  enrollmentToken?: string;
  onEnrolled: (backupCodes: string[], loggedIn: boolean) => void;
}) {
  const { m, clock } = useI18n();
  const [code, setCode] = useState('');
  const [begun, begin] = useMutation(beginTotpEnrollmentDocument);
  const [confirmed, confirm] = useMutation(confirmTotpEnrollmentDocument);
  const token = props.enrollmentToken ?? null;

  const begunFor = useRef<string | null | undefined>(undefined);
  useEffect(() => {
    // Once for each token: a second call would draw another secret under the eyes of whoever is scanning.
    if (begunFor.current === token) return;
    begunFor.current = token;
    void begin({ input: { enrollmentToken: token } });
  }, [begin, token]);

  if (begun.error) {
    return <FailureNotice error={begun.error} onRetry={() => void begin({ input: { enrollmentToken: token } })} />;
  }
  const start = begun.data?.beginTotpEnrollment;
  if (!start) return <Loading />;
  if (start.__typename === 'BeginTotpEnrollmentRejected') {
    return <RefusalNotice retryAt={start.retryAt}>{m.enrol.rejected[start.reason] ?? start.message}</RefusalNotice>;
  }

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const result = await confirm({ input: { enrollmentToken: token, code: code.replaceAll(/\s/g, '') } });
    setCode('');
    const answer = result.data?.confirmTotpEnrollment;
    if (answer?.__typename === 'TotpEnrolled') props.onEnrolled(answer.backupCodes, answer.loggedIn !== null);
  };
  const answer = confirmed.data?.confirmTotpEnrollment;

  return (
    <form onSubmit={(event) => void submit(event)}>
      <Stack>
        <Text>{m.enrol.scan}</Text>
        <Image
          src={`data:image/svg+xml,${encodeURIComponent(start.qrCodeSvg)}`}
          alt={m.enrol.qrAlt}
          w={220}
          h={220}
          mx="auto"
          bg="white"
          p={8}
        />
        <Stack gap={4}>
          <Text size="sm">{m.enrol.secret}</Text>
          <Group gap="xs" wrap="nowrap">
            <Code fz="sm" style={{ overflowWrap: 'anywhere' }}>
              {start.secret.replaceAll(/(.{4})(?=.)/g, '$1 ')}
            </Code>
            <CopyButton value={start.secret}>
              {({ copied, copy }) => (
                <Button type="button" size="compact-sm" variant="default" flex="none" onClick={copy}>
                  {copied ? m.app.copied : m.app.copy}
                </Button>
              )}
            </CopyButton>
          </Group>
        </Stack>
        {confirmed.error && <FailureNotice error={confirmed.error} />}
        {answer?.__typename === 'ConfirmTotpEnrollmentRejected' && (
          <RefusalNotice retryAt={answer.retryAt}>{m.enrol.rejected[answer.reason] ?? answer.message}</RefusalNotice>
        )}
        <TextInput
          name="code"
          label={m.enrol.code}
          description={`${m.enrol.codeExplained} ${m.enrol.until(clock(start.expiresAt))}`}
          inputMode="numeric"
          autoComplete="one-time-code"
          required
          withAsterisk={false}
          value={code}
          onChange={(event) => setCode(event.currentTarget.value)}
        />
        <Button type="submit" loading={confirmed.fetching}>
          {m.enrol.submit}
        </Button>
      </Stack>
    </form>
  );
}
