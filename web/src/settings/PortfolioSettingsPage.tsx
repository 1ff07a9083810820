// A portfolio as a whole: leaving it, closing it.
import { Button } from '@mantine/core';
import { lazy, Suspense, useState } from 'react';
import { ScopeGate } from '../app/ScopeGate';
import { usePortfolioScope } from '../app/scope';
import { useViewer } from '../app/viewer';
import type { PortfolioRole } from '../gql/graphql';
import { useI18n } from '../i18n';
import { Page } from '../ui/Page';
import { SettingsPart } from './SettingsPart';

const CloseDialog = lazy(() => import('./CloseDialog'));
const LeaveDialog = lazy(async () => ({ default: (await import('../members/MemberDialog')).LeaveDialog }));

export default function PortfolioSettingsPage({ id }: { id: string }) {
  return (
    <ScopeGate loaded={usePortfolioScope(id)}>
      {(portfolio) => <Settings id={id} name={portfolio.name} role={portfolio.viewerRole ?? null} />}
    </ScopeGate>
  );
}

function Settings({ id, name, role }: { id: string; name: string; role: PortfolioRole | null }) {
  const { m } = useI18n();
  const viewer = useViewer();
  const [doing, setDoing] = useState<'leave' | 'close' | null>(null);
  const stop = () => setDoing(null);
  const scope = { kind: 'portfolio', id, name } as const;

  return (
    <Page title={m.settings.of(name)}>
      <SettingsPart
        title={m.settings.leave}
        text={
          role === null
            ? m.settings.notOfTheTeam
            : role === 'OWNER'
              ? m.settings.portfolioOwnersStay
              : m.settings.leavePortfolioExplained
        }
      >
        {role !== null && role !== 'OWNER' && (
          <Button variant="default" onClick={() => setDoing('leave')}>
            {m.settings.leavePortfolio}
          </Button>
        )}
      </SettingsPart>
      {role === 'OWNER' && (
        <SettingsPart title={m.settings.close} text={m.settings.closePortfolioExplained}>
          <Button color="red" onClick={() => setDoing('close')}>
            {m.settings.closePortfolio}
          </Button>
        </SettingsPart>
      )}
      <Suspense>
        {doing === 'leave' && <LeaveDialog scope={scope} userId={viewer.user.id} onClose={stop} />}
        {doing === 'close' && <CloseDialog scope={scope} onClose={stop} />}
      </Suspense>
    </Page>
  );
}
