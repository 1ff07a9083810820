// The accounts that a portfolio links; its Owner adds and removes them.
import { Anchor, Button, Group, Stack, Text } from '@mantine/core';
import { lazy, Suspense, useState } from 'react';
import { useQuery } from 'urql';
import { Link } from 'wouter';
import { ScopeGate } from '../app/ScopeGate';
import { usePortfolioScope } from '../app/scope';
import { useI18n } from '../i18n';
import { FailureNotice } from '../ui/FailureNotice';
import { Loading } from '../ui/Loading';
import { Page } from '../ui/Page';
import { cursorFrom, Pager } from '../ui/Pager';
import { portfolioAccountsDocument } from './documents';
import { useListParams } from './listParams';

const PAGE_SIZE = 50;

const LinkDialog = lazy(() => import('../settings/LinkDialog'));
const UnlinkDialog = lazy(() => import('../settings/UnlinkDialog'));

export default function PortfolioAccountsPage({ id }: { id: string }) {
  return (
    <ScopeGate loaded={usePortfolioScope(id)}>
      {(portfolio) => <Accounts id={id} name={portfolio.name} owns={portfolio.viewerRole === 'OWNER'} />}
    </ScopeGate>
  );
}

function Accounts({ id, name, owns }: { id: string; name: string; owns: boolean }) {
  const { m } = useI18n();
  const { params, set } = useListParams();
  const [adding, setAdding] = useState(false);
  const [removing, setRemoving] = useState<{ id: string; name: string } | null>(null);
  const [{ data, error, fetching }, refetch] = useQuery({
    query: portfolioAccountsDocument,
    requestPolicy: 'cache-and-network',
    variables: { id, ...cursorFrom(params, PAGE_SIZE) },
  });
  const accounts = data?.portfolio?.accounts;
  return (
    <Page
      title={m.app.accountsOf(name)}
      aside={owns && <Button onClick={() => setAdding(true)}>{m.settings.link}</Button>}
    >
      {error && !accounts && <FailureNotice error={error} onRetry={() => refetch({ requestPolicy: 'network-only' })} />}
      {!accounts && fetching && <Loading />}
      {accounts && (
        <Stack>
          {accounts.edges.length === 0 && <Text c="dimmed">{m.app.noAccounts}</Text>}
          <Stack component="ul" gap="xs" p={0} m={0} maw={640} aria-label={m.app.accountsOf(name)}>
            {accounts.edges.map(({ node }) => (
              <Group component="li" key={node.id} justify="space-between" wrap="nowrap" mih={36}>
                <Anchor
                  component={Link}
                  href={`/accounts/${node.id}/${node.viewerRole ? 'users' : 'policy'}`}
                  style={{ overflowWrap: 'anywhere' }}
                >
                  {node.name}
                </Anchor>
                {owns && (
                  <Button
                    size="compact-sm"
                    variant="default"
                    flex="none"
                    aria-label={m.settings.unlinkFor(node.name)}
                    onClick={() => setRemoving(node)}
                  >
                    {m.settings.unlinkShort}
                  </Button>
                )}
              </Group>
            ))}
          </Stack>
          <Pager info={accounts.pageInfo} onMove={set} />
        </Stack>
      )}
      <Suspense>
        {adding && <LinkDialog portfolio={{ id, name }} onClose={() => setAdding(false)} />}
        {removing && <UnlinkDialog account={removing} portfolio={{ id, name }} onClose={() => setRemoving(null)} />}
      </Suspense>
    </Page>
  );
}
