// One account or portfolio, and whether the viewer manages it: directly, or through the portfolio that links it.
import { useQuery } from 'urql';
import { graphql } from '../gql';
import { manages } from './viewer';

const accountScopeDocument = graphql(`
  query AccountScope($id: ID!) {
    account(id: $id) {
      id
      name
      viewerRole
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

export function useAccountScope(id: string) {
  const [{ data, fetching, error }, retry] = useQuery({ query: accountScopeDocument, variables: { id } });
  const account = data?.account ?? null;
  const canManage = manages(account?.viewerRole) || manages(account?.portfolio?.viewerRole);
  return { scope: account, canManage, loading: fetching && !data, error, retry };
}

export function usePortfolioScope(id: string) {
  const [{ data, fetching, error }, retry] = useQuery({ query: portfolioScopeDocument, variables: { id } });
  const portfolio = data?.portfolio ?? null;
  return { scope: portfolio, canManage: manages(portfolio?.viewerRole), loading: fetching && !data, error, retry };
}
