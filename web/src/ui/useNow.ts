// The time, as often as a screen that counts down needs it.
import { useEffect, useState } from 'react';

export function useNow(everyMilliseconds = 15_000): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), everyMilliseconds);
    return () => clearInterval(timer);
  }, [everyMilliseconds]);
  return now;
}
