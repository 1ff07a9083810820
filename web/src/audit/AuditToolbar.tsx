// What narrows an audit log: kinds of events, days, people; and all of it as a file.
import { Button, Group, MultiSelect, Stack, TextInput } from '@mantine/core';
import { useQuery } from 'urql';
import { graphql } from '../gql';
import type { AuditAction } from '../gql/graphql';
import { label, useI18n } from '../i18n';
import { type AuditFilter, daysCrossed } from './filter';

export type AuditChanges = Record<string, string | null>;

const auditPersonDocument = graphql(`
  query AuditPerson($id: ID!) {
    user(id: $id) {
      id
      name
    }
  }
`);

export function AuditToolbar(props: {
  filter: AuditFilter;
  onFilter: (changes: AuditChanges) => void;
  exported: number | null;
  onExport: () => void;
}) {
  const { m } = useI18n();
  const { filter, onFilter } = props;
  const crossed = daysCrossed(filter);
  return (
    <Stack gap="sm">
      <Group align="flex-end">
        <ActionFilter value={filter.actions} onChange={(chosen) => onFilter({ actions: chosen.join(',') })} />
        <TextInput
          type="date"
          label={m.audit.firstDay}
          value={filter.firstDay}
          onChange={(event) => onFilter({ from: event.currentTarget.value })}
        />
        <TextInput
          type="date"
          label={m.audit.lastDay}
          value={filter.lastDay}
          {...(crossed && { error: m.audit.daysCrossed })}
          onChange={(event) => onFilter({ to: event.currentTarget.value })}
        />
        <Button variant="default" disabled={props.exported !== null || crossed} onClick={props.onExport}>
          {props.exported === null ? m.audit.export : m.audit.exporting(props.exported)}
        </Button>
      </Group>
      {(filter.actor || filter.target) && (
        <Group gap="xs">
          {filter.actor && (
            <PersonFilter id={filter.actor} say={m.audit.doneBy} onClear={() => onFilter({ actor: null })} />
          )}
          {filter.target && (
            <PersonFilter id={filter.target} say={m.audit.doneTo} onClear={() => onFilter({ target: null })} />
          )}
        </Group>
      )}
    </Stack>
  );
}

function ActionFilter(props: { value: AuditAction[]; onChange: (actions: AuditAction[]) => void }) {
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

/** Pressed, it narrows no more. */
function PersonFilter(props: { id: string; say: (name: string) => string; onClear: () => void }) {
  const { m } = useI18n();
  const [{ data }] = useQuery({ query: auditPersonDocument, variables: { id: props.id } });
  const name = data?.user?.name ?? m.audit.someone;
  return (
    <Button
      size="xs"
      variant="light"
      color="gray"
      rightSection={<span aria-hidden>✕</span>}
      aria-label={m.audit.clear(props.say(name))}
      onClick={props.onClear}
    >
      {props.say(name)}
    </Button>
  );
}
