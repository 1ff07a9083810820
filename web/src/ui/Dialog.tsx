// A dialog that is there as long as it is mounted. The focus goes back to where it was opened from.
import { Modal } from '@mantine/core';
import { type ReactNode, useEffect, useState } from 'react';
import { useI18n } from '../i18n';
import { dialogAttributes } from './dialogAttributes';

export function Dialog(props: {
  title: string;
  onClose: () => void;
  size?: 'lg';
  /** False where a click beside it would lose what was entered or shown. */
  closeOnClickOutside?: boolean;
  children: ReactNode;
}) {
  const { m } = useI18n();
  useFocusBack();
  return (
    <Modal
      opened
      onClose={props.onClose}
      title={props.title}
      attributes={dialogAttributes}
      closeButtonProps={{ 'aria-label': m.app.close }}
      closeOnClickOutside={props.closeOnClickOutside ?? true}
      centered
      {...(props.size && { size: props.size })}
    >
      {props.children}
    </Modal>
  );
}

/** The library does this for dialogs that are mounted while they are closed; these are not, to be fetched when needed. */
function useFocusBack(): void {
  const [opener] = useState(() => openerOf(document.activeElement));
  useEffect(
    () => () => {
      requestAnimationFrame(() => {
        if (document.activeElement !== document.body) return;
        const back = opener();
        // What opened it may be gone with what it was about.
        (back ?? document.querySelector<HTMLElement>('h1'))?.focus({ preventScroll: true });
      });
    },
    [opener],
  );
}

/** An item of a menu goes with the menu: its button is what stays. */
function openerOf(element: Element | null): () => HTMLElement | null {
  const button = element?.closest('[role=menu]')?.getAttribute('aria-labelledby');
  return () => {
    if (button) return document.getElementById(button);
    return element instanceof HTMLElement && element.isConnected && element !== document.body ? element : null;
  };
}
