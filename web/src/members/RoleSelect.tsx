// The roles that can be given, as a field of a form.
import { NativeSelect } from '@mantine/core';
import { label, useI18n } from '../i18n';
import { GRANTABLE, type Role, type Scope } from './places';

export function RoleSelect(props: {
  kind: Scope['kind'];
  value: Role;
  onChange: (role: Role) => void;
  autoFocus?: boolean;
}) {
  const { m } = useI18n();
  const grantable: Role[] = GRANTABLE[props.kind];
  return (
    <NativeSelect
      name="role"
      label={m.users.role}
      {...(props.autoFocus && { 'data-autofocus': true })}
      value={props.value}
      onChange={(event) => {
        const role = grantable.find((one) => one === event.currentTarget.value);
        if (role) props.onChange(role);
      }}
      data={grantable.map((value) => ({ value, label: label(m.roles, value) }))}
    />
  );
}
