// The frame of every dialog about a person's place in an account: what will happen, what was refused, two buttons.
import { Button, Group, Modal, Stack } from '@mantine/core';
import type { FormEvent, ReactNode } from 'react';
import type { CombinedError } from 'urql';
import { useI18n } from '../i18n';
import { dialogAttributes } from '../ui/dialog';
import { FailureNotice, RefusalNotice } from '../ui/FailureNotice';

export function MemberForm(props: {
  title: string;
  submit: string;
  dangerous?: boolean;
  busy: boolean;
  error: CombinedError | undefined;
  refusal: { text: string; retryAt?: string | null | undefined } | null;
  onSubmit: () => void;
  onClose: () => void;
  children: ReactNode;
}) {
  const { m } = useI18n();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    props.onSubmit();
  };
  return (
    <Modal
      opened
      onClose={props.onClose}
      title={props.title}
      attributes={dialogAttributes}
      closeButtonProps={{ 'aria-label': m.app.close }}
      centered
    >
      <form onSubmit={submit}>
        <Stack style={{ overflowWrap: 'anywhere' }}>
          {props.children}
          {props.error && <FailureNotice error={props.error} />}
          {props.refusal && <RefusalNotice retryAt={props.refusal.retryAt}>{props.refusal.text}</RefusalNotice>}
          <Group justify="flex-end">
            <Button variant="default" onClick={props.onClose}>
              {m.app.cancel}
            </Button>
            <Button type="submit" {...(props.dangerous && { color: 'red' })} loading={props.busy}>
              {props.submit}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
