// Who may give a role, take it away, or change it: whoever holds all that it gives. The gateway decides; this only spares
// a person dead ends.
import { manages } from '../app/viewer';
import type { AccountRole, Permission } from '../gql/graphql';

/** What somebody is in an account (for a holder of a custom role, its base), and may do there. */
export interface Held {
  role: AccountRole;
  permissions: Permission[];
}

/** Nobody covers the Owner, whose place is only ever handed over. */
export function covers(mine: Held, other: Held): boolean {
  if (other.role === 'OWNER') return false;
  // Services behind the gateway go by the static role: who is called Admin there is made by those who are.
  if (other.role === 'ADMIN' && !manages(mine.role)) return false;
  return other.permissions.every((permission) => mine.permissions.includes(permission));
}

/** What a place in an account holds. */
export function heldBy(
  place: { role: AccountRole; customRole?: { permissions: Permission[] } | null },
  statics: Held[],
): Held {
  const { role, customRole } = place;
  const permissions = customRole?.permissions ?? statics.find((one) => one.role === role)?.permissions;
  if (!permissions) throw new Error(`a role that the gateway does not list: ${role}`);
  return { role, permissions };
}
