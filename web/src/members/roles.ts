// The roles of an account, the one that is only ever handed over first.
import type { AccountRole } from '../gql/graphql';

export const GRANTABLE: AccountRole[] = [
  'ADMIN',
  'MANAGER',
  'ANALYST',
  'CAMPAIGN_COORDINATOR',
  'CONTENT_CREATOR',
  'SUPPORT',
];

export const ROLES: AccountRole[] = ['OWNER', ...GRANTABLE];
