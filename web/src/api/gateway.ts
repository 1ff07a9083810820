// The one way to the gateway: queries and mutations over HTTP, subscriptions over one WebSocket. The session travels
// in a cookie that no script can read; the header says that the request means to use it.
import { Client, fetchExchange, getOperationName, mapExchange, subscriptionExchange } from '@urql/core';
import { cacheExchange } from '@urql/exchange-graphcache';
import { createClient as createSocket } from 'graphql-ws';
import { cacheOptions } from './cache';
import { errorCodes, lacksMfa } from './errors';

export interface Gateway {
  client: Client;
  /** Calls back after the socket came back from a loss: events may have been missed meanwhile. */
  onReconnected(listener: () => void): () => void;
  dispose(): void;
}

/** Close codes after which another attempt with the same session cannot succeed. */
const FINAL_CLOSE_CODES = new Set([4400, 4401, 4403, 4409]);

/** Calls back when the gateway takes the session no more, or only to set MFA up. */
export function createGateway(onSignedOut: () => void, onRestricted: () => void): Gateway {
  const reconnectListeners = new Set<() => void>();
  let connectedBefore = false;

  const socket = createSocket({
    url: socketUrl(),
    lazy: true,
    lazyCloseTimeout: 2_000,
    retryAttempts: Number.POSITIVE_INFINITY,
    retryWait: (attempt) => sleep(Math.min(30_000, 500 * 2 ** attempt) * (0.5 + Math.random() / 2)),
    shouldRetry: (event) => !(event instanceof CloseEvent && FINAL_CLOSE_CODES.has(event.code)),
    on: {
      connected: () => {
        if (connectedBefore) for (const listener of reconnectListeners) listener();
        connectedBefore = true;
      },
    },
  });

  const client = new Client({
    url: '/graphql',
    preferGetMethod: false,
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
    onReconnected(listener) {
      reconnectListeners.add(listener);
      return () => reconnectListeners.delete(listener);
    },
    dispose() {
      reconnectListeners.clear();
      void socket.dispose();
    },
  };
}

function socketUrl(): string {
  const url = new URL('/graphql/ws', window.location.origin);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  return url.href;
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
