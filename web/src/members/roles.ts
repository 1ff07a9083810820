// The roles of an account, the one that is only ever handed over first.
import type { AccountRole } from '../gql/graphql';
import { GRANTABLE } from './places';

export const ROLES: AccountRole[] = ['OWNER', ...GRANTABLE.account];
