// The live side of a list of people: every change of a reset in this account or portfolio, as it happens.
import { useEffect, useState } from 'react';
import { useSubscription } from 'urql';
import { useSession } from '../app/session';
import type { MfaResetStatusFragment } from '../gql/graphql';
import { useI18n } from '../i18n';
import { useToast } from '../ui/toasts';
import { mfaResetChangedDocument } from './documents';

export interface MfaResetFeed {
  /** The newest reset of each person that changed while this screen was open, by the person's id. */
  latest: ReadonlyMap<string, MfaResetStatusFragment>;
  /** The connection is lost; another attempt is under way. */
  interrupted: boolean;
}

export function useMfaResetFeed(
  scope: { accountId: string } | { portfolioId: string },
  options: { pause: boolean; onMissed: () => void },
): MfaResetFeed {
  const { m } = useI18n();
  const { gateway } = useSession();
  const toast = useToast();
  const [latest, setLatest] = useState<MfaResetFeed['latest']>(new Map());
  const [{ data }] = useSubscription({ query: mfaResetChangedDocument, variables: scope, pause: options.pause });
  const changed = data?.mfaResetChanged;

  useEffect(() => {
    if (!changed) return;
    setLatest((old) => new Map(old).set(changed.user.id, changed));
    if (changed.state === 'ACCEPTED') toast(m.reset.nowAccepted(changed.user.name));
    if (changed.state === 'DECLINED') toast(m.reset.nowDeclined(changed.user.name));
    // A change is told once, in the language of that moment.
  }, [changed?.id, changed?.state, changed?.delivery]);

  const { onMissed, pause } = options;
  const [interrupted, setInterrupted] = useState(false);
  useEffect(() => {
    if (pause) return undefined;
    return gateway.onConnection((connected) => {
      setInterrupted(!connected);
      if (connected) onMissed();
    });
  }, [gateway, onMissed, pause]);

  return { latest, interrupted };
}
