// The MFA policy of an account.
import { Stack } from '@mantine/core';
import { useMutation, useQuery } from 'urql';
import { ScopeGate } from '../app/ScopeGate';
import { useAccountScope } from '../app/scope';
import { manages } from '../app/viewer';
import { graphql } from '../gql';
import { useI18n } from '../i18n';
import { FailureNotice, RefusalNotice } from '../ui/FailureNotice';
import { Loading } from '../ui/Loading';
import { Page } from '../ui/Page';
import { useToast } from '../ui/toasts';
import { PolicyForm } from './PolicyForm';

export const mfaPolicyPartFragment = graphql(`
  fragment MfaPolicyPart on MfaPolicy {
    enforced
    enforcedSince
    graceUntil
    resetAcceptance
  }
`);

const accountPolicyDocument = graphql(`
  query AccountPolicy($id: ID!, $manages: Boolean!) {
    account(id: $id) {
      id
      mfaPolicy {
        ...MfaPolicyPart
      }
      users(first: 1, mfaEnabled: false) @include(if: $manages) {
        totalCount
      }
    }
  }
`);

const setAccountMfaPolicyDocument = graphql(`
  mutation SetAccountMfaPolicy($input: SetAccountMfaPolicyInput!) {
    setAccountMfaPolicy(input: $input) {
      __typename
      ... on AccountMfaPolicySet {
        account {
          id
          mfaPolicy {
            ...MfaPolicyPart
          }
        }
      }
      ... on SetAccountMfaPolicyRejected {
        reason
        message
        retryAt
      }
    }
  }
`);

export default function AccountPolicyPage({ id }: { id: string }) {
  return (
    <ScopeGate loaded={useAccountScope(id)}>
      {(account) => <Policy id={id} name={account.name} canManage={manages(account.viewerRole)} />}
    </ScopeGate>
  );
}

function Policy({ id, name, canManage }: { id: string; name: string; canManage: boolean }) {
  const { m } = useI18n();
  const toast = useToast();
  const [{ data, error }, refetch] = useQuery({
    query: accountPolicyDocument,
    variables: { id, manages: canManage },
    requestPolicy: 'cache-and-network',
  });
  const [saved, save] = useMutation(setAccountMfaPolicyDocument);
  const answer = saved.data?.setAccountMfaPolicy;
  const account = data?.account;

  return (
    <Page title={m.policy.title(name)}>
      {error && !account && <FailureNotice error={error} onRetry={() => refetch({ requestPolicy: 'network-only' })} />}
      {!error && !account && <Loading />}
      {account && (
        <Stack>
          {saved.error && <FailureNotice error={saved.error} />}
          {answer?.__typename === 'SetAccountMfaPolicyRejected' && (
            <RefusalNotice retryAt={answer.retryAt}>{m.policy.rejected[answer.reason] ?? answer.message}</RefusalNotice>
          )}
          <PolicyForm
            policy={account.mfaPolicy}
            canManage={canManage}
            withoutMfa={account.users?.totalCount ?? null}
            saving={saved.fetching}
            onSave={async (change) => {
              const { data: done } = await save({ input: { accountId: id, ...change } });
              if (done?.setAccountMfaPolicy.__typename === 'AccountMfaPolicySet') toast(m.policy.saved);
            }}
          />
        </Stack>
      )}
    </Page>
  );
}
