// Taking an account out of its portfolio. The account stays, with everybody in it.
import { Text } from '@mantine/core';
import { useClient } from 'urql';
import { useI18n } from '../i18n';
import { MemberForm } from '../members/MemberForm';
import { perform } from '../members/places';
import { useToast } from '../ui/toasts';
import { removeAccountFromPortfolioDocument } from './documents';

export default function UnlinkDialog(props: {
  account: { id: string; name: string };
  portfolio: { id: string; name: string };
  onClose: () => void;
}) {
  const { m } = useI18n();
  const toast = useToast();
  const client = useClient();
  const { account, portfolio } = props;
  return (
    <MemberForm
      title={m.settings.unlinkTitle(account.name, portfolio.name)}
      submit={m.settings.unlinkSubmit}
      dangerous
      run={() =>
        perform(
          client,
          removeAccountFromPortfolioDocument,
          { input: { accountId: account.id, portfolioId: portfolio.id } },
          (data) => data.removeAccountFromPortfolio,
        )
      }
      rejected={m.settings.unlinkRejected}
      onDone={() => toast(m.settings.unlinked(account.name))}
      onClose={props.onClose}
    >
      <Text size="sm">{m.settings.unlinkExplained(portfolio.name)}</Text>
    </MemberForm>
  );
}
