// Who is signed in, as far as this browser tab knows. Signing in or out throws the whole cache away, so that nothing
// of one person is ever shown to the next; other tabs of the same browser follow.
import {
  createContext,
  type ReactNode,
  type RefObject,
  useCallback,
  useContext,
  useEffect,
  useMemo,
  useRef,
  useState,
} from 'react';
import { Provider } from 'urql';
import { createGateway, type Gateway } from '../api/gateway';

interface Session {
  gateway: Gateway;
  /** True after the gateway refused the session that we had. */
  ended: boolean;
  /** The person signed in or out here: forget everything and ask again who it is. */
  renew(): void;
}

const SessionContext = createContext<Session | null>(null);
const CHANNEL = 'latchkey-session';

/** Whatever the gateway says about the session: who is signed in, and to what, is asked anew. */
function connect(replace: RefObject<(ended: boolean) => void>): Gateway {
  return createGateway(
    () => replace.current(true),
    () => replace.current(false),
  );
}

export function SessionProvider({ children }: { children: ReactNode }) {
  const [ended, setEnded] = useState(false);
  const replace = useRef<(ended: boolean) => void>(() => {});
  const [gateway, setGateway] = useState<Gateway>(() => connect(replace));
  const channel = useMemo(() => new BroadcastChannel(CHANNEL), []);

  useEffect(() => {
    replace.current = (nowEnded) => {
      gateway.dispose();
      setEnded(nowEnded);
      setGateway(connect(replace));
    };
    channel.onmessage = () => replace.current(false);
  }, [channel, gateway]);

  const renew = useCallback(() => {
    replace.current(false);
    channel.postMessage('changed');
  }, [channel]);

  const session = useMemo(() => ({ gateway, ended, renew }), [gateway, ended, renew]);
  return (
    <SessionContext.Provider value={session}>
      <Provider value={gateway.client}>{children}</Provider>
    </SessionContext.Provider>
  );
}

export function useSession(): Session {
  const session = useContext(SessionContext);
  if (!session) throw new Error('useSession outside SessionProvider');
  return session;
}
