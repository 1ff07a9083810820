// Who is signed in, as far as this browser tab knows. Signing in or out throws the whole cache away, so that nothing
// of one person is ever shown to the next; other tabs of the same browser follow.
import {
  createContext,
  lazy,
  type ReactNode,
  type RefObject,
  Suspense,
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
const StepUpDialog = lazy(() => import('../security/StepUpDialog'));
const CHANNEL = 'latchkey-session';

/** Whatever the gateway says about the session: who is signed in, and to what, is asked anew. */
function connect(replace: RefObject<(ended: boolean) => void>, prove: () => Promise<boolean>): Gateway {
  return createGateway({
    onSignedOut: () => replace.current(true),
    onRestricted: () => replace.current(false),
    prove,
  });
}

/** A dialog that asks for a fresh proof. Whatever needs one while it is open waits for the same. */
function useProof() {
  const [asking, setAsking] = useState(false);
  const waiting = useRef<((proven: boolean) => void)[]>([]);
  const prove = useCallback(() => {
    setAsking(true);
    return new Promise<boolean>((resolve) => waiting.current.push(resolve));
  }, []);
  const end = useCallback((proven: boolean) => {
    setAsking(false);
    for (const resolve of waiting.current.splice(0)) resolve(proven);
  }, []);
  return { asking, prove, end };
}

export function SessionProvider({ children }: { children: ReactNode }) {
  const [ended, setEnded] = useState(false);
  const replace = useRef<(ended: boolean) => void>(() => {});
  const { asking, prove, end } = useProof();
  const [gateway, setGateway] = useState<Gateway>(() => connect(replace, prove));
  const channel = useMemo(() => new BroadcastChannel(CHANNEL), []);

  useEffect(() => {
    replace.current = (nowEnded) => {
      gateway.dispose();
      setEnded(nowEnded);
      end(false);
      setGateway(connect(replace, prove));
    };
    channel.onmessage = () => replace.current(false);
  }, [channel, gateway, prove, end]);

  const renew = useCallback(() => {
    replace.current(false);
    channel.postMessage('changed');
  }, [channel]);

  const session = useMemo(() => ({ gateway, ended, renew }), [gateway, ended, renew]);
  return (
    <SessionContext.Provider value={session}>
      <Provider value={gateway.client}>
        {children}
        {asking && (
          <Suspense>
            <StepUpDialog onEnd={end} />
          </Suspense>
        )}
      </Provider>
    </SessionContext.Provider>
  );
}

export function useSession(): Session {
  const session = useContext(SessionContext);
  if (!session) throw new Error('useSession outside SessionProvider');
  return session;
}
