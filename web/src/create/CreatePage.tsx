// A new account or a new portfolio, with oneself as its Owner.
import { Button, Card, Group, Stack, Text, TextInput, Title } from '@mantine/core';
import { type FormEvent, type ReactNode, useState } from 'react';
import { useMutation } from 'urql';
import { useLocation } from 'wouter';
import { useSession } from '../app/session';
import { graphql } from '../gql';
import { useI18n } from '../i18n';
import { FailureNotice, RefusalNotice } from '../ui/FailureNotice';
import { Page } from '../ui/Page';
import { useToast } from '../ui/toasts';

const createAccountDocument = graphql(`
  mutation CreateAccount($input: CreateAccountInput!) {
    createAccount(input: $input) {
      __typename
      ... on AccountCreated {
        account {
          id
          name
        }
      }
      ... on CreateAccountRejected {
        reason
        message
        retryAt
      }
    }
  }
`);

const createPortfolioDocument = graphql(`
  mutation CreatePortfolio($input: CreatePortfolioInput!) {
    createPortfolio(input: $input) {
      __typename
      ... on PortfolioCreated {
        portfolio {
          id
          name
        }
      }
      ... on CreatePortfolioRejected {
        reason
        message
        retryAt
      }
    }
  }
`);

export default function CreatePage() {
  const { m } = useI18n();
  const { renew } = useSession();
  const [, navigate] = useLocation();
  const toast = useToast();
  const [account, createAccount] = useMutation(createAccountDocument);
  const [portfolio, createPortfolio] = useMutation(createPortfolioDocument);
  const accountAnswer = account.data?.createAccount;
  const portfolioAnswer = portfolio.data?.createPortfolio;

  const created = (name: string, path: string) => {
    toast(m.create.created(name));
    // The navigation has one more to offer.
    renew();
    navigate(path);
  };

  return (
    <Page title={m.create.title}>
      <NameForm
        title={m.create.account}
        explained={m.create.accountExplained}
        busy={account.fetching}
        onSubmit={async (name) => {
          const { data } = await createAccount({ input: { name } });
          if (data?.createAccount.__typename !== 'AccountCreated') return;
          const made = data.createAccount.account;
          created(made.name, `/accounts/${made.id}/users`);
        }}
      >
        {account.error && <FailureNotice error={account.error} />}
        {accountAnswer?.__typename === 'CreateAccountRejected' && (
          <RefusalNotice retryAt={accountAnswer.retryAt}>
            {m.create.rejected[accountAnswer.reason] ?? accountAnswer.message}
          </RefusalNotice>
        )}
      </NameForm>
      <NameForm
        title={m.create.portfolio}
        explained={m.create.portfolioExplained}
        busy={portfolio.fetching}
        onSubmit={async (name) => {
          const { data } = await createPortfolio({ input: { name } });
          if (data?.createPortfolio.__typename !== 'PortfolioCreated') return;
          const made = data.createPortfolio.portfolio;
          created(made.name, `/portfolios/${made.id}/accounts`);
        }}
      >
        {portfolio.error && <FailureNotice error={portfolio.error} />}
        {portfolioAnswer?.__typename === 'CreatePortfolioRejected' && (
          <RefusalNotice retryAt={portfolioAnswer.retryAt}>
            {m.create.rejected[portfolioAnswer.reason] ?? portfolioAnswer.message}
          </RefusalNotice>
        )}
      </NameForm>
    </Page>
  );
}

function NameForm(props: {
  title: string;
  explained: string;
  busy: boolean;
  onSubmit: (name: string) => Promise<void>;
  children: ReactNode;
}) {
  const { m } = useI18n();
  const [name, setName] = useState('');
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void props.onSubmit(name.trim());
  };
  return (
    <Card component="section" aria-label={props.title} withBorder padding="lg" maw={640}>
      <form onSubmit={submit}>
        <Stack>
          <Title order={2} size="h4">
            {props.title}
          </Title>
          <Text size="sm">{props.explained}</Text>
          {props.children}
          <TextInput
            name="name"
            label={m.create.name}
            autoComplete="off"
            maxLength={200}
            required
            withAsterisk={false}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <Group>
            <Button type="submit" loading={props.busy}>
              {props.title}
            </Button>
          </Group>
        </Stack>
      </form>
    </Card>
  );
}
