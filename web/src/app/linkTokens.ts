// The tokens of links in mails: one comes in the fragment, which no server and no Referer header ever sees, leaves the
// address bar and the history at once, and lives only in this page's memory.
import { useSyncExternalStore } from 'react';

/** A hook that gives the token of the link that leads to this path, if one was followed in this tab. */
function linkTokenAt(path: string): () => string | null {
  const listeners = new Set<() => void>();
  let token: string | null = null;

  function take(): void {
    if (window.location.pathname !== path || window.location.hash === '') return;
    token = new URLSearchParams(window.location.hash.slice(1)).get('token');
    window.history.replaceState(null, '', path);
    for (const listener of listeners) listener();
  }

  take();
  // A second link pasted into the same tab changes only the fragment: no page load tells us.
  window.addEventListener('hashchange', take);

  const subscribe = (listener: () => void) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  };
  return () => useSyncExternalStore(subscribe, () => token);
}

export const useResetToken = linkTokenAt('/mfa-reset');
export const useInvitationToken = linkTokenAt('/invitation');
export const useVerificationToken = linkTokenAt('/verify-email');
export const useRecoveryToken = linkTokenAt('/recovery');
export const usePasswordToken = linkTokenAt('/reset-password');
