// The dashboard starts here. The token of a mail's link is taken out of the address bar before anything else happens.
import './linkTokens';
import { MantineProvider } from '@mantine/core';
import '@mantine/core/styles.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { I18nProvider, loadFirstLanguage } from '../i18n';
import { cssVariablesResolver, theme } from '../ui/theme';
import { ToastProvider } from '../ui/toasts';
import { App } from './App';
import { ErrorBoundary } from './ErrorBoundary';
import { SessionProvider } from './session';

const root = document.getElementById('root');
if (root) {
  const first = await loadFirstLanguage();
  createRoot(root).render(
    <StrictMode>
      <MantineProvider theme={theme} cssVariablesResolver={cssVariablesResolver} defaultColorScheme="auto">
        <I18nProvider first={first}>
          <ToastProvider>
            <SessionProvider>
              <ErrorBoundary>
                <App />
              </ErrorBoundary>
            </SessionProvider>
          </ToastProvider>
        </I18nProvider>
      </MantineProvider>
    </StrictMode>,
  );
}
