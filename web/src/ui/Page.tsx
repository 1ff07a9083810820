// What every screen has: one heading, which also names the browser tab and takes the focus after a change of screen.
import { Group, Stack, Title } from '@mantine/core';
import { type ReactNode, useEffect, useRef } from 'react';
import { useI18n } from '../i18n';

export function Page({ title, aside, children }: { title: string; aside?: ReactNode; children: ReactNode }) {
  return (
    <Stack gap="lg">
      <Group justify="space-between" align="center">
        <PageTitle>{title}</PageTitle>
        {aside}
      </Group>
      {children}
    </Stack>
  );
}

export function PageTitle({ children }: { children: string }) {
  const { m } = useI18n();
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${children} · ${m.app.name}`;
    heading.current?.focus({ preventScroll: true });
  }, [children, m]);
  return (
    <Title order={1} size="h2" ref={heading} tabIndex={-1} style={{ outline: 'none', overflowWrap: 'anywhere' }}>
      {children}
    </Title>
  );
}
