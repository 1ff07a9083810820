// Compares schema.graphql with the schema of the last release, docs/schema/released.graphql, and fails on a change that
// breaks clients, unless docs/SCHEMA-CHANGES.md lists it under "Unreleased".
//
//   node schema_changes.mjs                    compares
//   node schema_changes.mjs --release VERSION  a release: today's schema is the one that later ones are compared with
//
// `--root FOLDER` stands for another checkout.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { CriticalityLevel, diff } from '@graphql-inspector/core';
import { buildSchema } from 'graphql';

const { values } = parseArgs({ options: { release: { type: 'string' }, root: { type: 'string' } } });
const root = values.root ?? fileURLToPath(new URL('../..', import.meta.url));
const schema = `${root}/schema.graphql`;
const released = `${root}/docs/schema/released.graphql`;
const list = `${root}/docs/SCHEMA-CHANGES.md`;
const read = (path) => readFileSync(path, 'utf8');

/** The list in three parts: what stands before the unreleased changes, they, and what stands behind them. */
function listParts() {
  const text = read(list);
  const heading = '\n## Unreleased\n';
  const start = text.indexOf(heading);
  if (start < 0) throw new Error(`${list} has no section "## Unreleased"`);
  const from = start + heading.length;
  const next = text.indexOf('\n## ', from);
  const end = next < 0 ? text.length : next + 1;
  return [text.slice(0, from), text.slice(from, end), text.slice(end)];
}

async function unlistedChanges() {
  const changes = await diff(buildSchema(read(released)), buildSchema(read(schema)));
  const breaking = changes.filter((change) => change.criticality.level === CriticalityLevel.Breaking);
  // A line of the list is: - `Type.field`: what changed, and what clients do instead.
  const listed = new Set([...listParts()[1].matchAll(/^- `([^`]+)`/gm)].map((line) => line[1]));
  const unlisted = breaking.filter((change) => !listed.has(change.path));
  const counts = `${breaking.length} breaking, ${unlisted.length} not listed`;
  console.log(`${changes.length} changes since the last release: ${counts}`);
  for (const { path, message } of unlisted) console.log(`- \`${path}\`: ${message}`);
  if (unlisted.length > 0) console.log('List them in docs/SCHEMA-CHANGES.md under "Unreleased", or take them back.');
  return unlisted.length;
}

function release(version) {
  const [before, unreleased, behind] = listParts();
  const changes = /^- `/m.test(unreleased) ? unreleased : '\nNothing that breaks clients.\n';
  writeFileSync(list, `${before}\nNothing yet.\n\n## ${version}\n${changes.trimEnd()}\n${behind ? `\n${behind}` : ''}`);
  const head = `# What clients build on: the schema of release ${version}. Written by \`make schema-release\` only.\n`;
  writeFileSync(released, head + read(schema));
  console.log(`${version}: later schemas are compared with this one`);
}

if ((await unlistedChanges()) > 0) process.exitCode = 1;
else if (values.release) release(values.release);
