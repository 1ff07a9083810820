// Asks again who is there, for what must not be done from a session that was left open: a code, or the password of whoever
// has no MFA. It may stand above another dialog, whose own keys it must not reach.
import { Button, Group, PasswordInput, Stack, Text, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { useMutation, useQuery } from 'urql';
import { graphql } from '../gql';
import { useI18n } from '../i18n';
import { Dialog } from '../ui/Dialog';
import { FailureNotice, RefusalNotice } from '../ui/FailureNotice';
import { Loading } from '../ui/Loading';

const ownFactorDocument = graphql(`
  query OwnFactor {
    viewer {
      user {
        id
        mfa {
          enabled
        }
      }
    }
  }
`);

const stepUpDocument = graphql(`
  mutation StepUp($input: StepUpInput!) {
    stepUp(input: $input) {
      __typename
      ... on StepUpRejected {
        reason
        message
        retryAt
      }
    }
  }
`);

export default function StepUpDialog({ onEnd }: { onEnd: (proven: boolean) => void }) {
  const { m } = useI18n();
  const [{ data, error }] = useQuery({ query: ownFactorDocument, requestPolicy: 'network-only' });
  const hasMfa = data?.viewer?.user.mfa?.enabled;
  return (
    <Dialog title={m.stepUp.title} onClose={() => onEnd(false)} closeOnClickOutside={false}>
      {error && <FailureNotice error={error} />}
      {!error && hasMfa === undefined && <Loading />}
      {hasMfa !== undefined && <ProofForm hasMfa={hasMfa} onEnd={onEnd} />}
    </Dialog>
  );
}

function ProofForm({ hasMfa, onEnd }: { hasMfa: boolean; onEnd: (proven: boolean) => void }) {
  const { m } = useI18n();
  const [proof, setProof] = useState('');
  const [{ data, error, fetching }, stepUp] = useMutation(stepUpDocument);
  const answer = data?.stepUp;

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    event.stopPropagation();
    const result = await stepUp({ input: hasMfa ? { code: proof.trim() } : { password: proof } });
    setProof('');
    if (result.data?.stepUp.__typename === 'SteppedUp') onEnd(true);
  };

  const field = {
    required: true,
    withAsterisk: false,
    'data-autofocus': true,
    // Escape ends this dialog alone.
    'data-mantine-stop-propagation': true,
    value: proof,
  } as const;
  return (
    <form
      onSubmit={(event) => void submit(event)}
      onKeyDown={(event) => {
        if (event.key === 'Escape') onEnd(false);
      }}
    >
      <Stack>
        <Text size="sm">{hasMfa ? m.stepUp.explained : m.stepUp.explainedPassword}</Text>
        {error && <FailureNotice error={error} />}
        {answer?.__typename === 'StepUpRejected' && (
          <RefusalNotice retryAt={answer.retryAt}>{m.stepUp.rejected[answer.reason] ?? answer.message}</RefusalNotice>
        )}
        {hasMfa ? (
          <TextInput
            {...field}
            name="code"
            label={m.stepUp.code}
            autoComplete="one-time-code"
            autoCapitalize="off"
            spellCheck={false}
            onChange={(event) => setProof(event.currentTarget.value)}
          />
        ) : (
          <PasswordInput
            {...field}
            name="password"
            label={m.stepUp.password}
            autoComplete="current-password"
            onChange={(event) => setProof(event.currentTarget.value)}
          />
        )}
        <Group justify="flex-end">
          <Button variant="default" onClick={() => onEnd(false)} data-mantine-stop-propagation>
            {m.app.cancel}
          </Button>
          <Button type="submit" loading={fetching} data-mantine-stop-propagation>
            {m.stepUp.submit}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
