// The roles of an account: those that it has defined, to be changed by whoever holds all that they do, and the static
// ones beside them.
import { Button, Card, Group, List, Stack, Text, Title } from '@mantine/core';
import { lazy, type ReactNode, Suspense, useState } from 'react';
import { useQuery } from 'urql';
import { NotFound } from '../app/NotFound';
import { ScopeGate } from '../app/ScopeGate';
import { useAccountScope } from '../app/scope';
import type { DefinedRoleFragment, Permission } from '../gql/graphql';
import { label, useI18n } from '../i18n';
import { covers, type Held } from '../members/held';
import { FailureNotice } from '../ui/FailureNotice';
import { Loading } from '../ui/Loading';
import { Page } from '../ui/Page';
import { rolesDocument } from './documents';

const RoleDialog = lazy(() => import('./RoleDialog'));
const DeleteRoleDialog = lazy(() => import('./DeleteRoleDialog'));

export default function RolesPage({ id }: { id: string }) {
  return (
    <ScopeGate loaded={useAccountScope(id)}>
      {({ name, viewerRole, viewerPermissions }, { holds }) =>
        viewerRole && viewerPermissions && holds('ROLES_MANAGE') ? (
          <Roles account={{ id, name }} mine={{ role: viewerRole, permissions: viewerPermissions }} />
        ) : (
          <NotFound />
        )
      }
    </ScopeGate>
  );
}

type Doing = { kind: 'create' } | { kind: 'update' | 'delete'; role: DefinedRoleFragment };

function Roles({ account, mine }: { account: { id: string; name: string }; mine: Held }) {
  const { m } = useI18n();
  const [doing, setDoing] = useState<Doing | null>(null);
  const [{ data, error }, refetch] = useQuery({
    query: rolesDocument,
    variables: { id: account.id },
    requestPolicy: 'cache-and-network',
  });
  const reload = () => refetch({ requestPolicy: 'network-only' });
  // What was refused may have been because of somebody else's change.
  const stop = () => {
    setDoing(null);
    reload();
  };
  const statics = data?.staticRoles;
  const defined = data?.account?.customRoles?.edges.map(({ node }) => node);

  return (
    <Page
      title={m.customRoles.title(account.name)}
      aside={statics && <Button onClick={() => setDoing({ kind: 'create' })}>{m.customRoles.create}</Button>}
    >
      <Text maw={640}>{m.customRoles.explained}</Text>
      {error && !defined && <FailureNotice error={error} onRetry={reload} />}
      {!error && !defined && <Loading />}
      {defined && statics && (
        <>
          <Section title={m.customRoles.defined}>
            {defined.length === 0 && <Text c="dimmed">{m.customRoles.none}</Text>}
            <Cards>
              {defined.map((role) => (
                <RoleCard
                  key={role.id}
                  name={role.name}
                  base={m.customRoles.madeOf(label(m.roles, role.base))}
                  permissions={role.permissions}
                >
                  {covers(mine, { role: role.base, permissions: role.permissions }) ? (
                    <Group gap="xs">
                      <Button
                        size="compact-sm"
                        variant="default"
                        aria-label={m.customRoles.changeOf(role.name)}
                        onClick={() => setDoing({ kind: 'update', role })}
                      >
                        {m.customRoles.change}
                      </Button>
                      <Button
                        size="compact-sm"
                        variant="default"
                        aria-label={m.customRoles.deleteOf(role.name)}
                        onClick={() => setDoing({ kind: 'delete', role })}
                      >
                        {m.customRoles.delete}
                      </Button>
                    </Group>
                  ) : (
                    <Text size="sm" c="dimmed">
                      {m.customRoles.holdsMore}
                    </Text>
                  )}
                </RoleCard>
              ))}
            </Cards>
          </Section>
          <Section title={m.customRoles.statics}>
            <Text size="sm">{m.customRoles.staticsExplained}</Text>
            <Cards>
              {statics.map(({ role, permissions }) => (
                <RoleCard key={role} name={label(m.roles, role)} permissions={permissions} />
              ))}
            </Cards>
          </Section>
        </>
      )}
      <Suspense>
        {doing && doing.kind !== 'delete' && statics && (
          <RoleDialog
            accountId={account.id}
            role={doing.kind === 'update' ? doing.role : null}
            mine={mine}
            statics={statics}
            onClose={stop}
          />
        )}
        {doing?.kind === 'delete' && <DeleteRoleDialog role={doing.role} onClose={stop} />}
      </Suspense>
    </Page>
  );
}

function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <Stack component="section" gap="sm" aria-label={title} maw={640}>
      <Title order={2} size="h4">
        {title}
      </Title>
      {children}
    </Stack>
  );
}

function Cards({ children }: { children: ReactNode }) {
  return (
    <Stack component="ul" gap="xs" p={0} m={0}>
      {children}
    </Stack>
  );
}

function RoleCard(props: { name: string; base?: string; permissions: Permission[]; children?: ReactNode }) {
  const { m } = useI18n();
  return (
    <Card component="li" withBorder padding="sm" style={{ listStyle: 'none', overflowWrap: 'anywhere' }}>
      <Stack gap={4}>
        <Text fw={600}>{props.name}</Text>
        {props.base && (
          <Text size="sm" c="dimmed">
            {props.base}
          </Text>
        )}
        {props.permissions.length === 0 ? (
          <Text size="sm">{m.customRoles.holdsNothing}</Text>
        ) : (
          <List size="sm">
            {props.permissions.map((permission) => (
              <List.Item key={permission}>{label(m.customRoles.permissions, permission)}</List.Item>
            ))}
          </List>
        )}
        {props.children}
      </Stack>
    </Card>
  );
}
