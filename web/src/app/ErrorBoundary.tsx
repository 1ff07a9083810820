// The last net: a screen that breaks, or whose code cannot be fetched, says so instead of leaving a blank page.
import { Alert, Button, Stack, Text } from '@mantine/core';
import { Component, type ReactNode } from 'react';
import { useI18n } from '../i18n';

export class ErrorBoundary extends Component<{ children: ReactNode }, { broken: boolean }> {
  override state = { broken: false };

  static getDerivedStateFromError() {
    return { broken: true };
  }

  override render() {
    return this.state.broken ? <Broken /> : this.props.children;
  }
}

function Broken() {
  const { m } = useI18n();
  return (
    <Alert color="red" title={m.failure.title} role="alert" m="md">
      <Stack gap="xs" align="flex-start">
        <Text size="sm">{m.failure.screen}</Text>
        <Button size="xs" variant="default" onClick={() => window.location.reload()}>
          {m.failure.reload}
        </Button>
      </Stack>
    </Alert>
  );
}
