// Closing an account or portfolio for good: its name must be typed, since nothing undoes it.
import { List, Text, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useClient } from 'urql';
import { useI18n } from '../i18n';
import { MemberForm } from '../members/MemberForm';
import { perform, type Scope } from '../members/places';
import { useLeft } from '../members/useLeft';
import { useToast } from '../ui/toasts';
import { closeAccountDocument, closePortfolioDocument } from './documents';

export default function CloseDialog({ scope, onClose }: { scope: Scope; onClose: () => void }) {
  const { m } = useI18n();
  const toast = useToast();
  const client = useClient();
  const goOn = useLeft();
  const [name, setName] = useState('');
  const { kind, id } = scope;
  const close = () =>
    kind === 'account'
      ? perform(client, closeAccountDocument, { input: { accountId: id, name } }, (data) => data.closeAccount)
      : perform(client, closePortfolioDocument, { input: { portfolioId: id, name } }, (data) => data.closePortfolio);

  return (
    <MemberForm
      title={m.settings.closeTitle(scope.name)}
      submit={m.settings.closeSubmit}
      dangerous
      ready={name.trim() !== ''}
      run={close}
      rejected={m.settings.closeRejected}
      onDone={() => {
        toast(m.settings.closed(scope.name));
        goOn(id);
      }}
      onClose={onClose}
    >
      <List spacing="xs" size="sm">
        {(kind === 'account' ? m.settings.closeAccountEffects : m.settings.closePortfolioEffects).map((effect) => (
          <List.Item key={effect}>{effect}</List.Item>
        ))}
      </List>
      <Text size="sm">{m.settings.typeName(scope.name)}</Text>
      <TextInput
        name="confirmation"
        label={kind === 'account' ? m.settings.accountName : m.settings.portfolioName}
        autoComplete="off"
        spellCheck={false}
        data-autofocus
        required
        withAsterisk={false}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
      />
    </MemberForm>
  );
}
