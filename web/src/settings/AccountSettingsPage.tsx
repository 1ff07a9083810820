// An account as a whole: its security contact, its portfolio, leaving it, closing it.
import { Anchor, Button } from '@mantine/core';
import { lazy, Suspense, useState } from 'react';
import { useQuery } from 'urql';
import { Link } from 'wouter';
import { NotFound } from '../app/NotFound';
import { rightsIn } from '../app/scope';
import { useViewer } from '../app/viewer';
import type { AccountSettingsQuery } from '../gql/graphql';
import { useI18n } from '../i18n';
import { FailureNotice } from '../ui/FailureNotice';
import { Loading } from '../ui/Loading';
import { Page } from '../ui/Page';
import { accountSettingsDocument } from './documents';
import { RecoveryContacts } from './RecoveryContacts';
import { SecurityContact } from './SecurityContact';
import { SettingsPart } from './SettingsPart';

const CloseDialog = lazy(() => import('./CloseDialog'));
const UnlinkDialog = lazy(() => import('./UnlinkDialog'));
const LeaveDialog = lazy(async () => ({ default: (await import('../members/MemberDialog')).LeaveDialog }));

type Account = NonNullable<AccountSettingsQuery['account']>;

export default function AccountSettingsPage({ id }: { id: string }) {
  const [{ data, error, fetching }, retry] = useQuery({
    query: accountSettingsDocument,
    variables: { id },
    requestPolicy: 'cache-and-network',
  });
  if (data?.account) return <Settings account={data.account} />;
  if (error) return <FailureNotice error={error} onRetry={() => retry({ requestPolicy: 'network-only' })} />;
  return fetching ? <Loading /> : <NotFound />;
}

function Settings({ account }: { account: Account }) {
  const { m, dateTime } = useI18n();
  const viewer = useViewer();
  const [doing, setDoing] = useState<'leave' | 'close' | 'unlink' | null>(null);
  const stop = () => setDoing(null);
  const { id, name, viewerRole, portfolio } = account;
  const scope = { kind: 'account', id, name } as const;
  const { holds, oversees } = rightsIn(account);
  const unlinks = portfolio && (viewerRole === 'OWNER' || portfolio.viewerRole === 'OWNER');

  return (
    <Page title={m.settings.of(name)}>
      {oversees('MFA_RESET') && (
        <SecurityContact id={id} name={name} canChoose={holds('ACCOUNT_SETTINGS') && holds('USERS_VIEW')} />
      )}
      {viewerRole === 'OWNER' && <RecoveryContacts id={id} name={name} />}
      <SettingsPart
        title={m.settings.portfolio}
        text={portfolio ? m.settings.inPortfolio(portfolio.name) : m.settings.inNoPortfolio}
      >
        {portfolio?.viewerRole && (
          <Anchor component={Link} href={`/portfolios/${portfolio.id}/accounts`} size="sm">
            {portfolio.name}
          </Anchor>
        )}
        {unlinks && (
          <Button variant="default" onClick={() => setDoing('unlink')}>
            {m.settings.unlink}
          </Button>
        )}
      </SettingsPart>
      {viewerRole && (
        <SettingsPart
          title={m.settings.leave}
          text={viewerRole === 'OWNER' ? m.settings.ownersStay : m.members.leaveExplained}
        >
          {viewerRole !== 'OWNER' && (
            <Button variant="default" onClick={() => setDoing('leave')}>
              {m.settings.leaveAccount}
            </Button>
          )}
        </SettingsPart>
      )}
      {viewerRole === 'OWNER' && (
        <SettingsPart title={m.settings.close} text={m.settings.closeExplained(dateTime(account.createdAt))}>
          <Button color="red" onClick={() => setDoing('close')}>
            {m.settings.closeAccount}
          </Button>
        </SettingsPart>
      )}
      <Suspense>
        {doing === 'leave' && <LeaveDialog scope={scope} userId={viewer.user.id} onClose={stop} />}
        {doing === 'close' && <CloseDialog scope={scope} onClose={stop} />}
        {doing === 'unlink' && portfolio && <UnlinkDialog account={account} portfolio={portfolio} onClose={stop} />}
      </Suspense>
    </Page>
  );
}
