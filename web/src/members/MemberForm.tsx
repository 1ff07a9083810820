// The frame of every dialog about somebody's place, or about the account or portfolio itself: what will happen, what was
// refused, two buttons.
import { Button, Group, Stack } from '@mantine/core';
import { type FormEvent, type ReactNode, useState } from 'react';
import { useI18n } from '../i18n';
import type { Labels } from '../i18n/labels';
import { Dialog } from '../ui/Dialog';
import { FailureNotice, RefusalNotice } from '../ui/FailureNotice';
import type { Outcome } from './places';

export function MemberForm(props: {
  title: string;
  submit: string;
  dangerous?: boolean;
  /** False while the form lacks something: the button then waits. */
  ready?: boolean;
  run: () => Promise<Outcome>;
  /** Words for the reasons of a refusal. */
  rejected: Labels<string>;
  onDone: () => void;
  onClose: () => void;
  children: ReactNode;
}) {
  const { m } = useI18n();
  const [busy, setBusy] = useState(false);
  const [outcome, setOutcome] = useState<Outcome | null>(null);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    const result = await props.run();
    setBusy(false);
    setOutcome(result);
    if (!result.done) return;
    props.onClose();
    props.onDone();
  };
  const refusal = outcome?.refusal;

  return (
    <Dialog onClose={props.onClose} title={props.title}>
      <form onSubmit={(event) => void submit(event)}>
        <Stack style={{ overflowWrap: 'anywhere' }}>
          {props.children}
          {outcome?.error && <FailureNotice error={outcome.error} />}
          {refusal && (
            <RefusalNotice retryAt={refusal.retryAt}>{props.rejected[refusal.reason] ?? refusal.message}</RefusalNotice>
          )}
          <Group justify="flex-end">
            <Button variant="default" onClick={props.onClose}>
              {m.app.cancel}
            </Button>
            <Button
              type="submit"
              {...(props.dangerous && { color: 'red' })}
              loading={busy}
              disabled={props.ready === false}
            >
              {props.submit}
            </Button>
          </Group>
        </Stack>
      </form>
    </Dialog>
  );
}
