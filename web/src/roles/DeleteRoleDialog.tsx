// Deleting a role that nobody has any more.
import { Text } from '@mantine/core';
import { useClient } from 'urql';
import type { DefinedRoleFragment } from '../gql/graphql';
import { useI18n } from '../i18n';
import { MemberForm } from '../members/MemberForm';
import { perform } from '../members/places';
import { useToast } from '../ui/toasts';
import { deleteCustomRoleDocument } from './documents';

export default function DeleteRoleDialog({ role, onClose }: { role: DefinedRoleFragment; onClose: () => void }) {
  const { m } = useI18n();
  const toast = useToast();
  const client = useClient();
  return (
    <MemberForm
      title={m.customRoles.deleteTitle(role.name)}
      submit={m.customRoles.deleteSubmit}
      dangerous
      run={() =>
        perform(client, deleteCustomRoleDocument, { input: { customRoleId: role.id } }, (data) => data.deleteCustomRole)
      }
      rejected={m.customRoles.rejected}
      onDone={() => toast(m.customRoles.deleted(role.name))}
      onClose={onClose}
    >
      <Text size="sm">{m.customRoles.deleteExplained}</Text>
    </MemberForm>
  );
}
