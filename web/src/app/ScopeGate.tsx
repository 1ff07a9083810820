// Waits for the account or portfolio of the address, and says so where there is none to be seen.
import type { CombinedError } from '@urql/core';
import type { ReactNode } from 'react';
import { FailureNotice } from '../ui/FailureNotice';
import { Loading } from '../ui/Loading';
import { NotFound } from './NotFound';

export function ScopeGate<Scope, Rights>(props: {
  loaded: {
    scope: Scope | null;
    /** What the viewer may do there. */
    rights: Rights;
    loading: boolean;
    error: CombinedError | undefined;
    retry: (options: { requestPolicy: 'network-only' }) => void;
  };
  children: (scope: Scope, rights: Rights) => ReactNode;
}) {
  const { scope, rights, loading, error, retry } = props.loaded;
  if (loading) return <Loading />;
  if (scope) return props.children(scope, rights);
  if (error) return <FailureNotice error={error} onRetry={() => retry({ requestPolicy: 'network-only' })} />;
  return <NotFound />;
}
