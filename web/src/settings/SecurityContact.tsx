// Who gets the mail about an account's security: who it is, and for some the choice of another.
import { Button } from '@mantine/core';
import { lazy, Suspense, useState } from 'react';
import { useQuery } from 'urql';
import { useI18n } from '../i18n';
import { FailureNotice } from '../ui/FailureNotice';
import { securityContactDocument } from './documents';
import { SettingsPart } from './SettingsPart';

const ContactDialog = lazy(() => import('./ContactDialog'));

export function SecurityContact({ id, name, canChoose }: { id: string; name: string; canChoose: boolean }) {
  const { m } = useI18n();
  const [choosing, setChoosing] = useState(false);
  const [{ data, error }, retry] = useQuery({
    query: securityContactDocument,
    variables: { id },
    requestPolicy: 'cache-and-network',
  });
  if (error) return <FailureNotice error={error} onRetry={() => retry({ requestPolicy: 'network-only' })} />;
  if (!data?.account) return null;
  const contact = data.account.securityContact;
  return (
    <>
      <SettingsPart
        title={m.contact.title}
        text={`${contact ? m.contact.is(contact.name, contact.email) : m.contact.none} ${m.contact.explained}`}
      >
        {canChoose && (
          <Button variant="default" onClick={() => setChoosing(true)}>
            {m.contact.choose}
          </Button>
        )}
      </SettingsPart>
      <Suspense>
        {choosing && (
          <ContactDialog account={{ id, name }} current={contact?.id ?? null} onClose={() => setChoosing(false)} />
        )}
      </Suspense>
    </>
  );
}
