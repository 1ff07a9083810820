// A step of log-in that asks for a code: the form, what went wrong, and the way back to the start.
import { Anchor, Button, Stack, Text, TextInput, type TextInputProps } from '@mantine/core';
import { type FormEvent, type ReactNode, useState } from 'react';
import type { CombinedError } from 'urql';
import { useI18n } from '../i18n';
import { FailureNotice, RefusalNotice } from '../ui/FailureNotice';
import { PageTitle } from '../ui/Page';

export function CodeForm(props: {
  title: string;
  explained: string;
  label: string;
  /** How the code is typed. */
  input: Pick<TextInputProps, 'inputMode' | 'autoCapitalize' | 'spellCheck'>;
  expiresAt: string;
  /** What helps whoever has no code. */
  hint: ReactNode;
  error: CombinedError | undefined;
  rejected: { says: string; retryAt?: string | null | undefined } | null;
  fetching: boolean;
  onCode: (code: string) => Promise<void>;
  onStartAgain: () => void;
}) {
  const { m, clock } = useI18n();
  const [code, setCode] = useState('');

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    await props.onCode(code.trim());
    setCode('');
  };

  return (
    <form onSubmit={(event) => void submit(event)}>
      <Stack>
        <PageTitle>{props.title}</PageTitle>
        <Text>{props.explained}</Text>
        {props.error && <FailureNotice error={props.error} />}
        {props.rejected && <RefusalNotice retryAt={props.rejected.retryAt}>{props.rejected.says}</RefusalNotice>}
        <TextInput
          name="code"
          label={props.label}
          description={m.logIn.codeUntil(clock(props.expiresAt))}
          autoComplete="one-time-code"
          data-autofocus
          required
          withAsterisk={false}
          {...props.input}
          value={code}
          onChange={(event) => setCode(event.currentTarget.value)}
        />
        <Button type="submit" loading={props.fetching}>
          {m.logIn.codeSubmit}
        </Button>
        <Text size="sm" c="dimmed">
          {props.hint}
        </Text>
        <Anchor component="button" type="button" onClick={props.onStartAgain}>
          {m.logIn.startAgain}
        </Anchor>
      </Stack>
    </form>
  );
}
