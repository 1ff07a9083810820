// How many are chosen, and what to do with them.
import { Button, Group, Paper, Text } from '@mantine/core';
import { useI18n } from '../i18n';

export function SelectionBar(props: { count: number; onEdit: () => void; onClear: () => void }) {
  const { m } = useI18n();
  return (
    <Paper withBorder px="md" py="xs" component="section" aria-label={m.bulk.selection}>
      <Group justify="space-between" gap="xs">
        <Text size="sm" fw={600} role="status">
          {m.bulk.selected(props.count)}
        </Text>
        <Group gap="xs">
          <Button size="xs" onClick={props.onEdit}>
            {m.bulk.edit}
          </Button>
          <Button size="xs" variant="default" onClick={props.onClear}>
            {m.bulk.clear}
          </Button>
        </Group>
      </Group>
    </Paper>
  );
}
