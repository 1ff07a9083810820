// Backup codes, shown this once: copied, downloaded or printed, and confirmed before they vanish.
import { Button, Checkbox, CopyButton, Group, List, Stack, Text } from '@mantine/core';
import { useEffect, useState } from 'react';
import { useI18n } from '../i18n';
import classes from './BackupCodes.module.css';

export default function BackupCodes({ codes, onSaved }: { codes: string[]; onSaved: () => void }) {
  const { m } = useI18n();
  const [confirmed, setConfirmed] = useState(false);

  useEffect(() => {
    const warn = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener('beforeunload', warn);
    return () => window.removeEventListener('beforeunload', warn);
  }, []);

  const download = () => {
    const url = URL.createObjectURL(
      new Blob([`${m.codes.fileHeading}\n\n${codes.join('\n')}\n`], { type: 'text/plain' }),
    );
    const link = document.createElement('a');
    link.href = url;
    link.download = m.codes.fileName;
    link.click();
    URL.revokeObjectURL(url);
  };

  return (
    <Stack>
      <Text>{m.codes.explained}</Text>
      <List className={classes['codes']} listStyleType="none" aria-label={m.codes.list}>
        {codes.map((code) => (
          <List.Item key={code}>
            <code>{code}</code>
          </List.Item>
        ))}
      </List>
      <Group gap="xs">
        <CopyButton value={codes.join('\n')}>
          {({ copied, copy }) => (
            <Button variant="default" onClick={copy}>
              {copied ? m.codes.copied : m.codes.copy}
            </Button>
          )}
        </CopyButton>
        <Button variant="default" onClick={download}>
          {m.codes.download}
        </Button>
        <Button variant="default" onClick={() => window.print()}>
          {m.codes.print}
        </Button>
      </Group>
      <Checkbox
        label={m.codes.confirm}
        checked={confirmed}
        onChange={(event) => setConfirmed(event.currentTarget.checked)}
      />
      <Button disabled={!confirmed} onClick={onSaved}>
        {m.codes.submit}
      </Button>
    </Stack>
  );
}
