// One's own MFA and backup codes.
import { Alert, Badge, Button, Card, Group, List, Modal, Stack, Text, Title } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import { useQuery } from 'urql';
import { graphql } from '../gql';
import type { OwnMfaQuery } from '../gql/graphql';
import { label, useI18n } from '../i18n';
import BackupCodes from '../logIn/BackupCodes';
import EnrolStep from '../logIn/EnrolStep';
import { dialogAttributes } from '../ui/dialogAttributes';
import { FailureNotice } from '../ui/FailureNotice';
import { Loading } from '../ui/Loading';
import { Page } from '../ui/Page';
import { useToast } from '../ui/toasts';
import { NewBackupCodes } from './NewBackupCodes';
import { Sessions } from './Sessions';
import { TurnOffMfa } from './TurnOffMfa';

const ownMfaDocument = graphql(`
  query OwnMfa {
    viewer {
      user {
        id
        mfa {
          enabled
          enabledAt
          methods
          backupCodesRemaining
          required
        }
      }
    }
  }
`);

type OwnMfa = NonNullable<NonNullable<OwnMfaQuery['viewer']>['user']['mfa']>;
type Doing = { kind: 'setUp' | 'newCodes' | 'turnOff' } | { kind: 'codes'; codes: string[] };

const FEW_CODES = 3;

export default function SecurityPage() {
  const { m } = useI18n();
  const toast = useToast();
  const [doing, setDoing] = useState<Doing | null>(null);
  const [{ data, error }, refetch] = useQuery({ query: ownMfaDocument, requestPolicy: 'cache-and-network' });
  const reload = () => refetch({ requestPolicy: 'network-only' });
  const finish = () => {
    setDoing(null);
    reload();
  };
  const mfa = data?.viewer?.user.mfa;

  return (
    <Page title={m.security.title}>
      {error && !mfa && <FailureNotice error={error} onRetry={reload} />}
      {!error && !mfa && <Loading />}
      {mfa && <MfaCard mfa={mfa} onDo={(kind) => setDoing({ kind })} />}
      {mfa && <Sessions />}
      <Modal
        opened={doing !== null}
        // Backup codes vanish only when they are confirmed.
        onClose={() => doing?.kind !== 'codes' && setDoing(null)}
        withCloseButton={doing?.kind !== 'codes'}
        attributes={dialogAttributes}
        closeButtonProps={{ 'aria-label': m.app.close }}
        title={doing ? titleOf(doing, m) : ''}
        centered
        size="lg"
      >
        {doing?.kind === 'setUp' && <EnrolStep onEnrolled={(codes) => setDoing({ kind: 'codes', codes })} />}
        {doing?.kind === 'newCodes' && <NewBackupCodes onCodes={(codes) => setDoing({ kind: 'codes', codes })} />}
        {doing?.kind === 'turnOff' && (
          <TurnOffMfa
            onDone={() => {
              toast(m.security.turnedOff);
              finish();
            }}
          />
        )}
        {doing?.kind === 'codes' && <BackupCodes codes={doing.codes} onSaved={finish} />}
      </Modal>
    </Page>
  );
}

function titleOf(doing: Doing, m: ReturnType<typeof useI18n>['m']): string {
  return {
    setUp: m.enrol.title,
    newCodes: m.security.newCodes,
    turnOff: m.security.turnOff,
    codes: m.codes.title,
  }[doing.kind];
}

function MfaCard({ mfa, onDo }: { mfa: OwnMfa; onDo: (kind: 'setUp' | 'newCodes' | 'turnOff') => void }) {
  const { m, dateTime } = useI18n();
  const left = mfa.backupCodesRemaining ?? 0;
  return (
    <Card withBorder padding="lg">
      <Stack>
        <Group justify="space-between">
          <Title order={2} size="h4">
            {m.security.mfa}
          </Title>
          <Badge variant="outline" color={mfa.enabled ? 'petrol' : 'gray'} tt="none" size="lg">
            {mfa.enabled ? m.security.on : m.security.off}
          </Badge>
        </Group>
        {mfa.enabled ? (
          <>
            {mfa.enabledAt && <Text size="sm">{m.security.since(dateTime(mfa.enabledAt))}</Text>}
            <Labelled name={m.security.methods}>
              <List size="sm">
                {mfa.methods.map((method) => (
                  <List.Item key={method}>{label(m.security.methodNames, method)}</List.Item>
                ))}
              </List>
            </Labelled>
            <Text size="sm">{m.security.codesLeft(left)}</Text>
            {left <= FEW_CODES && <Alert color="yellow">{m.security.fewCodes}</Alert>}
            <Group>
              <Button variant="default" onClick={() => onDo('newCodes')}>
                {m.security.newCodes}
              </Button>
              <Button variant="default" disabled={mfa.required} onClick={() => onDo('turnOff')}>
                {m.security.turnOff}
              </Button>
            </Group>
            {mfa.required && (
              <Text size="sm" c="dimmed">
                {m.security.turnOffRequired}
              </Text>
            )}
          </>
        ) : (
          <>
            <Text>{m.security.offExplained}</Text>
            {mfa.required && <Alert color="yellow">{m.security.required}</Alert>}
            <Group>
              <Button onClick={() => onDo('setUp')}>{m.security.setUp}</Button>
            </Group>
          </>
        )}
      </Stack>
    </Card>
  );
}

function Labelled({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <Text size="sm" fw={600}>
        {name}
      </Text>
      {children}
    </div>
  );
}
