// The frame of what stands alone: log-in and the accept pages. Language and appearance can be chosen there, too.
import { Container, Group, Paper, Stack, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { useI18n } from '../i18n';
import { Preferences } from './Preferences';

export function Plain({ children }: { children: ReactNode }) {
  const { m } = useI18n();
  return (
    <Container size={460} py="xl" px="md">
      <Stack gap="lg">
        <Group component="header" justify="center">
          <Text fw={700} size="xl">
            {m.app.name}
          </Text>
        </Group>
        <Paper component="main" withBorder p="lg" radius="md">
          {children}
        </Paper>
        <footer>
          <Preferences />
        </footer>
      </Stack>
    </Container>
  );
}
