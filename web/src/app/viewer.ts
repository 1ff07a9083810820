// The signed-in person and the accounts and portfolios that the navigation offers.
import { createContext, useContext } from 'react';
import { graphql } from '../gql';
import type { AccountRole, PortfolioRole, ViewerQuery } from '../gql/graphql';

export const viewerDocument = graphql(`
  query Viewer {
    viewer {
      mfaEnrollmentRequired
      secondFactorRequired
      user {
        id
        name
        email
      }
      accounts(first: 100) {
        edges {
          role
          node {
            id
            name
            viewerPermissions
          }
        }
      }
      portfolios(first: 100) {
        edges {
          role
          node {
            id
            name
          }
        }
      }
    }
  }
`);

export type Viewer = NonNullable<ViewerQuery['viewer']>;

export const ViewerContext = createContext<Viewer | null>(null);

export function useViewer(): Viewer {
  const viewer = useContext(ViewerContext);
  if (!viewer) throw new Error('useViewer outside the signed-in part');
  return viewer;
}

/** Where a person starts: what they manage comes first. */
export function homeOf(viewer: Viewer): string {
  const works = (account: Viewer['accounts']['edges'][number]['node']) =>
    account.viewerPermissions?.some((permission) => permission !== 'USERS_VIEW') ?? false;
  const account = viewer.accounts.edges.find(({ node }) => works(node)) ?? viewer.accounts.edges[0];
  const portfolio = viewer.portfolios.edges.find((edge) => manages(edge.role)) ?? viewer.portfolios.edges[0];
  if (account && (works(account.node) || !portfolio || !manages(portfolio.role))) {
    return `/accounts/${account.node.id}/users`;
  }
  if (portfolio) return `/portfolios/${portfolio.node.id}/${manages(portfolio.role) ? 'users' : 'team'}`;
  return '/security';
}

/** Whether a role manages people and policies by itself. The gateway decides; this only spares a person dead ends. */
export function manages(role: AccountRole | PortfolioRole | null | undefined): boolean {
  return role === 'OWNER' || role === 'ADMIN';
}
