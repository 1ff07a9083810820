// The events of an audit log, newest first, page by page. A name narrows the log to that person.
import { Anchor, Stack, Text } from '@mantine/core';
import type { AuditRowFragment } from '../gql/graphql';
import { label, useI18n } from '../i18n';
import { DataTable } from '../ui/DataTable';
import { Pager } from '../ui/Pager';
import type { AuditChanges } from './AuditToolbar';

interface Props {
  name: string;
  rows: AuditRowFragment[];
  pageInfo: Parameters<typeof Pager>[0]['info'];
  onMove: (changes: AuditChanges) => void;
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
              <td>
                <Person person={row.actor} say={m.audit.doneBy} onChoose={(actor) => onMove({ actor })} />
              </td>
              <td>
                <Person person={row.target} say={m.audit.doneTo} onChoose={(target) => onMove({ target })} />
              </td>
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

function Person(props: {
  person: { id: string; name: string } | null | undefined;
  say: (name: string) => string;
  onChoose: (id: string) => void;
}) {
  const { m } = useI18n();
  const { person } = props;
  if (!person) return m.app.none;
  return (
    <Anchor
      component="button"
      type="button"
      size="sm"
      ta="start"
      aria-label={props.say(person.name)}
      onClick={() => props.onChoose(person.id)}
    >
      {person.name}
    </Anchor>
  );
}
