// Defining a role of an account, or changing one: its name, what it is made of, and what its holders may do. What the
// viewer does not hold is shown, and cannot be chosen.
import { Checkbox, NativeSelect, Stack, Text, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useClient } from 'urql';
import type { AccountRole, DefinedRoleFragment, Permission } from '../gql/graphql';
import { label, useI18n } from '../i18n';
import { covers, type Held } from '../members/held';
import { MemberForm } from '../members/MemberForm';
import { perform } from '../members/places';
import { useToast } from '../ui/toasts';
import { createCustomRoleDocument, updateCustomRoleDocument } from './documents';

const NAME_MAX = 200;

/** Vendor support manages nobody, whatever a role is called. */
const BARRED_FROM_SUPPORT: Permission[] = ['USERS_MANAGE', 'MFA_RESET', 'ROLES_MANAGE'];

export default function RoleDialog(props: {
  accountId: string;
  /** The role to change; null to define one. */
  role: DefinedRoleFragment | null;
  mine: Held;
  statics: Held[];
  onClose: () => void;
}) {
  const { m } = useI18n();
  const toast = useToast();
  const client = useClient();
  const { accountId, role, mine, statics } = props;
  const [name, setName] = useState(role?.name ?? '');
  const [base, setBase] = useState<AccountRole>(role?.base ?? 'ANALYST');
  const [chosen, setChosen] = useState<Permission[]>(
    role?.permissions ?? mine.permissions.filter((permission) => permission === 'USERS_VIEW'),
  );
  // The Owner holds all that there is.
  const all = statics.find((one) => one.role === 'OWNER')?.permissions ?? [];
  const bases = statics.map((one) => one.role).filter((one) => covers(mine, { role: one, permissions: [] }));
  const whyNot = (permission: Permission): string | null => {
    if (base === 'SUPPORT' && BARRED_FROM_SUPPORT.includes(permission)) return m.customRoles.notForSupport;
    return mine.permissions.includes(permission) ? null : m.customRoles.notHeld;
  };
  const permissions = chosen.filter((permission) => whyNot(permission) === null);

  const run = () =>
    role
      ? perform(
          client,
          updateCustomRoleDocument,
          { input: { customRoleId: role.id, name: name.trim(), permissions, version: role.version } },
          (data) => data.updateCustomRole,
        )
      : perform(
          client,
          createCustomRoleDocument,
          { input: { accountId, name: name.trim(), base, permissions } },
          (data) => data.createCustomRole,
        );

  return (
    <MemberForm
      title={role ? m.customRoles.changeTitle(role.name) : m.customRoles.createTitle}
      submit={role ? m.customRoles.changeSubmit : m.customRoles.createSubmit}
      ready={name.trim() !== ''}
      run={run}
      rejected={m.customRoles.rejected}
      onDone={() => toast(role ? m.customRoles.changed(name.trim()) : m.customRoles.created(name.trim()))}
      onClose={props.onClose}
    >
      <TextInput
        name="name"
        label={m.customRoles.name}
        autoComplete="off"
        maxLength={NAME_MAX}
        data-autofocus
        required
        withAsterisk={false}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
      />
      {role ? (
        <Text size="sm">
          {m.customRoles.madeOf(label(m.roles, role.base))} {m.customRoles.baseStays}
        </Text>
      ) : (
        <NativeSelect
          name="base"
          label={m.customRoles.base}
          description={m.customRoles.baseHint}
          value={base}
          onChange={(event) => {
            const next = bases.find((one) => one === event.currentTarget.value);
            if (next) setBase(next);
          }}
          data={bases.map((value) => ({ value, label: label(m.roles, value) }))}
        />
      )}
      <Checkbox.Group
        label={m.customRoles.may}
        value={permissions}
        onChange={(values) => setChosen(all.filter((permission) => values.includes(permission)))}
      >
        <Stack gap="xs" mt="xs">
          {all.map((permission) => (
            <Checkbox
              key={permission}
              value={permission}
              label={label(m.customRoles.permissions, permission)}
              description={whyNot(permission)}
              disabled={whyNot(permission) !== null}
            />
          ))}
        </Stack>
      </Checkbox.Group>
      {role && <Text size="sm">{m.customRoles.changeExplained}</Text>}
    </MemberForm>
  );
}
