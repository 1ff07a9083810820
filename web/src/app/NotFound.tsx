import { Anchor, Text } from '@mantine/core';
import { Link } from 'wouter';
import { useI18n } from '../i18n';
import { Page } from '../ui/Page';

export function NotFound() {
  const { m } = useI18n();
  return (
    <Page title={m.app.notFoundTitle}>
      <Text>{m.app.notFound}</Text>
      <Anchor component={Link} href="/">
        {m.app.goHome}
      </Anchor>
    </Page>
  );
}
