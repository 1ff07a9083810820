// Choosing a password: the field, and what is asked of it.
import { PasswordInput } from '@mantine/core';
import { useI18n } from '../i18n';

export function NewPassword(props: { label: string; value: string; onChange: (password: string) => void }) {
  const { m } = useI18n();
  return (
    <PasswordInput
      name="newPassword"
      label={props.label}
      description={m.password.hint}
      autoComplete="new-password"
      visibilityToggleButtonProps={{ 'aria-label': m.app.showPassword }}
      required
      withAsterisk={false}
      value={props.value}
      onChange={(event) => props.onChange(event.currentTarget.value)}
    />
  );
}
