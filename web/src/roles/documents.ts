// The roles that an account has defined, and what becomes of them.
import { graphql } from '../gql';

export const definedRoleFragment = graphql(`
  fragment DefinedRole on CustomRole {
    id
    name
    base
    permissions
    version
  }
`);

// An account has at most 50: one page holds them all.
export const rolesDocument = graphql(`
  query Roles($id: ID!) {
    staticRoles {
      role
      permissions
    }
    account(id: $id) {
      id
      customRoles(first: 100) {
        edges {
          node {
            ...DefinedRole
          }
        }
      }
    }
  }
`);

export const createCustomRoleDocument = graphql(`
  mutation CreateCustomRole($input: CreateCustomRoleInput!) {
    createCustomRole(input: $input) {
      __typename
      ... on CreateCustomRoleRejected {
        reason
        message
        retryAt
      }
    }
  }
`);

// Somebody may change the role that they have themselves.
export const updateCustomRoleDocument = graphql(`
  mutation UpdateCustomRole($input: UpdateCustomRoleInput!) {
    updateCustomRole(input: $input) {
      __typename
      ... on CustomRoleUpdated {
        customRole {
          ...DefinedRole
          account {
            id
            viewerPermissions
          }
        }
      }
      ... on UpdateCustomRoleRejected {
        reason
        message
        retryAt
      }
    }
  }
`);

export const deleteCustomRoleDocument = graphql(`
  mutation DeleteCustomRole($input: DeleteCustomRoleInput!) {
    deleteCustomRole(input: $input) {
      __typename
      ... on DeleteCustomRoleRejected {
        reason
        message
        retryAt
      }
    }
  }
`);
