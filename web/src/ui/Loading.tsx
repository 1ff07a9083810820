import { Center, Loader } from '@mantine/core';
import { useI18n } from '../i18n';

export function Loading() {
  const { m } = useI18n();
  return (
    <Center mih="40vh" role="status" aria-label={m.app.loading}>
      <Loader aria-hidden />
    </Center>
  );
}
