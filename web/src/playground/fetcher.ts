// How the playground talks to the gateway: JSON over POST with the session cookie, subscriptions over
// graphql-transport-ws. An Authorization header typed into the headers editor takes the cookie's place.
import { createGraphiQLFetcher } from '@graphiql/toolkit';

const httpFetch: typeof fetch = (input, init) => {
  const headers = new Headers(init?.headers);
  if (!headers.has('authorization')) headers.set('Latchkey-Session', 'cookie');
  return fetch(input, { ...init, headers, credentials: 'same-origin' });
};

const socketUrl = new URL('/graphql/ws', window.location.href);
socketUrl.protocol = socketUrl.protocol === 'https:' ? 'wss:' : 'ws:';

export const fetcher = createGraphiQLFetcher({
  url: '/graphql',
  fetch: httpFetch,
  subscriptionUrl: socketUrl.href,
  enableIncrementalDelivery: false,
});
