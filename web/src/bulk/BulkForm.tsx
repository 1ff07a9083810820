// What shall happen to the chosen people, and how many changes that comes to.
import { Alert, Button, Group, MultiSelect, Radio, Stack, Text } from '@mantine/core';
import { type FormEvent, type ReactNode, useState } from 'react';
import { useAllPages } from '../api/useAllPages';
import type { AccountRole } from '../gql/graphql';
import { useI18n } from '../i18n';
import { RoleSelect } from '../members/RoleSelect';
import { FailureNotice } from '../ui/FailureNotice';
import { Loading } from '../ui/Loading';
import { portfolioAccountsDocument } from '../users/documents';
import { type Change, CHANGES_MAX, changesOf, type Chosen, type Kind, type Place, placesOf } from './changes';

const KINDS: Kind[] = ['INVITE', 'CHANGE_ROLE', 'REMOVE', 'REMOVE_FROM_ALL'];
const NAMES_SHOWN = 5;

interface Props {
  portfolioId: string;
  people: Chosen[];
  busy: boolean;
  onSubmit: (changes: Change[]) => void;
  onClose: () => void;
  children: ReactNode;
}

export function BulkForm({ portfolioId, people, busy, onSubmit, onClose, children }: Props) {
  const { m, number } = useI18n();
  const [kind, setKind] = useState<Kind>('INVITE');
  const [accounts, setAccounts] = useState<Place[]>([]);
  const [role, setRole] = useState<AccountRole>('ANALYST');
  const changes = changesOf(kind, people, accounts, role);
  const tooMany = changes.length > CHANGES_MAX;
  const removes = kind === 'REMOVE' || kind === 'REMOVE_FROM_ALL';
  const needsAccounts = kind !== 'REMOVE_FROM_ALL';

  const choose = (value: string) => {
    const next = KINDS.find((one) => one === value);
    if (!next) return;
    setKind(next);
    // Somebody is added to other accounts than those that they are in.
    setAccounts([]);
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (changes.length > 0 && !tooMany) onSubmit(changes);
  };

  return (
    <form onSubmit={submit}>
      <Stack style={{ overflowWrap: 'anywhere' }}>
        <Text size="sm">{namesOf(people, m.users.more)}</Text>
        <Radio.Group label={m.bulk.what} value={kind} onChange={choose}>
          <Stack gap="xs" mt="xs">
            {KINDS.map((one) => (
              <Radio key={one} value={one} label={m.bulk.kinds[one]} description={m.bulk.kindHints[one]} />
            ))}
          </Stack>
        </Radio.Group>
        {kind === 'INVITE' && <LinkedAccounts portfolioId={portfolioId} chosen={accounts} onChange={setAccounts} />}
        {(kind === 'CHANGE_ROLE' || kind === 'REMOVE') && (
          <AccountsField offered={placesOf(people)} chosen={accounts} onChange={setAccounts} />
        )}
        {!removes && <RoleSelect kind="account" value={role} onChange={setRole} />}
        <Text size="sm" role="status">
          {needsAccounts && accounts.length === 0
            ? m.bulk.chooseAccounts
            : changes.length === 0
              ? m.bulk.nothingToDo
              : m.bulk.comesTo(number(changes.length), changes.length)}
        </Text>
        {tooMany && <Alert color="red">{m.bulk.tooMany(number(CHANGES_MAX))}</Alert>}
        {children}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {m.app.cancel}
          </Button>
          <Button
            type="submit"
            {...(removes && { color: 'red' })}
            loading={busy}
            disabled={changes.length === 0 || tooMany}
          >
            {m.bulk.submits[kind]}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function LinkedAccounts(props: { portfolioId: string; chosen: Place[]; onChange: (accounts: Place[]) => void }) {
  const { edges, error, again } = useAllPages(
    portfolioAccountsDocument,
    { id: props.portfolioId, first: 100 },
    (data) => data.portfolio?.accounts,
  );
  if (error) return <FailureNotice error={error} onRetry={again} />;
  if (!edges) return <Loading />;
  return <AccountsField offered={edges.map(({ node }) => node)} chosen={props.chosen} onChange={props.onChange} />;
}

function AccountsField(props: { offered: Place[]; chosen: Place[]; onChange: (accounts: Place[]) => void }) {
  const { m } = useI18n();
  const { offered, chosen, onChange } = props;
  return (
    <Group align="flex-end" gap="xs">
      <MultiSelect
        flex="1 1 16rem"
        label={m.bulk.accounts}
        placeholder={chosen.length === 0 ? m.bulk.noneChosen : ''}
        data={offered.map(({ id, name }) => ({ value: id, label: name }))}
        value={chosen.map(({ id }) => id)}
        onChange={(ids) => onChange(offered.filter(({ id }) => ids.includes(id)))}
        limit={50}
        nothingFoundMessage={m.bulk.noSuchAccount}
        hidePickedOptions
        searchable
      />
      <Button variant="default" disabled={chosen.length === offered.length} onClick={() => onChange(offered)}>
        {m.bulk.allAccounts(offered.length)}
      </Button>
    </Group>
  );
}

function namesOf(people: Chosen[], more: (count: number) => string): string {
  const shown = people.slice(0, NAMES_SHOWN).map(({ name }) => name);
  return [shown.join(', '), ...(people.length > NAMES_SHOWN ? [more(people.length - NAMES_SHOWN)] : [])].join(' ');
}
