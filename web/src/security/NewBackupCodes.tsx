// New backup codes in place of the old ones, against a code as proof.
import { Button, Stack, Text, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { useMutation } from 'urql';
import { graphql } from '../gql';
import { useI18n } from '../i18n';
import { FailureNotice, RefusalNotice } from '../ui/FailureNotice';

const regenerateBackupCodesDocument = graphql(`
  mutation RegenerateBackupCodes($input: RegenerateBackupCodesInput!) {
    regenerateBackupCodes(input: $input) {
      __typename
      ... on BackupCodesRegenerated {
        backupCodes
      }
      ... on RegenerateBackupCodesRejected {
        reason
        message
        retryAt
      }
    }
  }
`);

export function NewBackupCodes({ onCodes }: { onCodes: (codes: string[]) => void }) {
  const { m } = useI18n();
  const [code, setCode] = useState('');
  const [{ data, error, fetching }, regenerate] = useMutation(regenerateBackupCodesDocument);
  const answer = data?.regenerateBackupCodes;

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const result = await regenerate({ input: { code: code.trim() } });
    setCode('');
    const done = result.data?.regenerateBackupCodes;
    if (done?.__typename === 'BackupCodesRegenerated') onCodes(done.backupCodes);
  };

  return (
    <form onSubmit={(event) => void submit(event)}>
      <Stack>
        <Text>{m.security.newCodesExplained}</Text>
        {error && <FailureNotice error={error} />}
        {answer?.__typename === 'RegenerateBackupCodesRejected' && (
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
        <Button type="submit" loading={fetching}>
          {m.security.newCodes}
        </Button>
      </Stack>
    </form>
  );
}
