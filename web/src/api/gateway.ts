// The one way to the gateway: queries and mutations over HTTP, subscriptions over one WebSocket. The session travels
// in a cookie that no script can read; the header says that the request means to use it.
import {
  Client,
  CombinedError,
  fetchExchange,
  getOperationName,
  mapExchange,
  type OperationResult,
  subscriptionExchange,
} from '@urql/core';
import { cacheExchange } from '@urql/exchange-graphcache';
import { createClient as createSocket } from 'graphql-ws';
import { cacheOptions } from './cache';
import { errorCodes, lacksMfa } from './errors';

export interface Gateway {
  client: Client;
  /** Calls back when the socket is lost (false), and when it is back (true): events may have been missed meanwhile. */
  onConnection(listener: (connected: boolean) => void): () => void;
  dispose(): void;
}

const CLOSED_BY_US = 1000;
/** Close codes after which another attempt with the same session cannot succeed. */
const FINAL_CLOSE_CODES = new Set([4400, 4401, 4403, 4409]);

export interface Hosts {
  /** The gateway takes the session no more. */
  onSignedOut(): void;
  /** It takes the session only to set MFA up. */
  onRestricted(): void;
  /** It asks for a fresh proof of who is there: true once that was given. */
  prove(): Promise<boolean>;
}

export function createGateway({ onSignedOut, onRestricted, prove }: Hosts): Gateway {
  const listeners = new Set<(connected: boolean) => void>();
  const tell = (connected: boolean) => {
    for (const listener of listeners) listener(connected);
  };
  let lost = false;

  const socket = createSocket({
    url: socketUrl(),
    lazy: true,
    lazyCloseTimeout: 2_000,
    retryAttempts: Number.POSITIVE_INFINITY,
    retryWait: (attempt) => sleep(Math.min(30_000, 500 * 2 ** attempt) * (0.5 + Math.random() / 2)),
    shouldRetry: (event) => !(event instanceof CloseEvent && FINAL_CLOSE_CODES.has(event.code)),
    on: {
      connected: () => {
        if (lost) tell(true);
        lost = false;
      },
      closed: (event) => {
        if (event instanceof CloseEvent && event.code === CLOSED_BY_US) return;
        if (!lost) tell(false);
        lost = true;
      },
    },
  });

  const client = new Client({
    url: '/graphql',
    preferGetMethod: false,
    fetch: repeatedWithProof(prove),
    fetchOptions: { credentials: 'same-origin', headers: { 'Latchkey-Session': 'cookie' } },
    exchanges: [
      mapExchange({
        onError(error, operation) {
          // Asking who is signed in must not end in asking again.
          if (getOperationName(operation.query) === 'Viewer') return;
          if (errorCodes(error).has('UNAUTHENTICATED')) onSignedOut();
          else if (lacksMfa(error)) onRestricted();
        },
      }),
      cacheExchange(cacheOptions),
      mapExchange({ onResult: withoutOwnReset }),
      fetchExchange,
      subscriptionExchange({
        forwardSubscription: (request) => ({
          subscribe: (sink) => ({
            unsubscribe: socket.subscribe(
              {
                query: request.query ?? '',
                operationName: request.operationName ?? null,
                variables: request.variables ?? null,
              },
              sink,
            ),
          }),
        }),
      }),
    ],
  });

  return {
    client,
    onConnection(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    dispose() {
      listeners.clear();
      void socket.dispose();
    },
  };
}

/**
 * In a list of people the viewer's own waiting reset is always refused to them. The cache takes a refused field for one
 * that was never read, would ask for the whole list again and again, and in the end lose sight of it: null is all it says.
 */
function withoutOwnReset(result: OperationResult): OperationResult {
  if (!result.error || result.error.networkError) return result;
  const others = result.error.graphQLErrors.filter(
    ({ path, extensions }) => path?.at(-1) !== 'pendingMfaReset' || extensions['code'] !== 'FORBIDDEN',
  );
  const { error: _refused, ...answer } = result;
  return others.length > 0 ? { ...answer, error: new CombinedError({ graphQLErrors: others }) } : answer;
}

/** Whatever asks for a fresh proof is sent again once that was given: who sent it sees the last answer only. */
function repeatedWithProof(prove: () => Promise<boolean>): typeof fetch {
  return async (input, init) => {
    const response = await fetch(input, init);
    if (!asksForProof(await response.clone().text())) return response;
    return (await prove()) ? fetch(input, init) : response;
  };
}

function asksForProof(body: string): boolean {
  if (!body.includes('STEP_UP_REQUIRED')) return false;
  // An audit log may show the word as well.
  const { data } = JSON.parse(body) as { data?: Record<string, { reason?: unknown } | null> | null };
  return Object.values(data ?? {}).some((result) => result?.reason === 'STEP_UP_REQUIRED');
}

function socketUrl(): string {
  const url = new URL('/graphql/ws', window.location.origin);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  return url.href;
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
