// Search as you type, and the filters beside it.
import { Group, NativeSelect, TextInput } from '@mantine/core';
import type { ReactNode } from 'react';
import { useI18n } from '../i18n';
import { SearchIcon } from '../ui/icons';
import { useSearchField } from './listParams';

export function ListFilters(props: {
  params: URLSearchParams;
  set: (changes: Record<string, string | null>, options?: { replace?: boolean }) => void;
  withMfa: boolean;
  children?: ReactNode;
}) {
  const { m } = useI18n();
  const { params, set } = props;
  const search = useSearchField(params.get('search') ?? '', (text) => set({ search: text }, { replace: true }));
  return (
    <Group component="search" gap="sm" align="flex-end">
      <TextInput
        type="search"
        label={m.users.search}
        leftSection={<SearchIcon />}
        autoComplete="off"
        spellCheck={false}
        flex="4 1 16rem"
        {...search}
      />
      {props.children}
      {props.withMfa && (
        <NativeSelect
          label={m.users.mfa}
          flex="1 1 9rem"
          value={params.get('mfa') ?? ''}
          onChange={(event) => set({ mfa: event.currentTarget.value })}
          data={[
            { value: '', label: m.users.anyMfa },
            { value: 'on', label: m.users.mfaOn },
            { value: 'off', label: m.users.mfaOff },
          ]}
        />
      )}
    </Group>
  );
}
