// The playground: GraphiQL with its explorer, on the signed-in session. Nothing is fetched from another origin.
import { explorerPlugin } from '@graphiql/plugin-explorer';
import '@graphiql/plugin-explorer/style.css';
import { GraphiQL, HISTORY_PLUGIN } from 'graphiql';
import 'graphiql/style.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { defaultVariables, defaultQuery } from './defaultQuery';
import { fetcher } from './fetcher';
import './playground.css';
import './workers';

const plugins = [HISTORY_PLUGIN, explorerPlugin()];

const root = document.getElementById('root');
if (root) {
  createRoot(root).render(
    <StrictMode>
      <GraphiQL
        fetcher={fetcher}
        plugins={plugins}
        defaultQuery={defaultQuery}
        initialVariables={defaultVariables}
        // Queries may hold a password that somebody typed: they are forgotten with the browser tab.
        storage={window.sessionStorage}
        shouldPersistHeaders={false}
      >
        <GraphiQL.Logo>Latchkey</GraphiQL.Logo>
      </GraphiQL>
    </StrictMode>,
  );
}
