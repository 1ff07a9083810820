// One thing that can be done to an account or portfolio as a whole: what it means, and the button, or why there is none.
import { Card, Group, Stack, Text, Title } from '@mantine/core';
import type { ReactNode } from 'react';

export function SettingsPart({ title, text, children }: { title: string; text: string; children?: ReactNode }) {
  return (
    <Card component="section" aria-label={title} withBorder padding="lg" maw={640}>
      <Stack gap="sm" style={{ overflowWrap: 'anywhere' }}>
        <Title order={2} size="h4">
          {title}
        </Title>
        <Text size="sm">{text}</Text>
        {children && <Group>{children}</Group>}
      </Stack>
    </Card>
  );
}
