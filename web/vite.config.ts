// Two pages, one build, and the manifest of the dashboard's documents beside them. Everything that a page needs lies under /assets/ with a hash in its name, so the gateway
// may cache it for ever; the pages themselves hold no inline script, style or data, so a strict policy fits them.
import { babelOptimizerPlugin } from '@graphql-codegen/client-preset';
import { formatDocument, gql, stringifyDocument } from '@urql/core';
import react from '@vitejs/plugin-react';
import { createHash } from 'node:crypto';
import { type DocumentNode, Kind, print, stripIgnoredCharacters } from 'graphql';
import { defineConfig, type Plugin } from 'vite';

// Generated documents are syntax trees, several times the size of their text. The text is shipped instead; the
// client has a parser anyway. What the client will send (it adds __typename for its cache) goes into a manifest, by which
// the gateway knows the dashboard's documents where it executes trusted ones only. It lies outside of assets/, which is
// all that browsers get.
function documentsAsText(): Plugin {
  const manifest: Record<string, string> = {};
  const TREE = /^export const (\w+) = (\{"kind":"Document".*\}) as unknown as /gm;
  return {
    name: 'documents-as-text',
    enforce: 'pre',
    transform(code, id) {
      if (!id.endsWith('/src/gql/graphql.ts')) return null;
      const text = code.replace(TREE, (_all, name: string, tree: string) => {
        const document = JSON.parse(tree) as DocumentNode;
        const source = stripIgnoredCharacters(print(document));
        // Fragments have documents of their own, which nobody sends.
        if (document.definitions.some(({ kind }) => kind === Kind.OPERATION_DEFINITION)) {
          const sent = stringifyDocument(formatDocument(gql(source)) as DocumentNode);
          manifest[createHash('sha256').update(sent).digest('hex')] = sent;
        }
        return `export const ${name} = /*#__PURE__*/ gql(${JSON.stringify(source)}) as unknown as `;
      });
      return { code: `import { gql } from '@urql/core';\n${text}`, map: null };
    },
    generateBundle() {
      if (Object.keys(manifest).length === 0)
        this.error('no document of the dashboard was found in src/gql/graphql.ts');
      this.emitFile({
        type: 'asset',
        fileName: 'persisted-documents.json',
        source: `${JSON.stringify(manifest, null, 1)}\n`,
      });
    },
  };
}

export default defineConfig({
  plugins: [
    documentsAsText(),
    // Each screen then refers to its own documents, not to a table of all of them.
    react({ babel: { plugins: [[babelOptimizerPlugin, { artifactDirectory: './src/gql', gqlTagName: 'graphql' }]] } }),
  ],
  // Monaco's GraphQL worker loads its formatter lazily: that needs module workers.
  worker: { format: 'es' },
  build: {
    target: 'es2022',
    // No data: URIs for scripts, styles or fonts: what is not inlined needs no hole in the policy.
    assetsInlineLimit: 0,
    // The polyfill would be the only reason for an old browser; every browser that this build targets has modulepreload.
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 4096,
    rollupOptions: {
      onwarn(warning, warn) {
        // GraphiQL's packages carry React compiler directives, which mean nothing to a bundler.
        if (warning.code !== 'MODULE_LEVEL_DIRECTIVE') warn(warning);
      },
      input: { index: 'index.html', playground: 'playground.html' },
    },
  },
});
