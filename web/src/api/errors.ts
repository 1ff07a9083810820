// What can go wrong on the way, apart from refusals: those are data.
import type { CombinedError } from '@urql/core';

export type ErrorCode =
  'UNAUTHENTICATED' | 'FORBIDDEN' | 'NOT_FOUND' | 'BAD_USER_INPUT' | 'RATE_LIMITED' | 'UNAVAILABLE' | 'INTERNAL';

export function errorCodes(error: CombinedError | undefined): Set<string> {
  const codes = (error?.graphQLErrors ?? []).map((one) => one.extensions['code']);
  return new Set(codes.filter((code): code is string => typeof code === 'string'));
}

/** Whether MFA became required while the person was logged in, and the session is without. */
export function lacksMfa(error: CombinedError): boolean {
  const reasons = error.graphQLErrors.map((one) => one.extensions['reason']);
  return reasons.includes('MFA_ENROLLMENT_REQUIRED') || reasons.includes('MFA_REQUIRED');
}

export type Failure = 'network' | ErrorCode;

/** The one failure that the person can do something about. */
export function failureOf(error: CombinedError): Failure {
  if (error.networkError) return 'network';
  const codes = errorCodes(error);
  for (const code of [
    'UNAUTHENTICATED',
    'FORBIDDEN',
    'NOT_FOUND',
    'RATE_LIMITED',
    'UNAVAILABLE',
    'BAD_USER_INPUT',
  ] as const) {
    if (codes.has(code)) return code;
  }
  return 'INTERNAL';
}
