// Name, and the language and time zone in which mail is written.
import { Button, Group, NativeSelect, Stack, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { useMutation } from 'urql';
import { useI18n } from '../i18n';
import { FailureNotice, RefusalNotice } from '../ui/FailureNotice';
import { useToast } from '../ui/toasts';
import { updateProfileDocument } from './documents';

/** The languages that mail is written in, each by its own name. */
const MAIL_LANGUAGES: Record<string, string> = {
  en: 'English',
  de: 'Deutsch',
  es: 'Español',
  fr: 'Français',
  ko: '한국어',
};

export function AboutForm(props: {
  name: string;
  locale: string | null;
  timeZone: string | null;
  onSaved: () => void;
}) {
  const { m } = useI18n();
  const toast = useToast();
  const [name, setName] = useState(props.name);
  const [locale, setLocale] = useState(props.locale);
  const [timeZone, setTimeZone] = useState(props.timeZone);
  const [{ data, error, fetching }, update] = useMutation(updateProfileDocument);
  const answer = data?.updateProfile;

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const result = await update({ input: { name: name.trim(), locale, timeZone } });
    if (result.data?.updateProfile.__typename !== 'ProfileUpdated') return;
    toast(m.profile.saved);
    props.onSaved();
  };

  return (
    <form onSubmit={(event) => void submit(event)}>
      <Stack>
        {error && <FailureNotice error={error} />}
        {answer?.__typename === 'UpdateProfileRejected' && (
          <RefusalNotice retryAt={answer.retryAt}>{m.profile.rejected[answer.reason] ?? answer.message}</RefusalNotice>
        )}
        <TextInput
          name="name"
          label={m.profile.name}
          autoComplete="name"
          maxLength={200}
          required
          withAsterisk={false}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <NativeSelect
          name="locale"
          label={m.profile.mailLanguage}
          value={locale ?? ''}
          onChange={(event) => setLocale(event.currentTarget.value || null)}
          data={[{ value: '', label: m.profile.defaultLanguage }, ...languages(props.locale)]}
        />
        <NativeSelect
          name="timeZone"
          label={m.profile.timeZone}
          description={m.profile.timeZoneHint}
          value={timeZone ?? ''}
          onChange={(event) => setTimeZone(event.currentTarget.value || null)}
          data={[{ value: '', label: m.profile.defaultTimeZone }, ...timeZones(props.timeZone)]}
        />
        <Group>
          <Button type="submit" loading={fetching}>
            {m.profile.save}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

/** What was chosen elsewhere stays on the list, even where this browser does not know it. */
function languages(current: string | null) {
  const known = Object.entries(MAIL_LANGUAGES).map(([value, label]) => ({ value, label }));
  return current && !(current in MAIL_LANGUAGES) ? [{ value: current, label: current }, ...known] : known;
}

function timeZones(current: string | null): string[] {
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return [...new Set([...(current ? [current] : []), here, ...Intl.supportedValuesOf('timeZone')])];
}
