// The one dialog of the main job: whom it concerns, what will happen, why, and one button.
import { Button, Group, List, Stack, Text, Textarea } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { useMutation } from 'urql';
import { useI18n } from '../i18n';
import { Dialog } from '../ui/Dialog';
import { FailureNotice, RefusalNotice } from '../ui/FailureNotice';
import { useToast } from '../ui/toasts';
import { resetUserMfaDocument } from './documents';

const REASON_MAX = 500;

export interface ResetSubject {
  id: string;
  name: string;
  email: string;
  waiting: boolean;
}

export default function ResetMfaDialog({ user, onClose }: { user: ResetSubject; onClose: () => void }) {
  const { m } = useI18n();
  return (
    <Dialog onClose={onClose} title={m.reset.title(user.name)}>
      <ResetForm user={user} onClose={onClose} />
    </Dialog>
  );
}

function ResetForm({ user, onClose }: { user: ResetSubject; onClose: () => void }) {
  const { m } = useI18n();
  const toast = useToast();
  const [reason, setReason] = useState('');
  const [{ data, error, fetching }, reset] = useMutation(resetUserMfaDocument);
  const answer = data?.resetUserMfa;

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const result = await reset({ input: { userId: user.id, reason: reason.trim() || null } });
    if (result.data?.resetUserMfa.__typename === 'MfaResetRequested') {
      const awaits = result.data.resetUserMfa.mfaReset.state === 'AWAITING_APPROVAL';
      toast(awaits ? m.reset.awaitingApproval : m.reset.requested(user.email));
      onClose();
    }
  };

  return (
    <form onSubmit={(event) => void submit(event)}>
      <Stack>
        <List spacing="xs" size="sm" style={{ overflowWrap: 'anywhere' }}>
          <List.Item>{m.reset.mailGoesTo(user.name, user.email)}</List.Item>
          <List.Item>{m.reset.nothingYet}</List.Item>
          <List.Item>{m.reset.afterwards}</List.Item>
          {user.waiting && <List.Item>{m.reset.supersedes}</List.Item>}
        </List>
        <Textarea
          name="reason"
          label={m.reset.reason}
          description={m.reset.reasonHint}
          autosize
          minRows={2}
          maxRows={6}
          maxLength={REASON_MAX}
          data-autofocus
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
        />
        {error && <FailureNotice error={error} />}
        {answer?.__typename === 'ResetUserMfaRejected' && (
          <RefusalNotice retryAt={answer.retryAt}>{m.reset.notEligible[answer.reason] ?? answer.message}</RefusalNotice>
        )}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {m.app.cancel}
          </Button>
          <Button type="submit" color="red" loading={fetching}>
            {m.reset.submit}
          </Button>
        </Group>
        <Text size="xs" c="dimmed" aria-hidden>
          {reason.length} / {REASON_MAX}
        </Text>
      </Stack>
    </form>
  );
}
