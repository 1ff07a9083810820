// Where one is logged in, and ending what should not be.
import { Badge, Button, Card, Group, Stack, Text, Title } from '@mantine/core';
import { useMutation, useQuery } from 'urql';
import { graphql } from '../gql';
import { useI18n } from '../i18n';
import { FailureNotice } from '../ui/FailureNotice';
import { useToast } from '../ui/toasts';

const sessionsDocument = graphql(`
  query Sessions {
    viewer {
      sessions(first: 100) {
        edges {
          node {
            id
            createdAt
            lastUsedAt
            ip
            userAgent
            current
          }
        }
      }
    }
  }
`);

const revokeSessionDocument = graphql(`
  mutation RevokeSession($input: RevokeSessionInput!) {
    revokeSession(input: $input) {
      __typename
    }
  }
`);

const revokeOtherSessionsDocument = graphql(`
  mutation RevokeOtherSessions {
    revokeOtherSessions {
      __typename
    }
  }
`);

export function Sessions() {
  const { m, dateTime } = useI18n();
  const toast = useToast();
  const [{ data, error }, refetch] = useQuery({ query: sessionsDocument, requestPolicy: 'cache-and-network' });
  const [revoking, revoke] = useMutation(revokeSessionDocument);
  const [revokingOthers, revokeOthers] = useMutation(revokeOtherSessionsDocument);
  const reload = () => refetch({ requestPolicy: 'network-only' });
  const sessions = data?.viewer?.sessions.edges.map((edge) => edge.node) ?? [];

  const done = (failed: boolean) => {
    toast(failed ? m.failure.title : m.sessions.ended);
    reload();
  };

  return (
    <Card withBorder padding="lg">
      <Stack>
        <Group justify="space-between">
          <Title order={2} size="h4">
            {m.sessions.title}
          </Title>
          {sessions.length > 1 && (
            <Button
              variant="default"
              size="xs"
              loading={revokingOthers.fetching}
              onClick={() => void revokeOthers({}).then((result) => done(Boolean(result.error)))}
            >
              {m.sessions.endOthers}
            </Button>
          )}
        </Group>
        {error && sessions.length === 0 && <FailureNotice error={error} onRetry={reload} />}
        {sessions.map((session) => (
          <Group key={session.id} justify="space-between" wrap="nowrap" align="flex-start">
            <div style={{ minWidth: 0 }}>
              <Text size="sm" style={{ overflowWrap: 'anywhere' }}>
                {session.userAgent ?? m.sessions.unknownDevice}
              </Text>
              <Text size="xs" c="dimmed">
                {[
                  session.ip,
                  m.sessions.since(dateTime(session.createdAt)),
                  m.sessions.lastUsed(dateTime(session.lastUsedAt)),
                ]
                  .filter(Boolean)
                  .join(' · ')}
              </Text>
            </div>
            {session.current ? (
              <Badge variant="outline" tt="none" miw="max-content">
                {m.sessions.current}
              </Badge>
            ) : (
              <Button
                size="compact-sm"
                variant="default"
                flex="none"
                disabled={revoking.fetching}
                aria-label={m.sessions.endThis(dateTime(session.createdAt))}
                onClick={() =>
                  void revoke({ input: { sessionId: session.id } }).then((result) => done(Boolean(result.error)))
                }
              >
                {m.sessions.end}
              </Button>
            )}
          </Group>
        ))}
      </Stack>
    </Card>
  );
}
