// Switching a webhook off and on, replacing its secret, deleting it: each says what follows, and asks.
import { Text } from '@mantine/core';
import { useRef } from 'react';
import { useClient } from 'urql';
import type { ListedWebhookFragment } from '../gql/graphql';
import { useI18n } from '../i18n';
import { MemberForm } from '../members/MemberForm';
import { type Outcome, perform } from '../members/places';
import { useToast } from '../ui/toasts';
import { deleteWebhookDocument, rotateWebhookSecretDocument, updateWebhookDocument } from './documents';
import type { Change } from './WebhooksPage';

export default function ChangeDialogs(props: {
  kind: Change;
  webhook: ListedWebhookFragment;
  onSecret: (secret: string) => void;
  onClose: () => void;
}) {
  const { m } = useI18n();
  const toast = useToast();
  const client = useClient();
  const { kind, webhook } = props;
  const secret = useRef<string | null>(null);
  const webhookId = webhook.id;

  const run = (): Promise<Outcome> => {
    switch (kind) {
      case 'rotate':
        return perform(client, rotateWebhookSecretDocument, { input: { webhookId } }, (data) => {
          const answer = data.rotateWebhookSecret;
          if (answer.__typename === 'WebhookSecretRotated') secret.current = answer.secret;
          return answer;
        });
      case 'delete':
        return perform(client, deleteWebhookDocument, { input: { webhookId } }, (data) => data.deleteWebhook);
      default:
        return perform(
          client,
          updateWebhookDocument,
          { input: { webhookId, enabled: kind === 'enable', version: webhook.version } },
          (data) => data.updateWebhook,
        );
    }
  };
  const done = () => {
    if (secret.current) props.onSecret(secret.current);
    else toast(m.webhooks.changed);
  };

  return (
    <MemberForm
      title={m.webhooks.changes[kind]}
      submit={m.webhooks.changeSubmit[kind]}
      dangerous={kind === 'delete'}
      run={run}
      rejected={m.webhooks.rejected}
      onDone={done}
      onClose={props.onClose}
    >
      <Text size="sm" fw={600}>
        {webhook.url}
      </Text>
      <Text size="sm">{m.webhooks.changeExplained[kind]}</Text>
    </MemberForm>
  );
}
