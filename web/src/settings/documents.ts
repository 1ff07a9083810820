// An account or portfolio as a whole: what links it, and its end.
import { graphql } from '../gql';

export const accountSettingsDocument = graphql(`
  query AccountSettings($id: ID!) {
    account(id: $id) {
      id
      name
      createdAt
      viewerRole
      viewerPermissions
      portfolio {
        id
        name
        viewerRole
      }
    }
  }
`);

export const staticRolesDocument = graphql(`
  query StaticRoles {
    staticRoles {
      role
      permissions
    }
  }
`);

export const securityContactDocument = graphql(`
  query SecurityContact($id: ID!) {
    account(id: $id) {
      id
      securityContact {
        ...ContactPart
      }
    }
  }

  fragment ContactPart on User {
    id
    name
    email
  }
`);

export const contactCandidatesDocument = graphql(`
  query ContactCandidates($id: ID!, $roles: [AccountRole!]!, $after: String) {
    account(id: $id) {
      id
      users(first: 100, after: $after, roles: $roles) {
        edges {
          role
          customRole {
            id
            name
          }
          node {
            ...ContactPart
          }
        }
        pageInfo {
          hasNextPage
          endCursor
        }
      }
    }
  }
`);

export const setAccountSecurityContactDocument = graphql(`
  mutation SetAccountSecurityContact($input: SetAccountSecurityContactInput!) {
    setAccountSecurityContact(input: $input) {
      __typename
      ... on AccountSecurityContactSet {
        account {
          id
          securityContact {
            ...ContactPart
          }
        }
      }
      ... on SetAccountSecurityContactRejected {
        reason
        message
        retryAt
      }
    }
  }
`);

export const linkableAccountsDocument = graphql(`
  query LinkableAccounts($after: String) {
    viewer {
      accounts(first: 100, after: $after) {
        edges {
          role
          node {
            id
            name
            viewerPermissions
            portfolio {
              id
            }
          }
        }
        pageInfo {
          hasNextPage
          endCursor
        }
      }
    }
  }
`);

export const addAccountToPortfolioDocument = graphql(`
  mutation AddAccountToPortfolio($input: AddAccountToPortfolioInput!) {
    addAccountToPortfolio(input: $input) {
      __typename
      ... on AccountAddedToPortfolio {
        account {
          id
          portfolio {
            id
            name
          }
        }
      }
      ... on AddAccountToPortfolioRejected {
        reason
        message
        retryAt
      }
    }
  }
`);

export const removeAccountFromPortfolioDocument = graphql(`
  mutation RemoveAccountFromPortfolio($input: RemoveAccountFromPortfolioInput!) {
    removeAccountFromPortfolio(input: $input) {
      __typename
      ... on AccountRemovedFromPortfolio {
        account {
          id
          portfolio {
            id
          }
        }
      }
      ... on RemoveAccountFromPortfolioRejected {
        reason
        message
        retryAt
      }
    }
  }
`);

export const closeAccountDocument = graphql(`
  mutation CloseAccount($input: CloseAccountInput!) {
    closeAccount(input: $input) {
      __typename
      ... on CloseAccountRejected {
        reason
        message
        retryAt
      }
    }
  }
`);

export const closePortfolioDocument = graphql(`
  mutation ClosePortfolio($input: ClosePortfolioInput!) {
    closePortfolio(input: $input) {
      __typename
      ... on ClosePortfolioRejected {
        reason
        message
        retryAt
      }
    }
  }
`);
