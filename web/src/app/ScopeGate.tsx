// Waits for the account or portfolio of the address, and says so where there is none to be seen.
import type { CombinedError } from '@urql/core';
import type { ReactNode } from 'react';
import { FailureNotice } from '../ui/FailureNotice';
import { Loading } from '../ui/Loading';
import { NotFound } from './NotFound';

export function ScopeGate<Scope>(props: {
  loaded: {
    scope: Scope | null;
    canManage: boolean;
    loading: boolean;
    error: CombinedError | undefined;
    retry: (options: { requestPolicy: 'network-only' }) => void;
  };
  children: (scope: Scope, canManage: boolean) => ReactNode;
}) {
  const { scope, canManage, loading, error, retry } = props.loaded;
  if (loading) return <Loading />;
  if (scope) return props.children(scope, canManage);
  if (error) return <FailureNotice error={error} onRetry={() => retry({ requestPolicy: 'network-only' })} />;
  return <NotFound />;
}
