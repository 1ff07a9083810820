// The secret of a webhook, which the gateway shows this once.
import { Button, Code, CopyButton, Group, Stack, Text } from '@mantine/core';
import { useI18n } from '../i18n';
import { Dialog } from '../ui/Dialog';

export default function SecretDialog({ secret, onClose }: { secret: string; onClose: () => void }) {
  const { m } = useI18n();
  return (
    <Dialog title={m.webhooks.secretTitle} onClose={onClose} closeOnClickOutside={false}>
      <Stack>
        <Text size="sm">{m.webhooks.secretExplained}</Text>
        <Code block style={{ overflowWrap: 'anywhere', whiteSpace: 'pre-wrap' }}>
          {secret}
        </Code>
        <Group justify="flex-end">
          <CopyButton value={secret}>
            {({ copied, copy }) => (
              <Button variant="default" onClick={copy}>
                {copied ? m.webhooks.copied : m.webhooks.copy}
              </Button>
            )}
          </CopyButton>
          <Button onClick={onClose}>{m.app.close}</Button>
        </Group>
      </Stack>
    </Dialog>
  );
}
