// The audits that the package graphql-http publishes for servers of GraphQL over HTTP, against a running gateway:
//   node http_audit.mjs URL
// Prints what failed and a figure; ends 0 only if every MUST and every SHOULD passed.
import { serverAudits } from 'graphql-http';

const [url] = process.argv.slice(2);
if (!url) {
  console.error('usage: node http_audit.mjs URL');
  process.exit(2);
}
const fetchFn = (target, init) => fetch(target, { ...init, signal: AbortSignal.timeout(10_000) });
const figures = new Map();
for (const audit of serverAudits({ url, fetchFn })) {
  const level = audit.name.split(' ')[0];
  const figure = figures.get(level) ?? { passed: 0, all: 0 };
  figures.set(level, figure);
  figure.all += 1;
  const result = await audit.fn();
  if (result.status === 'ok') figure.passed += 1;
  else console.log(`${result.status} ${audit.id} ${audit.name}: ${result.reason} (HTTP ${result.response?.status})`);
}
const text = [...figures].map(([level, { passed, all }]) => `${level} ${passed}/${all}`).join(', ');
console.log(`graphql-http: ${text}`);
const complete = (level) => figures.get(level)?.passed === figures.get(level)?.all && figures.get(level)?.all > 0;
process.exit(complete('MUST') && complete('SHOULD') ? 0 : 1);
