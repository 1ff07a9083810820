// The audit log of an account or portfolio: newest first, by action, page by page, and all of it as a file.
import { Button, Group, MultiSelect, ScrollArea, Stack, Table, Text } from '@mantine/core';
import type { AuditAction, AuditRowFragment } from '../gql/graphql';
import { label, useI18n } from '../i18n';
import { Pager } from '../ui/Pager';

export type AuditChanges = Record<string, string | null>;

interface Props {
  name: string;
  rows: AuditRowFragment[];
  pageInfo: Parameters<typeof Pager>[0]['info'];
  onMove: (changes: AuditChanges) => void;
}

export function ActionFilter(props: { value: AuditAction[]; onChange: (actions: AuditAction[]) => void }) {
  const { m } = useI18n();
  const data = Object.keys(m.audit.actions)
    .map((value) => ({ value, label: label(m.audit.actions, value as AuditAction) }))
    .sort((one, other) => one.label.localeCompare(other.label));
  return (
    <MultiSelect
      label={m.audit.filter}
      placeholder={props.value.length === 0 ? m.audit.all : ''}
      data={data}
      value={props.value}
      onChange={(value) => props.onChange(value as AuditAction[])}
      clearable
      searchable
      flex="1 1 20rem"
    />
  );
}

/** The actions that the address asks for; what is none of ours is left out. */
export function actionsFrom(params: URLSearchParams, known: object): AuditAction[] {
  return (params.get('actions') ?? '').split(',').filter((action): action is AuditAction => action in known);
}

export function AuditTable({ name, rows, pageInfo, onMove }: Props) {
  const { m, dateTime } = useI18n();
  if (rows.length === 0) return <Text c="dimmed">{m.audit.empty}</Text>;
  return (
    <Stack>
      <ScrollArea viewportProps={{ tabIndex: 0, role: 'region', 'aria-label': m.audit.title(name) }}>
        <Table verticalSpacing="xs" miw={760} aria-label={m.audit.title(name)}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th scope="col">{m.audit.time}</Table.Th>
              <Table.Th scope="col">{m.audit.action}</Table.Th>
              <Table.Th scope="col">{m.audit.actor}</Table.Th>
              <Table.Th scope="col">{m.audit.target}</Table.Th>
              <Table.Th scope="col">{m.audit.from}</Table.Th>
              <Table.Th scope="col">{m.audit.details}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {rows.map((row) => (
              <Table.Tr key={row.id}>
                <Table.Td>{dateTime(row.at)}</Table.Td>
                <Table.Td>
                  {label(m.audit.actions, row.action)}
                  {row.credential && (
                    <Text size="xs" c="dimmed">
                      {label(m.audit.credentials, row.credential)}
                    </Text>
                  )}
                </Table.Td>
                <Table.Td>{row.actor?.name ?? m.app.none}</Table.Td>
                <Table.Td>{row.target?.name ?? m.app.none}</Table.Td>
                <Table.Td>
                  {row.ip ?? m.app.none}
                  {row.userAgent && (
                    <Text size="xs" c="dimmed" maw={220} truncate title={row.userAgent}>
                      {row.userAgent}
                    </Text>
                  )}
                </Table.Td>
                <Table.Td>
                  {row.details.map((detail) => (
                    <Text size="xs" key={detail.name}>
                      {detail.name}: {detail.value}
                    </Text>
                  ))}
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </ScrollArea>
      <Pager info={pageInfo} onMove={onMove} />
    </Stack>
  );
}

export function AuditToolbar(props: {
  actions: AuditAction[];
  onFilter: (actions: AuditAction[]) => void;
  exported: number | null;
  onExport: () => void;
}) {
  const { m } = useI18n();
  return (
    <Group align="flex-end">
      <ActionFilter value={props.actions} onChange={props.onFilter} />
      <Button variant="default" disabled={props.exported !== null} onClick={props.onExport}>
        {props.exported === null ? m.audit.export : m.audit.exporting(props.exported)}
      </Button>
    </Group>
  );
}
