// The password that somebody has, as proof.
import { PasswordInput } from '@mantine/core';
import { useI18n } from '../i18n';

export function CurrentPassword(props: { label: string; value: string; onChange: (password: string) => void }) {
  const { m } = useI18n();
  return (
    <PasswordInput
      name="currentPassword"
      label={props.label}
      autoComplete="current-password"
      visibilityToggleButtonProps={{ 'aria-label': m.app.showPassword }}
      required
      withAsterisk={false}
      value={props.value}
      onChange={(event) => props.onChange(event.currentTarget.value)}
    />
  );
}
