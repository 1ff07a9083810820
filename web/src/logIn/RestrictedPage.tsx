// What a session can do that is without a second factor where one is required: set MFA up, or log in again with it.
import { Button, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import { Plain } from '../app/Plain';
import { useSession } from '../app/session';
import { useLogOut } from '../app/useLogOut';
import { useI18n } from '../i18n';
import { PageTitle } from '../ui/Page';
import BackupCodes from './BackupCodes';
import EnrolStep from './EnrolStep';

export default function RestrictedPage({ canEnrol }: { canEnrol: boolean }) {
  const { m } = useI18n();
  const { renew } = useSession();
  const logOut = useLogOut();
  const [codes, setCodes] = useState<string[] | null>(null);

  if (codes) {
    return (
      <Plain>
        <Stack>
          <PageTitle>{m.codes.title}</PageTitle>
          <BackupCodes codes={codes} onSaved={renew} />
        </Stack>
      </Plain>
    );
  }
  return (
    <Plain>
      <Stack>
        <PageTitle>{canEnrol ? m.enrol.title : m.restricted.again}</PageTitle>
        <Text>{canEnrol ? m.restricted.enrol : m.restricted.againExplained}</Text>
        {canEnrol && <EnrolStep onEnrolled={setCodes} />}
        <Button variant={canEnrol ? 'default' : 'filled'} onClick={() => void logOut('/login')}>
          {canEnrol ? m.app.logOut : m.restricted.again}
        </Button>
      </Stack>
    </Plain>
  );
}
