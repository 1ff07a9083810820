// Oneself: name, language and time zone of mail, address, password.
import { Card, Stack, Title } from '@mantine/core';
import type { ReactNode } from 'react';
import { useQuery } from 'urql';
import { graphql } from '../gql';
import { useI18n } from '../i18n';
import { FailureNotice } from '../ui/FailureNotice';
import { Loading } from '../ui/Loading';
import { Page } from '../ui/Page';
import { AboutForm } from './AboutForm';
import { EmailForm } from './EmailForm';
import { PasswordForm } from './PasswordForm';

const profileDocument = graphql(`
  query Profile {
    viewer {
      locale
      timeZone
      pendingEmail
      user {
        id
        name
        email
      }
    }
  }
`);

export default function ProfilePage() {
  const { m } = useI18n();
  const [{ data, error }, refetch] = useQuery({ query: profileDocument, requestPolicy: 'cache-and-network' });
  const reload = () => refetch({ requestPolicy: 'network-only' });
  const viewer = data?.viewer;
  return (
    <Page title={m.profile.title}>
      {error && !viewer && <FailureNotice error={error} onRetry={reload} />}
      {!error && !viewer && <Loading />}
      {viewer && (
        <>
          <Part title={m.profile.about}>
            <AboutForm
              name={viewer.user.name}
              locale={viewer.locale ?? null}
              timeZone={viewer.timeZone ?? null}
              onSaved={reload}
            />
          </Part>
          <Part title={m.profile.email}>
            <EmailForm email={viewer.user.email} pending={viewer.pendingEmail ?? null} onAsked={reload} />
          </Part>
          <Part title={m.profile.password}>
            <PasswordForm />
          </Part>
        </>
      )}
    </Page>
  );
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <Card component="section" aria-label={title} withBorder padding="lg" maw={640}>
      <Stack>
        <Title order={2} size="h4">
          {title}
        </Title>
        {children}
      </Stack>
    </Card>
  );
}
