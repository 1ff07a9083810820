// The token of a reset link: it comes in the fragment, which no server and no Referer header ever sees, leaves the
// address bar and the history at once, and lives only in this page's memory.
import { useSyncExternalStore } from 'react';

const PATH = '/mfa-reset';
const listeners = new Set<() => void>();
let token: string | null = null;

function take(): void {
  if (window.location.pathname !== PATH || window.location.hash === '') return;
  token = new URLSearchParams(window.location.hash.slice(1)).get('token');
  window.history.replaceState(null, '', PATH);
  for (const listener of listeners) listener();
}

take();
// A second link pasted into the same tab changes only the fragment: no page load tells us.
window.addEventListener('hashchange', take);

export function useResetToken(): string | null {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => token,
  );
}
