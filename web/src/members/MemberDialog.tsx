// Changing a person's place in an account: another role, out of the account, or its Owner.
import { NativeSelect, Text } from '@mantine/core';
import { useState } from 'react';
import { useMutation } from 'urql';
import { useLocation } from 'wouter';
import { useSession } from '../app/session';
import { homeOf, useViewer } from '../app/viewer';
import type { AccountRole } from '../gql/graphql';
import { label, useI18n } from '../i18n';
import { useToast } from '../ui/toasts';
import { changeUserRoleDocument, removeUserDocument, transferAccountOwnershipDocument } from './documents';
import { MemberForm } from './MemberForm';
import { GRANTABLE } from './roles';

export interface Change {
  kind: 'role' | 'remove' | 'leave' | 'transfer';
  user: { id: string; name: string };
  role: AccountRole;
}

interface Props {
  account: { id: string; name: string };
  change: Change;
  onClose: () => void;
}

export default function MemberDialog(props: Props) {
  switch (props.change.kind) {
    case 'role':
      return <RoleDialog {...props} />;
    case 'transfer':
      return <TransferDialog {...props} />;
    case 'remove':
    case 'leave':
      return <RemoveDialog {...props} />;
  }
}

function RoleDialog({ account, change, onClose }: Props) {
  const { m } = useI18n();
  const toast = useToast();
  const [role, setRole] = useState(change.role);
  const [{ data, error, fetching }, run] = useMutation(changeUserRoleDocument);
  const answer = data?.changeUserRole;
  const submit = async () => {
    const result = await run({ input: { accountId: account.id, userId: change.user.id, role } });
    if (result.data?.changeUserRole.__typename !== 'UserRoleChanged') return;
    toast(m.members.roleChanged(change.user.name, label(m.roles, role)));
    onClose();
  };
  return (
    <MemberForm
      title={m.members.changeRoleTitle(change.user.name)}
      submit={m.members.changeRoleSubmit}
      busy={fetching}
      error={error}
      refusal={
        answer?.__typename === 'ChangeUserRoleRejected'
          ? { text: m.members.rejected[answer.reason] ?? answer.message, retryAt: answer.retryAt }
          : null
      }
      onSubmit={() => void submit()}
      onClose={onClose}
    >
      <NativeSelect
        name="role"
        label={m.users.role}
        data-autofocus
        value={role}
        onChange={(event) => setRole(GRANTABLE.find((one) => one === event.currentTarget.value) ?? role)}
        data={GRANTABLE.map((value) => ({ value, label: label(m.roles, value) }))}
      />
    </MemberForm>
  );
}

function RemoveDialog({ account, change, onClose }: Props) {
  const { m } = useI18n();
  const toast = useToast();
  const { renew } = useSession();
  const viewer = useViewer();
  const [, navigate] = useLocation();
  const [{ data, error, fetching }, run] = useMutation(removeUserDocument);
  const answer = data?.removeUser;
  const leaving = change.kind === 'leave';
  const submit = async () => {
    const result = await run({ input: { accountId: account.id, userId: change.user.id } });
    if (result.data?.removeUser.__typename !== 'UserRemoved') return;
    toast(leaving ? m.members.left(account.name) : m.members.removed(change.user.name));
    onClose();
    if (leaving) {
      const edges = viewer.accounts.edges.filter((edge) => edge.node.id !== account.id);
      renew();
      navigate(homeOf({ ...viewer, accounts: { ...viewer.accounts, edges } }));
    }
  };
  return (
    <MemberForm
      title={leaving ? m.members.leaveTitle(account.name) : m.members.removeTitle(change.user.name, account.name)}
      submit={leaving ? m.members.leaveSubmit : m.members.removeSubmit}
      dangerous
      busy={fetching}
      error={error}
      refusal={
        answer?.__typename === 'RemoveUserRejected'
          ? { text: m.members.rejected[answer.reason] ?? answer.message, retryAt: answer.retryAt }
          : null
      }
      onSubmit={() => void submit()}
      onClose={onClose}
    >
      <Text size="sm">{leaving ? m.members.leaveExplained : m.members.removeExplained(change.user.name)}</Text>
    </MemberForm>
  );
}

function TransferDialog({ account, change, onClose }: Props) {
  const { m } = useI18n();
  const toast = useToast();
  const [{ data, error, fetching }, run] = useMutation(transferAccountOwnershipDocument);
  const answer = data?.transferAccountOwnership;
  const submit = async () => {
    const result = await run({ input: { accountId: account.id, userId: change.user.id } });
    if (result.data?.transferAccountOwnership.__typename !== 'AccountOwnershipTransferred') return;
    toast(m.members.transferred(change.user.name));
    onClose();
  };
  return (
    <MemberForm
      title={m.members.transferTitle(change.user.name)}
      submit={m.members.transferSubmit}
      dangerous
      busy={fetching}
      error={error}
      refusal={
        answer?.__typename === 'TransferAccountOwnershipRejected'
          ? { text: m.members.rejected[answer.reason] ?? answer.message, retryAt: answer.retryAt }
          : null
      }
      onSubmit={() => void submit()}
      onClose={onClose}
    >
      <Text size="sm">{m.members.transferExplained(change.user.name, account.name)}</Text>
    </MemberForm>
  );
}
