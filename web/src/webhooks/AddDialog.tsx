// Registering a webhook: where to, and for which events.
import { Checkbox, NativeSelect, ScrollArea, Stack, Text, TextInput } from '@mantine/core';
import { useRef, useState } from 'react';
import { useClient } from 'urql';
import type { AuditAction } from '../gql/graphql';
import { useI18n } from '../i18n';
import { MemberForm } from '../members/MemberForm';
import { perform } from '../members/places';
import { createWebhookDocument } from './documents';

const URL_MAX = 2048;

export default function AddDialog(props: {
  accountId: string;
  onSecret: (secret: string) => void;
  onClose: () => void;
}) {
  const { m } = useI18n();
  const client = useClient();
  const [url, setUrl] = useState('');
  const [some, setSome] = useState(false);
  const [chosen, setChosen] = useState<string[]>([]);
  const secret = useRef<string | null>(null);
  // Every action that there are words for.
  const actions = Object.entries(m.audit.actions) as [AuditAction, string][];
  const known = (value: string) => actions.some(([action]) => action === value);

  const run = () =>
    perform(
      client,
      createWebhookDocument,
      {
        input: {
          accountId: props.accountId,
          url: url.trim(),
          ...(some && { actions: chosen.filter(known) as AuditAction[] }),
        },
      },
      (data) => {
        if (data.createWebhook.__typename === 'WebhookCreated') secret.current = data.createWebhook.secret;
        return data.createWebhook;
      },
    );

  return (
    <MemberForm
      title={m.webhooks.addTitle}
      submit={m.webhooks.addSubmit}
      ready={url.trim() !== '' && (!some || chosen.length > 0)}
      run={run}
      rejected={m.webhooks.rejected}
      onDone={() => secret.current && props.onSecret(secret.current)}
      onClose={props.onClose}
    >
      <TextInput
        name="url"
        type="url"
        label={m.webhooks.url}
        description={m.webhooks.urlHint}
        placeholder="https://hooks.example.com/latchkey"
        autoComplete="off"
        maxLength={URL_MAX}
        data-autofocus
        required
        withAsterisk={false}
        value={url}
        onChange={(event) => setUrl(event.currentTarget.value)}
      />
      <NativeSelect
        name="events"
        label={m.webhooks.events}
        value={some ? 'some' : 'all'}
        onChange={(event) => setSome(event.currentTarget.value === 'some')}
        data={[
          { value: 'all', label: m.webhooks.allEvents },
          { value: 'some', label: m.webhooks.someEvents },
        ]}
      />
      {some && (
        <Checkbox.Group label={m.webhooks.someEvents} value={chosen} onChange={setChosen}>
          <ScrollArea.Autosize mah={240} mt="xs">
            <Stack gap="xs">
              {actions.map(([action, words]) => (
                <Checkbox key={action} value={action} label={words} />
              ))}
            </Stack>
          </ScrollArea.Autosize>
        </Checkbox.Group>
      )}
      <Text size="sm">{m.webhooks.addExplained}</Text>
    </MemberForm>
  );
}
