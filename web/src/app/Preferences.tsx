// Language and appearance, kept by the browser.
import { Group, type MantineColorScheme, NativeSelect, useMantineColorScheme } from '@mantine/core';
import { type Language, languages, useI18n } from '../i18n';

export function Preferences() {
  const { m, language, setLanguage } = useI18n();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  return (
    <Group grow gap="xs" wrap="nowrap">
      <NativeSelect
        size="xs"
        aria-label={m.app.language}
        value={language}
        onChange={(event) => setLanguage(event.currentTarget.value as Language)}
        data={Object.entries(languages).map(([value, label]) => ({ value, label }))}
      />
      <NativeSelect
        size="xs"
        aria-label={m.app.theme}
        value={colorScheme}
        onChange={(event) => setColorScheme(event.currentTarget.value as MantineColorScheme)}
        data={[
          { value: 'auto', label: m.app.themeAuto },
          { value: 'light', label: m.app.themeLight },
          { value: 'dark', label: m.app.themeDark },
        ]}
      />
    </Group>
  );
}
