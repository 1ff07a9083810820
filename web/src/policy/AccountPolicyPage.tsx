// The MFA policy of an account.
import { Stack } from '@mantine/core';
import { useMutation, useQuery } from 'urql';
import { ScopeGate } from '../app/ScopeGate';
import { useAccountScope } from '../app/scope';
import { AccountCoverage } from '../coverage/Coverage';
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
    resetApproval
    resetCoolingOffHours
  }
`);

const accountPolicyDocument = graphql(`
  query AccountPolicy($id: ID!, $sees: Boolean!) {
    account(id: $id) {
      id
      mfaPolicy {
        ...MfaPolicyPart
      }
      mfaCoverage(days: 1) @include(if: $sees) {
        current {
          members
          withMfa
        }
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
      {(account, { holds, oversees }) => (
        <Policy id={id} name={account.name} canManage={holds('MFA_POLICY')} sees={oversees('MFA_RESET')} />
      )}
    </ScopeGate>
  );
}

function Policy(props: { id: string; name: string; canManage: boolean; sees: boolean }) {
  const { id, name, canManage, sees } = props;
  const { m } = useI18n();
  const toast = useToast();
  const [{ data, error }, refetch] = useQuery({
    query: accountPolicyDocument,
    variables: { id, sees },
    requestPolicy: 'cache-and-network',
  });
  const [saved, save] = useMutation(setAccountMfaPolicyDocument);
  const answer = saved.data?.setAccountMfaPolicy;
  const account = data?.account;
  const count = account?.mfaCoverage?.current;

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
            withoutMfa={count ? count.members - count.withMfa : null}
            saving={saved.fetching}
            onSave={async (change) => {
              const { data: done } = await save({ input: { accountId: id, ...change } });
              if (done?.setAccountMfaPolicy.__typename === 'AccountMfaPolicySet') toast(m.policy.saved);
            }}
          />
          {sees && <AccountCoverage id={id} />}
        </Stack>
      )}
    </Page>
  );
}
