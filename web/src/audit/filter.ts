// What an audit log is narrowed to, as it stands in the address: back button, reload and a shared link keep it.
import type { AuditAction } from '../gql/graphql';

export interface AuditFilter {
  actions: AuditAction[];
  /** Ids of users. */
  actor: string | null;
  target: string | null;
  /** Days, as date fields want them; empty for no bound. */
  firstDay: string;
  lastDay: string;
}

/** What is none of ours is left out. */
export function filterFrom(params: URLSearchParams, known: object): AuditFilter {
  const day = (name: string) => {
    const text = params.get(name) ?? '';
    return /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(startOf(text).getTime()) ? text : '';
  };
  return {
    actions: (params.get('actions') ?? '').split(',').filter((action): action is AuditAction => action in known),
    actor: params.get('actor'),
    target: params.get('target'),
    firstDay: day('from'),
    lastDay: day('to'),
  };
}

/** Days that end before they begin match nothing, and the gateway refuses them. */
export function daysCrossed({ firstDay, lastDay }: AuditFilter): boolean {
  return firstDay !== '' && lastDay !== '' && lastDay < firstDay;
}

/** The days are whole ones in the time zone of whoever looks. */
export function variablesOf({ actions, actor, target, firstDay, lastDay }: AuditFilter) {
  return {
    actions: actions.length > 0 ? actions : null,
    actorId: actor,
    targetId: target,
    since: firstDay ? startOf(firstDay).toISOString() : null,
    until: lastDay ? startOf(lastDay, 1).toISOString() : null,
  };
}

function startOf(day: string, later = 0): Date {
  const [year = NaN, month = NaN, date = NaN] = day.split('-').map(Number);
  return new Date(year, month - 1, date + later);
}
