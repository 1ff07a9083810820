// The frame around every signed-in screen: which account or portfolio, its screens, oneself, log-out.
import { AppShell, Burger, Button, Group, NativeSelect, NavLink, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { type ReactNode, useEffect } from 'react';
import { Link, useLocation, useRoute } from 'wouter';
import { useI18n } from '../i18n';
import {
  BuildingIcon,
  KeyIcon,
  LogIcon,
  PersonIcon,
  PlusIcon,
  RolesIcon,
  ShieldIcon,
  SlidersIcon,
  UsersIcon,
  WebhookIcon,
} from '../ui/icons';
import { Preferences } from './Preferences';
import { rightsIn, useAccountScope } from './scope';
import classes from './Shell.module.css';
import { useLogOut } from './useLogOut';
import { homeOf, manages, useViewer } from './viewer';

export default function Shell({ children }: { children: ReactNode }) {
  const { m } = useI18n();
  const viewer = useViewer();
  const [opened, { toggle, close }] = useDisclosure(false);
  const [path] = useLocation();
  const logOut = useLogOut();

  useEffect(close, [path, close]);

  return (
    <AppShell
      header={{ height: 56 }}
      navbar={{ width: 260, breakpoint: 'sm', collapsed: { mobile: !opened } }}
      padding="md"
    >
      <a href="#content" className={classes['skip']}>
        {m.app.skipToContent}
      </a>
      <AppShell.Header>
        <Group h="100%" px="md" justify="space-between" wrap="nowrap">
          <Group wrap="nowrap" gap="sm">
            <Burger
              opened={opened}
              onClick={toggle}
              hiddenFrom="sm"
              size="sm"
              aria-label={m.app.openMenu}
              aria-expanded={opened}
            />
            <Link href={homeOf(viewer)} className={classes['brand']}>
              {m.app.name}
            </Link>
          </Group>
          <Group wrap="nowrap" gap="sm">
            <Text size="sm" truncate visibleFrom="xs" maw={240}>
              {viewer.user.name}
            </Text>
            <Button size="xs" variant="default" onClick={() => void logOut('/login')}>
              {m.app.logOut}
            </Button>
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="md" aria-label={m.app.navigation}>
        <AppShell.Section grow style={{ overflowY: 'auto' }}>
          <Stack gap="md">
            <ScopeSelect />
            <ScopeLinks />
            <div>
              <Text size="xs" c="dimmed" fw={600} px="sm" pb={4}>
                {m.app.you}
              </Text>
              <ScreenLink href="/profile" icon={<PersonIcon />} label={m.app.profile} />
              <ScreenLink href="/security" icon={<KeyIcon />} label={m.app.mySecurity} />
              <ScreenLink href="/create" icon={<PlusIcon />} label={m.app.create} />
            </div>
          </Stack>
        </AppShell.Section>
        <AppShell.Section pt="md">
          <Preferences />
        </AppShell.Section>
      </AppShell.Navbar>
      <AppShell.Main id="content">{children}</AppShell.Main>
    </AppShell>
  );
}

type Scope = { kind: 'accounts' | 'portfolios'; id: string };

function useScope(): Scope | null {
  const viewer = useViewer();
  const [inAccount, account] = useRoute('/accounts/:id/*?');
  const [inPortfolio, portfolio] = useRoute('/portfolios/:id/*?');
  if (inAccount) return { kind: 'accounts', id: account.id };
  if (inPortfolio) return { kind: 'portfolios', id: portfolio.id };
  const [, kind, id] = homeOf(viewer).split('/');
  return (kind === 'accounts' || kind === 'portfolios') && id ? { kind, id } : null;
}

function ScopeSelect() {
  const { m } = useI18n();
  const viewer = useViewer();
  const scope = useScope();
  const [, navigate] = useLocation();
  const accounts = viewer.accounts.edges.map(({ node }) => ({ value: `accounts/${node.id}/users`, label: node.name }));
  const portfolios = viewer.portfolios.edges.map(({ node, role }) => ({
    value: `portfolios/${node.id}/${manages(role) ? 'users' : 'team'}`,
    label: node.name,
  }));
  if (accounts.length + portfolios.length === 0) {
    return (
      <Text size="sm" c="dimmed">
        {m.app.noScopes}
      </Text>
    );
  }
  const here = scope ? `${scope.kind}/${scope.id}/` : '';
  const known = [...accounts, ...portfolios].find((one) => here && one.value.startsWith(here));
  return (
    <NativeSelect
      label={m.app.chooseScope}
      value={known?.value ?? ''}
      onChange={(event) => {
        if (event.currentTarget.value) navigate(`/${event.currentTarget.value}`);
      }}
      data={[
        ...(known ? [] : [{ value: '', label: m.app.none }]),
        ...(accounts.length ? [{ group: m.app.accounts, items: accounts }] : []),
        ...(portfolios.length ? [{ group: m.app.portfolios, items: portfolios }] : []),
      ]}
    />
  );
}

/** The screens of the account or portfolio in the address that the viewer's role opens. */
function ScopeLinks() {
  const scope = useScope();
  if (!scope) return null;
  return scope.kind === 'accounts' ? <AccountLinks key={scope.id} id={scope.id} /> : <PortfolioLinks id={scope.id} />;
}

function AccountLinks({ id }: { id: string }) {
  const { m } = useI18n();
  const viewer = useViewer();
  const { scope } = useAccountScope(id);
  // Until it is there, what is known from log-in.
  const account = scope ?? viewer.accounts.edges.find(({ node }) => node.id === id)?.node;
  const { holds, oversees } = rightsIn(account);
  const base = `/accounts/${id}`;
  return (
    <Links title={m.app.settings}>
      {holds('USERS_VIEW') && <ScreenLink href={`${base}/users`} icon={<UsersIcon />} label={m.app.users} />}
      {holds('ROLES_MANAGE') && <ScreenLink href={`${base}/roles`} icon={<RolesIcon />} label={m.customRoles.screen} />}
      <ScreenLink href={`${base}/policy`} icon={<ShieldIcon />} label={m.app.policy} />
      {oversees('AUDIT_VIEW') && <ScreenLink href={`${base}/audit`} icon={<LogIcon />} label={m.app.auditLog} />}
      {holds('WEBHOOKS_MANAGE') && holds('AUDIT_VIEW') && (
        <ScreenLink href={`${base}/webhooks`} icon={<WebhookIcon />} label={m.webhooks.screen} />
      )}
      <ScreenLink href={`${base}/settings`} icon={<SlidersIcon />} label={m.app.general} />
    </Links>
  );
}

function PortfolioLinks({ id }: { id: string }) {
  const { m } = useI18n();
  const viewer = useViewer();
  const base = `/portfolios/${id}`;
  const manager = manages(viewer.portfolios.edges.find(({ node }) => node.id === id)?.role);
  return (
    <Links title={m.app.manage}>
      {manager && <ScreenLink href={`${base}/users`} icon={<UsersIcon />} label={m.app.users} />}
      <ScreenLink href={`${base}/team`} icon={<PersonIcon />} label={m.app.team} />
      <ScreenLink href={`${base}/accounts`} icon={<BuildingIcon />} label={m.app.portfolioAccounts} />
      <ScreenLink href={`${base}/policy`} icon={<ShieldIcon />} label={m.app.policy} />
      {manager && <ScreenLink href={`${base}/audit`} icon={<LogIcon />} label={m.app.auditLog} />}
      <ScreenLink href={`${base}/settings`} icon={<SlidersIcon />} label={m.app.general} />
    </Links>
  );
}

function Links({ title, children }: { title: string; children: ReactNode }) {
  return (
    <div>
      <Text size="xs" c="dimmed" fw={600} px="sm" pb={4}>
        {title}
      </Text>
      {children}
    </div>
  );
}

function ScreenLink(props: { href: string; icon: ReactNode; label: string }) {
  const [path] = useLocation();
  const active = path === props.href;
  return (
    <NavLink
      component={Link}
      href={props.href}
      active={active}
      aria-current={active ? 'page' : undefined}
      leftSection={props.icon}
      label={props.label}
    />
  );
}
