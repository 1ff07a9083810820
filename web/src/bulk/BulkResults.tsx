// What became of each change; what was refused can be tried again.
import { Alert, Button, Group, Stack, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { label, useI18n } from '../i18n';
import { DataTable } from '../ui/DataTable';
import { type Change, refusedFirst, type Result } from './changes';

export function BulkResults(props: {
  results: Result[];
  busy: boolean;
  onRetry: (changes: Change[]) => void;
  onClose: () => void;
  children: ReactNode;
}) {
  const { m } = useI18n();
  const refused = props.results.filter(({ outcome }) => outcome.rejected).map(({ change }) => change);
  const made = props.results.length - refused.length;

  return (
    <Stack style={{ overflowWrap: 'anywhere' }}>
      <Alert color={refused.length ? 'yellow' : 'petrol'} role="status">
        {[m.bulk.made(made), ...(refused.length ? [m.bulk.notMade(refused.length)] : [])].join(' ')}
      </Alert>
      {props.children}
      <div style={{ overflow: 'auto', maxHeight: '50vh' }} tabIndex={0} role="region" aria-label={m.bulk.results}>
        <DataTable label={m.bulk.results} columns={[m.bulk.person, m.bulk.account, m.bulk.outcome]}>
          {refusedFirst(props.results).map((result) => (
            <tr key={keyOf(result.change)}>
              <td>
                {result.change.person.name}
                <Text size="xs" c="dimmed">
                  {result.change.person.email}
                </Text>
              </td>
              <td>{result.change.account?.name ?? m.bulk.everyAccount}</td>
              <td>
                <OutcomeText {...result} />
              </td>
            </tr>
          ))}
        </DataTable>
      </div>
      <Group justify="flex-end">
        {refused.length > 0 && (
          <Button variant="default" loading={props.busy} onClick={() => props.onRetry(refused)}>
            {m.bulk.retry(refused.length)}
          </Button>
        )}
        <Button onClick={props.onClose}>{m.app.close}</Button>
      </Group>
    </Stack>
  );
}

function OutcomeText({ change, outcome }: Result) {
  const { m, clock } = useI18n();
  const { rejected, accountsChanged } = outcome;
  const role = label(m.roles, change.role);
  const done =
    accountsChanged === 0
      ? m.bulk.wasSo
      : {
          INVITE: m.bulk.invited(role),
          CHANGE_ROLE: m.bulk.roleChanged(role),
          REMOVE: m.bulk.removed,
          REMOVE_FROM_ALL: m.bulk.removedFrom(accountsChanged),
        }[change.kind];
  return (
    <>
      {/* Off-boarding may come half-way: out of some accounts, not of those that the person owns. */}
      {(!rejected || accountsChanged > 0) && <Text size="sm">{done}</Text>}
      {rejected && (
        <Text size="sm" c="var(--mantine-color-error)">
          {m.bulk.rejected[rejected.reason] ?? rejected.message}
          {rejected.retryAt ? ` ${m.time.tryAgainAt(clock(rejected.retryAt))}` : ''}
        </Text>
      )}
    </>
  );
}

function keyOf({ kind, person, account }: Change): string {
  return [kind, person.id, account?.id].join(' ');
}
