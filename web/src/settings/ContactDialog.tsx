// Choosing the security contact of an account among its Owner and its Admins.
import { NativeSelect, Text } from '@mantine/core';
import { useState } from 'react';
import { useClient } from 'urql';
import { useAllPages } from '../api/useAllPages';
import { roleName, useI18n } from '../i18n';
import { MemberForm } from '../members/MemberForm';
import { perform } from '../members/places';
import { FailureNotice } from '../ui/FailureNotice';
import { Loading } from '../ui/Loading';
import { useToast } from '../ui/toasts';
import { contactCandidatesDocument, setAccountSecurityContactDocument } from './documents';

export default function ContactDialog(props: {
  account: { id: string; name: string };
  current: string | null;
  onClose: () => void;
}) {
  const { m } = useI18n();
  const toast = useToast();
  const client = useClient();
  const { account, current } = props;
  const { edges, error, again } = useAllPages(
    contactCandidatesDocument,
    { id: account.id, roles: ['OWNER', 'ADMIN'] },
    (data) => data.account?.users,
  );
  const [picked, setPicked] = useState<string | null>(null);
  const chosen = edges?.find(({ node }) => node.id === (picked ?? current));

  return (
    <MemberForm
      title={m.contact.dialogTitle(account.name)}
      submit={m.contact.submit}
      ready={chosen !== undefined}
      run={() =>
        perform(
          client,
          setAccountSecurityContactDocument,
          { input: { accountId: account.id, userId: chosen?.node.id ?? null } },
          (data) => data.setAccountSecurityContact,
        )
      }
      rejected={m.contact.rejected}
      onDone={() => toast(m.contact.chosen(chosen?.node.name ?? ''))}
      onClose={props.onClose}
    >
      <Text size="sm">{m.contact.dialogExplained}</Text>
      {error && <FailureNotice error={error} onRetry={again} />}
      {!error && !edges && <Loading />}
      {edges && (
        <NativeSelect
          name="contact"
          label={m.contact.title}
          autoFocus
          value={chosen?.node.id ?? ''}
          onChange={(event) => setPicked(event.currentTarget.value)}
          data={[
            ...(chosen ? [] : [{ value: '', label: m.contact.pick }]),
            ...edges.map(({ node, ...place }) => ({
              value: node.id,
              label: `${node.name} (${roleName(m, place)}, ${node.email})`,
            })),
          ]}
        />
      )}
    </MemberForm>
  );
}
