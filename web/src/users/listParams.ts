// Search, filters and cursor of a list, kept in the address: the back button and a reload keep them.
import { useDebouncedCallback } from '@mantine/hooks';
import { useEffect, useRef, useState } from 'react';
import { useSearchParams } from 'wouter';

const SEARCH_PAUSE = 250;

export function useListParams() {
  const [params, setParams] = useSearchParams();

  /** Any change but a move to another page begins at the first page again. */
  const set = (changes: Record<string, string | null>, options?: { replace?: boolean }) =>
    setParams((old) => {
      const next = new URLSearchParams(old);
      next.delete('after');
      next.delete('before');
      for (const [key, value] of Object.entries(changes)) {
        if (value) next.set(key, value);
        else next.delete(key);
      }
      return next;
    }, options);

  return { params, set };
}

/** A text field that searches a moment after the last key. */
export function useSearchField(current: string, onSearch: (text: string) => void) {
  const [text, setText] = useState(current);
  const sent = useRef(current);
  const search = useDebouncedCallback((value: string) => {
    sent.current = value;
    onSearch(value);
  }, SEARCH_PAUSE);

  useEffect(() => {
    // The address changed by itself, through the back button for instance.
    if (current !== sent.current) {
      sent.current = current;
      setText(current);
    }
  }, [current]);

  return {
    value: text,
    onChange(event: { currentTarget: { value: string } }) {
      setText(event.currentTarget.value);
      search(event.currentTarget.value.trim());
    },
  };
}

export function mfaFilter(params: URLSearchParams): boolean | null {
  const value = params.get('mfa');
  return value === 'on' ? true : value === 'off' ? false : null;
}
