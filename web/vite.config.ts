// Two pages, one build. Everything that a page needs lies under /assets/ with a hash in its name, so the gateway
// may cache it for ever; the pages themselves hold no inline script, style or data, as the policy in README.md asks.
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

export default defineConfig({
  plugins: [react()],
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
      input: { playground: 'playground.html' },
    },
  },
});
