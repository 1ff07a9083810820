// The endpoints that an account has its audit events sent to: what becomes of what is sent, and what can be done about it.
import { Button, Card, Group, Stack, Text } from '@mantine/core';
import { lazy, type ReactNode, Suspense, useState } from 'react';
import { useQuery } from 'urql';
import { NotFound } from '../app/NotFound';
import { ScopeGate } from '../app/ScopeGate';
import { useAccountScope } from '../app/scope';
import type { ListedWebhookFragment } from '../gql/graphql';
import { label, useI18n } from '../i18n';
import { FailureNotice } from '../ui/FailureNotice';
import { Loading } from '../ui/Loading';
import { Page } from '../ui/Page';
import { webhooksDocument } from './documents';

const AddDialog = lazy(() => import('./AddDialog'));
const ChangeDialogs = lazy(() => import('./ChangeDialogs'));
const Deliveries = lazy(() => import('./Deliveries'));
const SecretDialog = lazy(() => import('./SecretDialog'));

export default function WebhooksPage({ id }: { id: string }) {
  return (
    <ScopeGate loaded={useAccountScope(id)}>
      {({ name }, { holds }) =>
        holds('WEBHOOKS_MANAGE') && holds('AUDIT_VIEW') ? <Webhooks account={{ id, name }} /> : <NotFound />
      }
    </ScopeGate>
  );
}

export type Change = 'enable' | 'pause' | 'rotate' | 'delete';
type Doing = { kind: 'add' } | { kind: Change; webhook: ListedWebhookFragment };

function Webhooks({ account }: { account: { id: string; name: string } }) {
  const { m } = useI18n();
  const [doing, setDoing] = useState<Doing | null>(null);
  const [secret, setSecret] = useState<string | null>(null);
  const [{ data, error }, refetch] = useQuery({
    query: webhooksDocument,
    variables: { id: account.id },
    requestPolicy: 'cache-and-network',
  });
  const reload = () => refetch({ requestPolicy: 'network-only' });
  const stop = () => {
    setDoing(null);
    reload();
  };
  const webhooks = data?.account?.webhooks;

  return (
    <Page
      title={m.webhooks.title(account.name)}
      aside={webhooks && <Button onClick={() => setDoing({ kind: 'add' })}>{m.webhooks.add}</Button>}
    >
      <Text maw={640}>{m.webhooks.explained}</Text>
      {error && !webhooks && <FailureNotice error={error} onRetry={reload} />}
      {!error && !webhooks && <Loading />}
      {webhooks?.length === 0 && <Text c="dimmed">{m.webhooks.none}</Text>}
      <Stack component="ul" gap="xs" p={0} m={0} maw={900} aria-label={m.webhooks.screen}>
        {webhooks?.map((webhook) => (
          <WebhookCard key={webhook.id} webhook={webhook}>
            {(webhook.state === 'ENABLED' ? ['pause', 'rotate', 'delete'] : ['enable', 'rotate', 'delete']).map(
              (kind) => (
                <Button
                  key={kind}
                  size="compact-sm"
                  variant="default"
                  onClick={() => setDoing({ kind: kind as Change, webhook })}
                >
                  {m.webhooks.changes[kind as Change]}
                </Button>
              ),
            )}
          </WebhookCard>
        ))}
      </Stack>
      <Suspense>
        {doing?.kind === 'add' && <AddDialog accountId={account.id} onSecret={setSecret} onClose={stop} />}
        {doing && doing.kind !== 'add' && (
          <ChangeDialogs kind={doing.kind} webhook={doing.webhook} onSecret={setSecret} onClose={stop} />
        )}
        {secret && <SecretDialog secret={secret} onClose={() => setSecret(null)} />}
      </Suspense>
    </Page>
  );
}

function WebhookCard({ webhook, children }: { webhook: ListedWebhookFragment; children: ReactNode }) {
  const { m, dateTime } = useI18n();
  const [shown, setShown] = useState(false);
  return (
    <Card component="li" withBorder padding="sm" style={{ listStyle: 'none', overflowWrap: 'anywhere' }}>
      <Stack gap={4}>
        <Text fw={600}>{webhook.url}</Text>
        <Text size="sm">
          {label(m.webhooks.states, webhook.state)}
          {webhook.state === 'ENABLED' &&
            webhook.failingSince &&
            ` ${m.webhooks.failingSince(dateTime(webhook.failingSince))}`}
        </Text>
        <Text size="sm" c="dimmed">
          {webhook.actions
            ? webhook.actions.map((action) => label(m.audit.actions, action)).join(', ')
            : m.webhooks.allEvents}
        </Text>
        {webhook.oldSecretUntil && <Text size="sm">{m.webhooks.oldSecretUntil(dateTime(webhook.oldSecretUntil))}</Text>}
        <Group gap="xs">
          <Button size="compact-sm" variant="default" aria-expanded={shown} onClick={() => setShown(!shown)}>
            {m.webhooks.deliveries}
          </Button>
          {children}
        </Group>
        {shown && (
          <Suspense fallback={<Loading />}>
            <Deliveries webhook={webhook} />
          </Suspense>
        )}
      </Stack>
    </Card>
  );
}
