// Adding one of the viewer's accounts to a portfolio. An account is in at most one, and its Owner or Admin adds it.
import { Anchor, NativeSelect, Text } from '@mantine/core';
import { useState } from 'react';
import { useClient, useQuery } from 'urql';
import { Link } from 'wouter';
import { useAllPages } from '../api/useAllPages';
import { useI18n } from '../i18n';
import { covers } from '../members/held';
import { MemberForm } from '../members/MemberForm';
import { perform } from '../members/places';
import { FailureNotice } from '../ui/FailureNotice';
import { Loading } from '../ui/Loading';
import { useToast } from '../ui/toasts';
import { addAccountToPortfolioDocument, linkableAccountsDocument, staticRolesDocument } from './documents';

export default function LinkDialog(props: { portfolio: { id: string; name: string }; onClose: () => void }) {
  const { m } = useI18n();
  const toast = useToast();
  const client = useClient();
  const { portfolio } = props;
  const [statics, askStatics] = useQuery({ query: staticRolesDocument });
  const linkable = useAllPages(linkableAccountsDocument, {}, (data) => data.viewer?.accounts);
  const error = statics.error ?? linkable.error;
  const again = () => {
    askStatics({ requestPolicy: 'network-only' });
    linkable.again();
  };
  // Linking gives all away that an Admin holds.
  const admin = statics.data?.staticRoles.find(({ role }) => role === 'ADMIN');
  const accounts =
    admin &&
    linkable.edges
      ?.filter(
        ({ role, node }) => !node.portfolio && covers({ role, permissions: node.viewerPermissions ?? [] }, admin),
      )
      .map(({ node }) => node);
  const [chosen, setChosen] = useState('');
  const account = accounts?.find((one) => one.id === chosen);

  return (
    <MemberForm
      title={m.settings.linkTitle(portfolio.name)}
      submit={m.settings.linkSubmit}
      ready={account !== undefined}
      run={() =>
        perform(
          client,
          addAccountToPortfolioDocument,
          { input: { accountId: chosen, portfolioId: portfolio.id } },
          (data) => data.addAccountToPortfolio,
        )
      }
      rejected={m.settings.linkRejected}
      onDone={() => toast(m.settings.linked(account?.name ?? ''))}
      onClose={props.onClose}
    >
      <Text size="sm">{m.settings.linkExplained}</Text>
      {error && <FailureNotice error={error} onRetry={again} />}
      {!error && !accounts && <Loading />}
      {accounts?.length === 0 && (
        <Text size="sm">
          {m.settings.nothingToLink}{' '}
          <Anchor component={Link} href="/create">
            {m.app.create}
          </Anchor>
        </Text>
      )}
      {accounts && accounts.length > 0 && (
        <NativeSelect
          name="account"
          label={m.settings.account}
          data-autofocus
          value={chosen}
          onChange={(event) => setChosen(event.currentTarget.value)}
          data={[
            { value: '', label: m.settings.chooseAccount },
            ...accounts.map(({ id, name }) => ({ value: id, label: name })),
          ]}
        />
      )}
    </MemberForm>
  );
}
