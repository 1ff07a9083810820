// What was sent to a webhook lately and what became of it; a test, and sending once more what its receiver missed.
import { Button, Group, Stack, Text, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { useClient, useQuery } from 'urql';
import type { ListedWebhookFragment, ReplayWebhookDeliveriesInput } from '../gql/graphql';
import { label, useI18n } from '../i18n';
import { type Outcome, perform } from '../members/places';
import { DataTable } from '../ui/DataTable';
import { FailureNotice, RefusalNotice } from '../ui/FailureNotice';
import { Loading } from '../ui/Loading';
import { useToast } from '../ui/toasts';
import { replayWebhookDeliveriesDocument, sendTestWebhookDocument, webhookDeliveriesDocument } from './documents';

export default function Deliveries({ webhook }: { webhook: ListedWebhookFragment }) {
  const { m, dateTime } = useI18n();
  const toast = useToast();
  const client = useClient();
  const [since, setSince] = useState('');
  const [outcome, setOutcome] = useState<Outcome | null>(null);
  const [{ data, error }, refetch] = useQuery({
    query: webhookDeliveriesDocument,
    variables: { id: webhook.id },
    requestPolicy: 'cache-and-network',
  });
  const reload = () => refetch({ requestPolicy: 'network-only' });
  const tell = (result: Outcome, said: string) => {
    setOutcome(result);
    if (result.done) toast(said);
    reload();
  };

  const test = async () => {
    const input = { webhookId: webhook.id };
    tell(
      await perform(client, sendTestWebhookDocument, { input }, (answer) => answer.sendTestWebhook),
      m.webhooks.testQueued,
    );
  };
  const replay = async (what: Omit<ReplayWebhookDeliveriesInput, 'webhookId'>) => {
    let count = 0;
    let next: Omit<ReplayWebhookDeliveriesInput, 'webhookId'> | null = what;
    let result: Outcome = { done: true, error: undefined, refusal: null };
    // One call sends so many at most.
    while (next && result.done) {
      const input = { webhookId: webhook.id, ...next };
      next = null;
      result = await perform(client, replayWebhookDeliveriesDocument, { input }, (answer) => {
        const replayed = answer.replayWebhookDeliveries;
        if (replayed.__typename === 'WebhookDeliveriesReplayed') {
          count += replayed.count;
          next = replayed.nextSince ? { since: replayed.nextSince } : null;
        }
        return replayed;
      });
    }
    tell(result, m.webhooks.replayed(count));
  };
  const replaySince = (event: FormEvent) => {
    event.preventDefault();
    const at = new Date(since);
    if (!Number.isNaN(at.getTime())) void replay({ since: at.toISOString() });
  };

  const node = data?.node;
  const deliveries = node && 'deliveries' in node ? node.deliveries.edges.map((edge) => edge.node) : undefined;
  const on = webhook.state === 'ENABLED';
  return (
    <Stack gap="xs" mt="xs">
      {outcome?.error && <FailureNotice error={outcome.error} />}
      {outcome?.refusal && (
        <RefusalNotice retryAt={outcome.refusal.retryAt}>
          {m.webhooks.rejected[outcome.refusal.reason as keyof typeof m.webhooks.rejected] ?? outcome.refusal.message}
        </RefusalNotice>
      )}
      <Group gap="xs" align="flex-end">
        <Button size="compact-sm" variant="default" disabled={!on} onClick={() => void test()}>
          {m.webhooks.test}
        </Button>
        <Button size="compact-sm" variant="default" onClick={reload}>
          {m.webhooks.reload}
        </Button>
        <form onSubmit={replaySince}>
          <Group gap="xs" align="flex-end">
            <TextInput
              size="xs"
              type="datetime-local"
              label={m.webhooks.replaySince}
              value={since}
              onChange={(event) => setSince(event.currentTarget.value)}
            />
            <Button size="compact-sm" type="submit" variant="default" disabled={!on || since === ''}>
              {m.webhooks.replay}
            </Button>
          </Group>
        </form>
      </Group>
      {error && !deliveries && <FailureNotice error={error} onRetry={reload} />}
      {!error && !deliveries && <Loading />}
      {deliveries?.length === 0 && <Text size="sm">{m.webhooks.noDeliveries}</Text>}
      {deliveries && deliveries.length > 0 && (
        <DataTable label={m.webhooks.deliveries} columns={[...m.webhooks.columns, m.webhooks.replay]}>
          {deliveries.map((delivery) => (
            <tr key={delivery.id}>
              <td>{dateTime(delivery.createdAt)}</td>
              <td>{delivery.messageType}</td>
              <td>
                {label(m.webhooks.deliveryStates, delivery.state)}
                {delivery.nextAttemptAt && delivery.attempts > 0 && ` (${dateTime(delivery.nextAttemptAt)})`}
              </td>
              <td>
                {delivery.lastStatus ?? (delivery.lastFault ? label(m.webhooks.faults, delivery.lastFault) : '–')}
              </td>
              <td>
                {delivery.state !== 'QUEUED' && (
                  <Button
                    size="compact-xs"
                    variant="default"
                    disabled={!on}
                    onClick={() => void replay({ deliveryIds: [delivery.id] })}
                  >
                    {m.webhooks.replay}
                  </Button>
                )}
              </td>
            </tr>
          ))}
        </DataTable>
      )}
    </Stack>
  );
}
