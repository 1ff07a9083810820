// Back and forth through a connection, a page at a time. The cursor stands in the address, so the browser's
// back button works and a reload stays where it was.
import { Button, Group } from '@mantine/core';
import { useI18n } from '../i18n';
import { LeftIcon, RightIcon } from './icons';

export interface PageCursor {
  first?: number;
  after?: string;
  last?: number;
  before?: string;
}

interface PageInfo {
  hasNextPage: boolean;
  hasPreviousPage: boolean;
  startCursor?: string | null | undefined;
  endCursor?: string | null | undefined;
}

export function cursorFrom(params: URLSearchParams, size: number): PageCursor {
  const after = params.get('after');
  const before = params.get('before');
  if (after) return { first: size, after };
  if (before) return { last: size, before };
  return { first: size };
}

export function Pager(props: {
  info: PageInfo;
  label?: string;
  onMove: (to: { after?: string; before?: string }) => void;
}) {
  const { m } = useI18n();
  const { hasPreviousPage, hasNextPage, startCursor, endCursor } = props.info;
  if (!hasPreviousPage && !hasNextPage) return null;
  return (
    <nav aria-label={props.label ?? m.users.pages}>
      <Group justify="space-between">
        <Button
          variant="default"
          leftSection={<LeftIcon />}
          disabled={!hasPreviousPage || !startCursor}
          onClick={() => startCursor && props.onMove({ before: startCursor })}
        >
          {m.users.previous}
        </Button>
        <Button
          variant="default"
          rightSection={<RightIcon />}
          disabled={!hasNextPage || !endCursor}
          onClick={() => endCursor && props.onMove({ after: endCursor })}
        >
          {m.users.next}
        </Button>
      </Group>
    </nav>
  );
}
