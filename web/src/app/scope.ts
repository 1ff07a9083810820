// One account or portfolio, and what the viewer may do there: by a role in it, or through the portfolio that links it.
// The gateway decides; this only spares a person dead ends.
import { useQuery } from 'urql';
import { graphql } from '../gql';
import type { Permission, PortfolioRole } from '../gql/graphql';
import { manages } from './viewer';

const accountScopeDocument = graphql(`
  query AccountScope($id: ID!) {
    account(id: $id) {
      id
      name
      viewerRole
      viewerPermissions
      portfolio {
        id
        viewerRole
      }
    }
  }
`);

const portfolioScopeDocument = graphql(`
  query PortfolioScope($id: ID!) {
    portfolio(id: $id) {
      id
      name
      viewerRole
    }
  }
`);

/** What the viewer may do in an account. */
export interface Rights {
  /** By the role in the account itself: for what its own people decide. */
  holds(permission: Permission): boolean;
  /** By that role, or as Owner or Admin of the portfolio above: they look at all that is there, and reset MFA. */
  oversees(permission: Permission): boolean;
}

export function rightsIn(
  account:
    | {
        viewerPermissions?: Permission[] | null;
        portfolio?: { viewerRole?: PortfolioRole | null } | null;
      }
    | null
    | undefined,
): Rights {
  const held = account?.viewerPermissions ?? [];
  const above = manages(account?.portfolio?.viewerRole);
  return {
    holds: (permission) => held.includes(permission),
    oversees: (permission) => above || held.includes(permission),
  };
}

export function useAccountScope(id: string) {
  const [{ data, fetching, error }, retry] = useQuery({ query: accountScopeDocument, variables: { id } });
  const account = data?.account ?? null;
  return { scope: account, rights: rightsIn(account), loading: fetching && !data, error, retry };
}

export function usePortfolioScope(id: string) {
  const [{ data, fetching, error }, retry] = useQuery({ query: portfolioScopeDocument, variables: { id } });
  const portfolio = data?.portfolio ?? null;
  return { scope: portfolio, rights: manages(portfolio?.viewerRole), loading: fetching && !data, error, retry };
}
