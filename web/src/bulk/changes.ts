// What a bulk edit comes to: one change for each person and account that it concerns, and what became of each.
import type {
  AccountRole,
  PortfolioAccessChangeKind,
  UpdatePortfolioUserAccessInput,
  UpdatePortfolioUserAccessMutation,
} from '../gql/graphql';

/** What one call may hold. */
export const CHANGES_MAX = 500;

export interface Place {
  id: string;
  name: string;
}

/** Somebody on the list, with the places that the list showed. */
export interface Chosen {
  id: string;
  name: string;
  email: string;
  /** With the static role there; null for another. */
  places: (Place & { role: AccountRole | null })[];
}

export type Kind = PortfolioAccessChangeKind;

export interface Change {
  kind: Kind;
  person: Chosen;
  /** Null for all of them. */
  account: Place | null;
  role: AccountRole;
}

/** Invitations go to those who are not there yet; what concerns a place, to those who have it, in another role. */
export function changesOf(kind: Kind, people: Chosen[], accounts: Place[], role: AccountRole): Change[] {
  if (kind === 'REMOVE_FROM_ALL') return people.map((person) => ({ kind, person, account: null, role }));
  return people.flatMap((person) =>
    accounts
      .filter((account) => {
        const place = person.places.find((one) => one.id === account.id);
        if (kind === 'INVITE') return !place;
        return place !== undefined && (kind === 'REMOVE' || place.role !== role);
      })
      .map((account) => ({ kind, person, account, role })),
  );
}

/** The accounts in which at least one of these people has a place, by name. */
export function placesOf(people: Chosen[]): Place[] {
  const places = new Map(people.flatMap((person) => person.places.map((place) => [place.id, place])));
  return [...places.values()].sort((one, other) => one.name.localeCompare(other.name));
}

export function inputOf(portfolioId: string, changes: Change[]): UpdatePortfolioUserAccessInput {
  const input = {
    portfolioId,
    invite: [] as { accountId: string; email: string; role: AccountRole }[],
    changeRole: [] as { accountId: string; userId: string; role: AccountRole }[],
    remove: [] as { accountId: string; userId: string }[],
    removeFromAll: [] as string[],
  };
  for (const { kind, person, account, role } of changes) {
    if (kind === 'REMOVE_FROM_ALL') input.removeFromAll.push(person.id);
    else if (!account) throw new Error('a change names no account');
    else if (kind === 'INVITE') input.invite.push({ accountId: account.id, email: person.email, role });
    else if (kind === 'CHANGE_ROLE') input.changeRole.push({ accountId: account.id, userId: person.id, role });
    else input.remove.push({ accountId: account.id, userId: person.id });
  }
  return input;
}

type Updated = Extract<
  UpdatePortfolioUserAccessMutation['updatePortfolioUserAccess'],
  { __typename: 'PortfolioUserAccessUpdated' }
>;
export type Outcome = Updated['outcomes'][number];

export interface Result {
  change: Change;
  outcome: Outcome;
}

/** Each change with its outcome, which names its list and its place there. */
export function resultsOf(changes: Change[], outcomes: Outcome[]): Result[] {
  const lists = new Map<Kind, Change[]>();
  for (const change of changes) lists.set(change.kind, [...(lists.get(change.kind) ?? []), change]);
  return outcomes.map((outcome) => {
    const change = lists.get(outcome.kind)?.[outcome.index];
    if (!change) throw new Error(`an outcome of no change: ${outcome.kind} ${outcome.index}`);
    return { change, outcome };
  });
}

/** Those that were refused first: they are what is left to do. */
export function refusedFirst(results: Result[]): Result[] {
  return [...results.filter(({ outcome }) => outcome.rejected), ...results.filter(({ outcome }) => !outcome.rejected)];
}
