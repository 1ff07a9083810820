// Compares schema.graphql with the one of the last release (the last tag; the last commit where there is no tag yet) and
// fails on a change that breaks clients, unless docs/SCHEMA-CHANGES.md lists it. `node schema_changes.mjs REF` compares
// with another commit.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { CriticalityLevel, diff } from '@graphql-inspector/core';
import { buildSchema } from 'graphql';

const root = fileURLToPath(new URL('../..', import.meta.url));
const git = (...words) => execFileSync('git', words, { cwd: root, encoding: 'utf8', maxBuffer: 2 ** 26 });

function lastRelease() {
  const tag = git('tag', '--merged', 'HEAD', '--sort=-version:refname', 'v*').split('\n')[0];
  return tag || 'HEAD';
}

const reference = process.argv[2] ?? lastRelease();
const before = buildSchema(git('show', `${reference}:schema.graphql`));
const now = buildSchema(readFileSync(`${root}/schema.graphql`, 'utf8'));
// A line of the list is: - `Type.field`: what changed, and what clients do instead.
const listed = new Set(
  [...readFileSync(`${root}/docs/SCHEMA-CHANGES.md`, 'utf8').matchAll(/^- `([^`]+)`/gm)].map((line) => line[1]),
);

const changes = await diff(before, now);
const breaking = changes.filter((change) => change.criticality.level === CriticalityLevel.Breaking);
const unlisted = breaking.filter((change) => !listed.has(change.path));
console.log(`${changes.length} changes since ${reference}: ${breaking.length} breaking, ${unlisted.length} not listed`);
for (const { path, message } of unlisted) console.log(`- \`${path}\`: ${message}`);
process.exitCode = unlisted.length === 0 ? 0 : 1;
