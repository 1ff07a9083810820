// MFA off, by its owner, against a code as proof.
import { Button, Stack, Text, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { useMutation } from 'urql';
import { graphql } from '../gql';
import { useI18n } from '../i18n';
import { FailureNotice, RefusalNotice } from '../ui/FailureNotice';

const disableMfaDocument = graphql(`
  mutation DisableMfa($input: DisableMfaInput!) {
    disableMfa(input: $input) {
      __typename
      ... on DisableMfaRejected {
        reason
        message
        retryAt
      }
    }
  }
`);

export function TurnOffMfa({ onDone }: { onDone: () => void }) {
  const { m } = useI18n();
  const [code, setCode] = useState('');
  const [{ data, error, fetching }, disable] = useMutation(disableMfaDocument);
  const answer = data?.disableMfa;

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const result = await disable({ input: { code: code.trim() } });
    setCode('');
    if (result.data?.disableMfa.__typename === 'MfaDisabled') onDone();
  };

  return (
    <form onSubmit={(event) => void submit(event)}>
      <Stack>
        <Text>{m.security.turnOffExplained}</Text>
        {error && <FailureNotice error={error} />}
        {answer?.__typename === 'DisableMfaRejected' && (
          <RefusalNotice retryAt={answer.retryAt}>{m.security.rejected[answer.reason] ?? answer.message}</RefusalNotice>
        )}
        <TextInput
          name="code"
          label={m.security.code}
          autoComplete="one-time-code"
          spellCheck={false}
          required
          withAsterisk={false}
          data-autofocus
          value={code}
          onChange={(event) => setCode(event.currentTarget.value)}
        />
        <Button type="submit" color="red" loading={fetching}>
          {m.security.turnOff}
        </Button>
      </Stack>
    </form>
  );
}
