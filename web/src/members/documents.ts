// Who belongs to an account or a portfolio, and who is invited to.
import { graphql } from '../gql';

export const accountInvitationsDocument = graphql(`
  query AccountInvitations($id: ID!, $first: Int, $after: String, $last: Int, $before: String) {
    account(id: $id) {
      id
      invitations(first: $first, after: $after, last: $last, before: $before) {
        edges {
          node {
            ...WaitingInvitation
          }
        }
        pageInfo {
          hasNextPage
          hasPreviousPage
          startCursor
          endCursor
        }
      }
    }
  }
`);

export const portfolioInvitationsDocument = graphql(`
  query PortfolioInvitations($id: ID!, $first: Int, $after: String, $last: Int, $before: String) {
    portfolio(id: $id) {
      id
      invitations(first: $first, after: $after, last: $last, before: $before) {
        edges {
          node {
            ...WaitingInvitation
          }
        }
        pageInfo {
          hasNextPage
          hasPreviousPage
          startCursor
          endCursor
        }
      }
    }
  }
`);

export const waitingInvitationFragment = graphql(`
  fragment WaitingInvitation on Invitation {
    id
    email
    state
    delivery
    expiresAt
    invitedBy {
      id
      name
    }
    offer {
      __typename
      ... on AccountOffer {
        accountRole: role
        customRole {
          id
          name
        }
      }
      ... on PortfolioOffer {
        portfolioRole: role
      }
    }
  }
`);

export const inviteUserDocument = graphql(`
  mutation InviteUser($input: InviteUserInput!) {
    inviteUser(input: $input) {
      __typename
      ... on InviteUserRejected {
        reason
        message
        retryAt
      }
    }
  }
`);

export const invitePortfolioUserDocument = graphql(`
  mutation InvitePortfolioUser($input: InvitePortfolioUserInput!) {
    invitePortfolioUser(input: $input) {
      __typename
      ... on InvitePortfolioUserRejected {
        reason
        message
        retryAt
      }
    }
  }
`);

export const resendInvitationDocument = graphql(`
  mutation ResendInvitation($input: ResendInvitationInput!) {
    resendInvitation(input: $input) {
      __typename
      ... on InvitationResent {
        invitation {
          ...WaitingInvitation
        }
      }
      ... on ResendInvitationRejected {
        reason
        message
        retryAt
      }
    }
  }
`);

export const revokeInvitationDocument = graphql(`
  mutation RevokeInvitation($input: RevokeInvitationInput!) {
    revokeInvitation(input: $input) {
      __typename
    }
  }
`);

export const changeUserRoleDocument = graphql(`
  mutation ChangeUserRole($input: ChangeUserRoleInput!) {
    changeUserRole(input: $input) {
      __typename
      ... on UserRoleChanged {
        account {
          id
          viewerRole
          viewerPermissions
        }
      }
      ... on ChangeUserRoleRejected {
        reason
        message
        retryAt
      }
    }
  }
`);

export const removeUserDocument = graphql(`
  mutation RemoveUser($input: RemoveUserInput!) {
    removeUser(input: $input) {
      __typename
      ... on RemoveUserRejected {
        reason
        message
        retryAt
      }
    }
  }
`);

export const transferAccountOwnershipDocument = graphql(`
  mutation TransferAccountOwnership($input: TransferAccountOwnershipInput!) {
    transferAccountOwnership(input: $input) {
      __typename
      ... on AccountOwnershipTransferred {
        account {
          id
          viewerRole
          viewerPermissions
        }
      }
      ... on TransferAccountOwnershipRejected {
        reason
        message
        retryAt
      }
    }
  }
`);

export const changePortfolioUserRoleDocument = graphql(`
  mutation ChangePortfolioUserRole($input: ChangePortfolioUserRoleInput!) {
    changePortfolioUserRole(input: $input) {
      __typename
      ... on PortfolioUserRoleChanged {
        portfolio {
          id
          viewerRole
        }
      }
      ... on ChangePortfolioUserRoleRejected {
        reason
        message
        retryAt
      }
    }
  }
`);

export const removePortfolioUserDocument = graphql(`
  mutation RemovePortfolioUser($input: RemovePortfolioUserInput!) {
    removePortfolioUser(input: $input) {
      __typename
      ... on RemovePortfolioUserRejected {
        reason
        message
        retryAt
      }
    }
  }
`);

export const transferPortfolioOwnershipDocument = graphql(`
  mutation TransferPortfolioOwnership($input: TransferPortfolioOwnershipInput!) {
    transferPortfolioOwnership(input: $input) {
      __typename
      ... on PortfolioOwnershipTransferred {
        portfolio {
          id
          viewerRole
        }
      }
      ... on TransferPortfolioOwnershipRejected {
        reason
        message
        retryAt
      }
    }
  }
`);
