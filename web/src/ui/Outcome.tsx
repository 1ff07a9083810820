// How a page behind a link ends: one heading, what it means, where to go from there.
import { Alert, Stack } from '@mantine/core';
import type { ReactNode } from 'react';
import { PageTitle } from './Page';

export function Outcome({ title, children }: { title: string; children: ReactNode }) {
  return (
    <Stack>
      <PageTitle>{title}</PageTitle>
      <Alert role="status">{children}</Alert>
    </Stack>
  );
}
