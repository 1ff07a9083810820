// What the two lists of people share: a row, and the life of a reset.
import { graphql } from '../gql';

export const mfaResetFragment = graphql(`
  fragment MfaResetStatus on MfaReset {
    id
    state
    expiresAt
    effectiveAt
    closedAt
    delivery
    reason
    requestedBy {
      id
      name
    }
  }
`);

// What only a manager of the person may read is asked for only by a manager.
export const userRowFragment = graphql(`
  fragment UserRow on User {
    id
    name
    email
    lastLogInAt @include(if: $manages)
    mfa @include(if: $manages) {
      enabled
    }
    mfaResetEligibility {
      allowed
      reason
    }
    mfaResetFreezes @include(if: $manages) {
      kind
      until
      viewerMayLift
    }
    pendingMfaReset @include(if: $manages) {
      ...MfaResetStatus
    }
  }
`);

export const resetUserMfaDocument = graphql(`
  mutation ResetUserMfa($input: ResetUserMfaInput!) {
    resetUserMfa(input: $input) {
      __typename
      ... on MfaResetRequested {
        mfaReset {
          ...MfaResetStatus
          user {
            ...AfterReset
          }
        }
      }
      ... on ResetUserMfaRejected {
        reason
        message
        retryAt
      }
    }
  }
`);

export const approveMfaResetDocument = graphql(`
  mutation ApproveMfaReset($input: ApproveMfaResetInput!) {
    approveMfaReset(input: $input) {
      __typename
      ... on MfaResetApproved {
        mfaReset {
          ...MfaResetStatus
        }
      }
      ... on ApproveMfaResetRejected {
        reason
        message
        retryAt
      }
    }
  }
`);

export const cancelMfaResetDocument = graphql(`
  mutation CancelMfaReset($input: CancelMfaResetInput!) {
    cancelMfaReset(input: $input) {
      __typename
      ... on MfaResetCancelled {
        mfaReset {
          ...MfaResetStatus
          user {
            ...AfterReset
          }
        }
      }
      ... on CancelMfaResetRejected {
        message
        retryAt
      }
    }
  }
`);

export const liftMfaResetFreezeDocument = graphql(`
  mutation LiftMfaResetFreeze($input: LiftMfaResetFreezeInput!) {
    liftMfaResetFreeze(input: $input) {
      __typename
      ... on MfaResetFreezeLifted {
        user {
          ...AfterReset
        }
      }
      ... on LiftMfaResetFreezeRejected {
        reason
        message
      }
    }
  }
`);

export const mfaResetChangedDocument = graphql(`
  subscription MfaResetChanged($accountId: ID, $portfolioId: ID) {
    mfaResetChanged(accountId: $accountId, portfolioId: $portfolioId) {
      ...MfaResetStatus
      user {
        ...AfterReset
      }
    }
  }
`);

/** What a change of a reset changes in its person: the cache then mends every row that shows them. */
export const afterResetFragment = graphql(`
  fragment AfterReset on User {
    id
    name
    mfa {
      enabled
    }
    mfaResetEligibility {
      allowed
      reason
    }
    mfaResetFreezes {
      kind
      until
      viewerMayLift
    }
    pendingMfaReset {
      ...MfaResetStatus
    }
  }
`);

export const portfolioAccountsDocument = graphql(`
  query PortfolioAccounts($id: ID!, $first: Int, $after: String, $last: Int, $before: String) {
    portfolio(id: $id) {
      id
      accounts(first: $first, after: $after, last: $last, before: $before) {
        edges {
          node {
            id
            name
            viewerRole
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
