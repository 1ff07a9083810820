// Lifting a freeze of resets, in the menu of the person whom it concerns: an Owner has spoken with them.
import { Menu, Text } from '@mantine/core';
import { useMutation } from 'urql';
import type { MfaResetFreezeKind } from '../gql/graphql';
import { label, useI18n } from '../i18n';
import { useToast } from '../ui/toasts';
import { liftMfaResetFreezeDocument } from './documents';

interface Props {
  user: { id: string; name: string };
  freeze: { kind: MfaResetFreezeKind; until: string };
}

export function LiftItem({ user, freeze }: Props) {
  const { m, clock } = useI18n();
  const toast = useToast();
  const [{ fetching }, lift] = useMutation(liftMfaResetFreezeDocument);
  const run = async () => {
    const { data, error } = await lift({ input: { userId: user.id, kind: freeze.kind } });
    if (error) toast(m.failure.title);
    const answer = data?.liftMfaResetFreeze;
    if (answer?.__typename === 'MfaResetFreezeLifted') toast(m.reset.lifted(user.name));
    if (answer?.__typename === 'LiftMfaResetFreezeRejected') toast(label(m.reset.notLifted, answer.reason));
  };
  return (
    <Menu.Item disabled={fetching} onClick={() => void run()}>
      {label(m.reset.lift, freeze.kind)}
      <Text size="xs" c="dimmed">
        {m.reset.frozenUntil(clock(freeze.until))}
      </Text>
    </Menu.Item>
  );
}
