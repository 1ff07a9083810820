// Naming two or three people of the account, or nobody.
import { NativeSelect, Text } from '@mantine/core';
import { useState } from 'react';
import { useClient } from 'urql';
import { useAllPages } from '../api/useAllPages';
import type { AccountRole } from '../gql/graphql';
import { useI18n } from '../i18n';
import { MemberForm } from '../members/MemberForm';
import { perform } from '../members/places';
import { FailureNotice } from '../ui/FailureNotice';
import { Loading } from '../ui/Loading';
import { useToast } from '../ui/toasts';
import { contactCandidatesDocument } from './documents';
import { setRecoveryContactsDocument } from './recoveryDocuments';

// Everybody but the Owner, whom they vouch for, and SUPPORT.
const ELIGIBLE: AccountRole[] = ['ADMIN', 'MANAGER', 'ANALYST', 'CAMPAIGN_COORDINATOR', 'CONTENT_CREATOR'];
const PLACES = [0, 1, 2];

export default function RecoveryContactsDialog(props: {
  account: { id: string; name: string };
  current: string[];
  onClose: () => void;
}) {
  const { m } = useI18n();
  const toast = useToast();
  const client = useClient();
  const { account } = props;
  const { edges, error, again } = useAllPages(
    contactCandidatesDocument,
    { id: account.id, roles: ELIGIBLE },
    (data) => data.account?.users,
  );
  const [picked, setPicked] = useState<string[]>(PLACES.map((place) => props.current[place] ?? ''));
  const words = m.recovery.contacts;
  const known = new Set(edges?.map(({ node }) => node.id));
  const chosen = picked.filter((id) => known.has(id));

  return (
    <MemberForm
      title={words.dialogTitle(account.name)}
      submit={chosen.length === 0 && props.current.length > 0 ? words.takeAway : words.submit}
      ready={edges !== null && (chosen.length >= 2 || (chosen.length === 0 && props.current.length > 0))}
      run={() =>
        perform(
          client,
          setRecoveryContactsDocument,
          { input: { accountId: account.id, userIds: chosen } },
          (data) => data.setRecoveryContacts,
        )
      }
      rejected={words.rejected}
      onDone={() => toast(words.named)}
      onClose={props.onClose}
    >
      <Text size="sm">{words.dialogExplained}</Text>
      {error && <FailureNotice error={error} onRetry={again} />}
      {!error && !edges && <Loading />}
      {edges &&
        PLACES.map((place) => (
          <NativeSelect
            key={place}
            name={`contact${place + 1}`}
            label={words.place(place + 1)}
            autoFocus={place === 0}
            value={known.has(picked[place] ?? '') ? picked[place] : ''}
            onChange={(event) => {
              const id = event.currentTarget.value;
              setPicked((before) => before.map((other, at) => (at === place ? id : other)));
            }}
            data={[
              { value: '', label: words.pick },
              // Nobody twice.
              ...edges
                .filter(({ node }) => node.id === picked[place] || !picked.includes(node.id))
                .map(({ node }) => ({ value: node.id, label: `${node.name} (${node.email})` })),
            ]}
          />
        ))}
    </MemberForm>
  );
}
