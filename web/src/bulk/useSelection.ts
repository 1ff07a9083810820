// Who is chosen on a list, over its pages: the choice outlives search and paging, not the screen.
import { useState } from 'react';
import type { Chosen } from './changes';

export interface Selection {
  people: Chosen[];
  has(id: string): boolean;
  /** Chooses all of these, or none of them. */
  set(people: Chosen[], chosen: boolean): void;
  clear(): void;
}

export function useSelection(): Selection {
  const [chosen, setChosen] = useState<ReadonlyMap<string, Chosen>>(new Map());
  return {
    people: [...chosen.values()],
    has: (id) => chosen.has(id),
    set: (people, on) =>
      setChosen((old) => {
        const next = new Map(old);
        for (const person of people) {
          if (on) next.set(person.id, person);
          else next.delete(person.id);
        }
        return next;
      }),
    clear: () => setChosen(new Map()),
  };
}
