// The published client of graphql-transport-ws (npm graphql-ws) against a running gateway:
//   node ws_client.mjs WS_URL SUBSCRIPTION [CONNECTION_PARAMS_JSON]
// SUBSCRIPTION goes on without an end. Prints what failed and a figure; ends 0 only if every case passed.
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';

const [url, subscription, params = '{}'] = process.argv.slice(2);
if (!url || !subscription) {
  console.error('usage: node ws_client.mjs WS_URL SUBSCRIPTION [CONNECTION_PARAMS_JSON]');
  process.exit(2);
}
const QUERY = '{ __typename }';
const client = (options = {}) =>
  createClient({ url, webSocketImpl: WebSocket, connectionParams: JSON.parse(params), retryAttempts: 0, ...options });

/** Results of an operation; it is left after `most` of them. */
const collect = (from, query, most = Infinity) =>
  new Promise((resolve, reject) => {
    const results = [];
    const leave = from.subscribe(
      { query },
      {
        next: (result) => {
          results.push(result);
          if (results.length >= most) leave();
        },
        error: reject,
        complete: () => resolve(results),
      },
    );
  });
const within = (promise, ms = 10_000) =>
  Promise.race([promise, new Promise((_, no) => setTimeout(() => no(new Error(`nothing in ${ms} ms`)), ms).unref())]);
const check = (yes, text) => {
  if (!yes) throw new Error(text);
};

const cases = {
  'a query gives one result': async (c) => {
    const results = await within(collect(c, QUERY));
    check(results.length === 1 && results[0].data, JSON.stringify(results));
  },
  'a document that does not validate gives an error': async (c) => {
    const error = await within(collect(c, '{ noSuchField }').then(() => null, (e) => e));
    check(Array.isArray(error) && error[0].extensions.code === 'BAD_USER_INPUT', JSON.stringify(error));
  },
  'a document that does not parse gives an error': async (c) => {
    const error = await within(collect(c, '{ ').then(() => null, (e) => e));
    check(Array.isArray(error), JSON.stringify(error));
  },
  'fifty operations share one socket': async (c, sockets) => {
    const all = await within(Promise.all(Array.from({ length: 50 }, () => collect(c, QUERY))));
    check(all.every((results) => results.length === 1) && sockets() === 1, `${sockets()} sockets`);
  },
  'a subscription gives results and can be left': async (c) => {
    const results = await within(collect(c, subscription, 2));
    check(results.length === 2 && !results[0].errors, JSON.stringify(results));
    check((await within(collect(c, QUERY))).length === 1, 'no result afterwards');
  },
  'twenty subscriptions at once on one socket': async (c) => {
    const all = await within(Promise.all(Array.from({ length: 20 }, () => collect(c, subscription, 2))));
    check(all.every((results) => results.length === 2), 'some gave nothing');
  },
};

let passed = 0;
for (const [name, run] of Object.entries(cases)) {
  let sockets = 0;
  const c = client({ on: { connected: () => (sockets += 1) } });
  try {
    await run(c, () => sockets);
    passed += 1;
  } catch (error) {
    console.log(`failed: ${name}: ${error?.message ?? error?.reason ?? JSON.stringify(error)} ${error?.code ?? ''}`);
  }
  await c.dispose();
}
const all = Object.keys(cases).length;
console.log(`graphql-ws: ${passed}/${all}`);
process.exit(passed === all ? 0 : 1);
