// Whom the Owner named in advance: who counts, who will, and the way to change that.
import { Button } from '@mantine/core';
import { lazy, Suspense, useState } from 'react';
import { useClient, useQuery } from 'urql';
import { useI18n } from '../i18n';
import { type Outcome, perform } from '../members/places';
import { FailureNotice, RefusalNotice } from '../ui/FailureNotice';
import { useToast } from '../ui/toasts';
import { cancelRecoveryContactsChangeDocument, recoveryContactsDocument } from './recoveryDocuments';
import { SettingsPart } from './SettingsPart';

const RecoveryContactsDialog = lazy(() => import('./RecoveryContactsDialog'));

const named = (people: { name: string; email: string }[]) =>
  people.map(({ name, email }) => `${name} (${email})`).join(', ');

export function RecoveryContacts({ id, name }: { id: string; name: string }) {
  const { m, dateTime } = useI18n();
  const toast = useToast();
  const client = useClient();
  const [naming, setNaming] = useState(false);
  const [keeping, setKeeping] = useState(false);
  const [kept, setKept] = useState<Outcome | null>(null);
  const [{ data, error }, retry] = useQuery({
    query: recoveryContactsDocument,
    variables: { id },
    requestPolicy: 'cache-and-network',
  });
  if (error) return <FailureNotice error={error} onRetry={() => retry({ requestPolicy: 'network-only' })} />;
  const found = data?.account?.recoveryContacts;
  if (!found) return null;
  const words = m.recovery.contacts;
  const { contacts, change } = found;

  const keep = async () => {
    setKeeping(true);
    const outcome = await perform(
      client,
      cancelRecoveryContactsChangeDocument,
      { input: { accountId: id } },
      (answer) => answer.cancelRecoveryContactsChange,
    );
    setKeeping(false);
    setKept(outcome);
    if (outcome.done) toast(words.kept);
  };
  const now = contacts.length > 0 ? words.are(named(contacts)) : change ? '' : words.none;
  const later =
    change &&
    (change.contacts.length > 0
      ? words.willBe(named(change.contacts), dateTime(change.effectiveAt))
      : words.willBeNone(dateTime(change.effectiveAt)));

  return (
    <>
      <SettingsPart title={words.title} text={[now, later, words.explained].filter(Boolean).join(' ')}>
        <Button variant="default" onClick={() => setNaming(true)}>
          {contacts.length > 0 || change ? words.change : words.name}
        </Button>
        {change && (
          <Button variant="default" loading={keeping} onClick={() => void keep()}>
            {words.keep}
          </Button>
        )}
        {kept?.error && <FailureNotice error={kept.error} />}
        {kept?.refusal && (
          <RefusalNotice retryAt={kept.refusal.retryAt}>
            {(words.rejected as Record<string, string>)[kept.refusal.reason] ?? kept.refusal.message}
          </RefusalNotice>
        )}
      </SettingsPart>
      <Suspense>
        {naming && (
          <RecoveryContactsDialog
            account={{ id, name }}
            current={(change ?? found).contacts.map((contact) => contact.id)}
            onClose={() => setNaming(false)}
          />
        )}
      </Suspense>
    </>
  );
}
