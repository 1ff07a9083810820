// An error as a person can use it: what happened, what to do next.
import { Alert, Button, Stack, Text } from '@mantine/core';
import type { CombinedError } from '@urql/core';
import { failureOf } from '../api/errors';
import { useI18n } from '../i18n';

export function FailureNotice({ error, onRetry }: { error: CombinedError; onRetry?: () => void }) {
  const { m } = useI18n();
  return (
    <Alert color="red" title={m.failure.title} role="alert">
      <Stack gap="xs" align="flex-start">
        <Text size="sm">{m.failure[failureOf(error)]}</Text>
        {onRetry && (
          <Button size="xs" variant="default" onClick={onRetry}>
            {m.app.retry}
          </Button>
        )}
      </Stack>
    </Alert>
  );
}

/** A refusal of a mutation, said next to what was refused. */
export function RefusalNotice({ children, retryAt }: { children: string; retryAt?: string | null | undefined }) {
  const { m, clock } = useI18n();
  return (
    <Alert color="red" role="alert">
      <Text size="sm">
        {children}
        {retryAt ? ` ${m.time.tryAgainAt(clock(retryAt))}` : ''}
      </Text>
    </Alert>
  );
}
