// The invitations to an account or a portfolio that wait: to whom, as what, until when; sent again, or taken back.
import { Button, Card, Group, Stack, Text, Title } from '@mantine/core';
import { useState } from 'react';
import { useMutation, useQuery } from 'urql';
import type { WaitingInvitationFragment } from '../gql/graphql';
import { roleName, useI18n } from '../i18n';
import { FailureNotice } from '../ui/FailureNotice';
import { type PageCursor, Pager } from '../ui/Pager';
import { useToast } from '../ui/toasts';
import { useNow } from '../ui/useNow';
import {
  accountInvitationsDocument,
  portfolioInvitationsDocument,
  resendInvitationDocument,
  revokeInvitationDocument,
} from './documents';
import type { Scope } from './places';

const PAGE_SIZE = 10;

/** Without `canChange` they are only shown. */
export default function Invitations({ scope, canChange }: { scope: Scope; canChange: boolean }) {
  const { m } = useI18n();
  const [cursor, setCursor] = useState<PageCursor>({ first: PAGE_SIZE });
  const inPortfolio = scope.kind === 'portfolio';
  const options = { requestPolicy: 'cache-and-network', variables: { id: scope.id, ...cursor } } as const;
  const [account, askAccount] = useQuery({ ...options, query: accountInvitationsDocument, pause: inPortfolio });
  const [portfolio, askPortfolio] = useQuery({ ...options, query: portfolioInvitationsDocument, pause: !inPortfolio });
  const reload = () => (inPortfolio ? askPortfolio : askAccount)({ requestPolicy: 'network-only' });
  const error = account.error ?? portfolio.error;
  const page = account.data?.account?.invitations ?? portfolio.data?.portfolio?.invitations;
  if (!page) return error ? <FailureNotice error={error} onRetry={reload} /> : null;
  if (page.edges.length === 0 && !page.pageInfo.hasPreviousPage) return null;

  return (
    <Stack component="section" gap="sm" aria-label={m.members.waiting}>
      <Title order={2} size="h4">
        {m.members.waiting}
      </Title>
      <Stack component="ul" gap="xs" p={0} m={0}>
        {page.edges.map(({ node }) => (
          <Waiting key={node.id} invitation={node} canChange={canChange} onRevoked={reload} />
        ))}
      </Stack>
      <Pager
        info={page.pageInfo}
        label={`${m.users.pages}: ${m.members.waiting}`}
        onMove={({ after, before }) => {
          if (after) setCursor({ first: PAGE_SIZE, after });
          if (before) setCursor({ last: PAGE_SIZE, before });
        }}
      />
    </Stack>
  );
}

function Waiting(props: { invitation: WaitingInvitationFragment; canChange: boolean; onRevoked: () => void }) {
  const { invitation, canChange, onRevoked } = props;
  const { m, dateTime, clock } = useI18n();
  const toast = useToast();
  const now = useNow();
  const [resent, resend] = useMutation(resendInvitationDocument);
  const [revoked, revoke] = useMutation(revokeInvitationDocument);
  const { id, email, offer, invitedBy } = invitation;
  const offered =
    offer.__typename === 'AccountOffer'
      ? { role: offer.accountRole, customRole: offer.customRole ?? null }
      : { role: offer.portfolioRole };
  const expired = invitation.state === 'EXPIRED' || new Date(invitation.expiresAt).getTime() <= now;

  const sendAgain = async () => {
    const { data, error } = await resend({ input: { invitationId: id } });
    if (error) toast(m.failure.title);
    const answer = data?.resendInvitation;
    if (answer?.__typename === 'InvitationResent') toast(m.members.invited(email));
    if (answer?.__typename !== 'ResendInvitationRejected') return;
    if (answer.reason === 'NOT_PENDING') {
      toast(m.members.notWaiting);
      onRevoked();
      return;
    }
    const why = m.members.inviteRejected[answer.reason] ?? answer.message;
    toast(answer.retryAt ? `${why} ${m.time.tryAgainAt(clock(answer.retryAt))}` : why);
  };
  const takeBack = async () => {
    const { data, error } = await revoke({ input: { invitationId: id } });
    if (error) toast(m.failure.title);
    if (!data) return;
    toast(data.revokeInvitation.__typename === 'InvitationRevoked' ? m.members.revoked(email) : m.members.notWaiting);
    onRevoked();
  };

  return (
    <Card component="li" withBorder padding="sm" style={{ listStyle: 'none' }}>
      <Group justify="space-between" gap="xs">
        <div style={{ minWidth: 0 }}>
          <Text size="sm" fw={600} style={{ overflowWrap: 'anywhere' }}>
            {email}
          </Text>
          <Text size="sm">
            {`${roleName(m, offered)} · `}
            {expired ? m.members.expired : m.members.validUntil(dateTime(invitation.expiresAt))}
          </Text>
          <Text size="xs" c={invitation.delivery === 'FAILED' ? 'var(--mantine-color-error)' : 'dimmed'}>
            {invitedBy && `${m.members.invitedBy(invitedBy.name)} · `}
            {{ QUEUED: m.reset.queued, SENT: m.reset.sent, FAILED: m.reset.failed }[invitation.delivery]}
          </Text>
        </div>
        {canChange && (
          <Group gap="xs">
            <Button
              size="compact-xs"
              variant="default"
              loading={resent.fetching}
              aria-label={m.members.sendAgainTo(email)}
              onClick={() => void sendAgain()}
            >
              {m.members.sendAgain}
            </Button>
            <Button
              size="compact-xs"
              variant="default"
              loading={revoked.fetching}
              aria-label={m.members.revokeFrom(email)}
              onClick={() => void takeBack()}
            >
              {m.members.revoke}
            </Button>
          </Group>
        )}
      </Group>
    </Card>
  );
}
