// What stands in a row about a reset: waiting and for how long, what became of it, and what can be done about it.
import { Button, Group, Stack, Text } from '@mantine/core';
import { useMutation } from 'urql';
import { useViewer } from '../app/viewer';
import type { MfaResetStatusFragment } from '../gql/graphql';
import { useI18n } from '../i18n';
import { useToast } from '../ui/toasts';
import { useNow } from '../ui/useNow';
import { approveMfaResetDocument, cancelMfaResetDocument, resetUserMfaDocument } from './documents';

interface Person {
  id: string;
  name: string;
  email: string;
}

export function ResetStatus(props: { user: Person; reset: MfaResetStatusFragment; canManage: boolean }) {
  const { m, clock, duration } = useI18n();
  const now = useNow();
  const viewer = useViewer();
  const { user, reset } = props;
  const left = new Date(reset.expiresAt).getTime() - now;
  const waits = reset.state === 'PENDING' || reset.state === 'AWAITING_APPROVAL';
  const state = waits && left <= 0 ? 'EXPIRED' : reset.state;
  const closedAt = clock(reset.closedAt ?? reset.expiresAt);

  switch (state) {
    case 'AWAITING_APPROVAL':
      return (
        <Stack gap={4}>
          <Text size="sm">{m.reset.awaitingApproval}</Text>
          <Text size="xs" c="dimmed">
            {m.reset.pendingBy(reset.requestedBy.name)}
          </Text>
          {props.canManage && (
            <Group gap="xs">
              {reset.requestedBy.id !== viewer.user.id && <ApproveButton user={user} resetId={reset.id} />}
              <CancelButton user={user} resetId={reset.id} />
            </Group>
          )}
        </Stack>
      );
    case 'PENDING':
      return (
        <Stack gap={4}>
          <Text size="sm">{m.reset.pending(duration(left))}</Text>
          <Text size="xs" c={reset.delivery === 'FAILED' ? 'var(--mantine-color-error)' : 'dimmed'}>
            {m.reset.pendingBy(reset.requestedBy.name)} ·{' '}
            {{ QUEUED: m.reset.queued, SENT: m.reset.sent, FAILED: m.reset.failed }[reset.delivery]}
          </Text>
          {props.canManage && (
            <Group gap="xs">
              <CancelButton user={user} resetId={reset.id} />
              <SendAgainButton user={user} reason={reset.reason ?? null} />
            </Group>
          )}
        </Stack>
      );
    case 'COOLING_OFF':
      return (
        <Stack gap={4}>
          <Text size="sm">{m.reset.coolingOff(clock(reset.effectiveAt ?? reset.expiresAt))}</Text>
          {props.canManage && (
            <Group>
              <CancelButton user={user} resetId={reset.id} />
            </Group>
          )}
        </Stack>
      );
    case 'EXPIRED':
      return (
        <Stack gap={4}>
          <Text size="sm">{m.reset.expired}</Text>
          {props.canManage && (
            <Group>
              <SendAgainButton user={user} reason={reset.reason ?? null} />
            </Group>
          )}
        </Stack>
      );
    case 'ACCEPTED':
      return <Text size="sm">{m.reset.accepted(closedAt)}</Text>;
    case 'DECLINED':
      return <Text size="sm">{m.reset.declined(closedAt)}</Text>;
    case 'CANCELLED':
      return <Text size="sm">{m.reset.cancelledAt(closedAt)}</Text>;
    default:
      return null;
  }
}

/** The second person's yes: the e-mail goes out. */
function ApproveButton({ user, resetId }: { user: Person; resetId: string }) {
  const { m, clock } = useI18n();
  const toast = useToast();
  const [{ fetching }, approve] = useMutation(approveMfaResetDocument);
  const run = async () => {
    const { data, error } = await approve({ input: { mfaResetId: resetId } });
    if (error) toast(m.failure.title);
    const answer = data?.approveMfaReset;
    if (answer?.__typename === 'MfaResetApproved') toast(m.reset.requested(user.email));
    if (answer?.__typename === 'ApproveMfaResetRejected') {
      const why = m.reset.approveRejected[answer.reason] ?? answer.message;
      toast(answer.retryAt ? `${why} ${m.time.tryAgainAt(clock(answer.retryAt))}` : why);
    }
  };
  return (
    <Button size="compact-xs" loading={fetching} aria-label={m.reset.approveFor(user.name)} onClick={() => void run()}>
      {m.reset.approve}
    </Button>
  );
}

function CancelButton({ user, resetId }: { user: Person; resetId: string }) {
  const { m } = useI18n();
  const toast = useToast();
  const [{ fetching }, cancel] = useMutation(cancelMfaResetDocument);
  const run = async () => {
    const { data, error } = await cancel({ input: { mfaResetId: resetId } });
    if (error) toast(m.failure.title);
    if (data?.cancelMfaReset.__typename === 'MfaResetCancelled') toast(m.reset.cancelled(user.name));
    if (data?.cancelMfaReset.__typename === 'CancelMfaResetRejected') toast(m.reset.notPending);
  };
  return (
    <Button
      size="compact-xs"
      variant="default"
      loading={fetching}
      aria-label={m.reset.cancelFor(user.name)}
      onClick={() => void run()}
    >
      {m.reset.cancel}
    </Button>
  );
}

/** Asking again: the old link stops working, a new e-mail goes out and the 12 hours begin anew. */
function SendAgainButton({ user, reason }: { user: Person; reason: string | null }) {
  const { m, clock } = useI18n();
  const toast = useToast();
  const [{ fetching }, reset] = useMutation(resetUserMfaDocument);
  const run = async () => {
    const { data, error } = await reset({ input: { userId: user.id, reason } });
    if (error) toast(m.failure.title);
    const answer = data?.resetUserMfa;
    if (answer?.__typename === 'MfaResetRequested') toast(m.reset.requested(user.email));
    if (answer?.__typename === 'ResetUserMfaRejected') {
      const why = m.reset.notEligible[answer.reason] ?? answer.message;
      toast(answer.retryAt ? `${why} ${m.time.tryAgainAt(clock(answer.retryAt))}` : why);
    }
  };
  return (
    <Button
      size="compact-xs"
      variant="default"
      loading={fetching}
      aria-label={m.reset.sendAgainFor(user.name)}
      onClick={() => void run()}
    >
      {m.reset.sendAgain}
    </Button>
  );
}
