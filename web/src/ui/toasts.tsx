// Short messages about what has just happened, also read out by a screen reader.
import { Notification, Portal, Stack } from '@mantine/core';
import { createContext, type ReactNode, useCallback, useContext, useState } from 'react';
import { useI18n } from '../i18n';
import classes from './toasts.module.css';

const SHOWN_FOR = 8_000;
const ToastContext = createContext<(text: string) => void>(() => {});

export function ToastProvider({ children }: { children: ReactNode }) {
  const { m } = useI18n();
  const [toasts, setToasts] = useState<{ id: number; text: string }[]>([]);
  const remove = useCallback((id: number) => setToasts((old) => old.filter((toast) => toast.id !== id)), []);
  const add = useCallback(
    (text: string) => {
      const id = Math.random();
      setToasts((old) => [...old, { id, text }]);
      setTimeout(() => remove(id), SHOWN_FOR);
    },
    [remove],
  );
  return (
    <ToastContext.Provider value={add}>
      {children}
      <Portal>
        <Stack className={classes['corner']} gap="xs" role="status" aria-live="polite">
          {toasts.map((toast) => (
            <Notification
              key={toast.id}
              withBorder
              styles={{ description: { overflowWrap: 'anywhere' } }}
              role="presentation"
              onClose={() => remove(toast.id)}
              closeButtonProps={{ 'aria-label': m.app.close }}
            >
              {toast.text}
            </Notification>
          ))}
        </Stack>
      </Portal>
    </ToastContext.Provider>
  );
}

export const useToast = () => useContext(ToastContext);
