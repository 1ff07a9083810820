// Two pages, one build. Everything that a page needs lies under /assets/ with a hash in its name, so the gateway
// may cache it for ever; the pages themselves hold no inline script, style or data, so a strict policy fits them.
import { babelOptimizerPlugin } from '@graphql-codegen/client-preset';
import react from '@vitejs/plugin-react';
import { type DocumentNode, print, stripIgnoredCharacters } from 'graphql';
import { defineConfig, type Plugin } from 'vite';

// Generated documents are syntax trees, several times the size of their text. The text is shipped instead; the
// client has a parser anyway.
function documentsAsText(): Plugin {
  const TREE = /^export const (\w+) = (\{"kind":"Document".*\}) as unknown as /gm;
  return {
    name: 'documents-as-text',
    enforce: 'pre',
    transform(code, id) {
      if (!id.endsWith('/src/gql/graphql.ts')) return null;
      const text = code.replace(TREE, (_all, name: string, tree: string) => {
        const source = stripIgnoredCharacters(print(JSON.parse(tree) as DocumentNode));
        return `export const ${name} = /*#__PURE__*/ gql(${JSON.stringify(source)}) as unknown as `;
      });
      return { code: `import { gql } from '@urql/core';\n${text}`, map: null };
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
