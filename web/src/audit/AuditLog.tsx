// The audit log of an account or portfolio: newest first, by action, page by page, and all of it as a file.
import { Button, Group, MultiSelect, Stack, Text } from '@mantine/core';
import type { AuditAction, AuditRowFragment } from '../gql/graphql';
import { label, useI18n } from '../i18n';
import { DataTable } from '../ui/DataTable';
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
      <div style={{ overflowX: 'auto' }} tabIndex={0} role="region" aria-label={m.audit.title(name)}>
        <DataTable
          label={m.audit.title(name)}
          columns={[m.audit.time, m.audit.action, m.audit.actor, m.audit.target, m.audit.from, m.audit.details]}
        >
          {rows.map((row) => (
            <tr key={row.id}>
              <td>{dateTime(row.at)}</td>
              <td>
                {label(m.audit.actions, row.action)}
                {row.credential && (
                  <Text size="xs" c="dimmed">
                    {label(m.audit.credentials, row.credential)}
                  </Text>
                )}
              </td>
              <td>{row.actor?.name ?? m.app.none}</td>
              <td>{row.target?.name ?? m.app.none}</td>
              <td>
                {row.ip ?? m.app.none}
                {row.userAgent && (
                  <Text size="xs" c="dimmed" maw={220} truncate title={row.userAgent}>
                    {row.userAgent}
                  </Text>
                )}
              </td>
              <td>
                {row.details.map((detail) => (
                  <Text size="xs" key={detail.name}>
                    {detail.name}: {detail.value}
                  </Text>
                ))}
              </td>
            </tr>
          ))}
        </DataTable>
      </div>
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
