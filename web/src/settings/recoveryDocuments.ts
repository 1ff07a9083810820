// The recovery contacts of an account, for its Owner.
import { graphql } from '../gql';

export const recoveryContactsDocument = graphql(`
  query RecoveryContacts($id: ID!) {
    account(id: $id) {
      id
      recoveryContacts {
        ...RecoveryContactsPart
      }
    }
  }

  fragment RecoveryContactsPart on RecoveryContacts {
    contacts {
      id
      name
      email
    }
    change {
      effectiveAt
      contacts {
        id
        name
        email
      }
    }
  }
`);

export const recoveryCandidatesDocument = graphql(`
  query RecoveryCandidates($id: ID!, $after: String) {
    account(id: $id) {
      id
      users(first: 100, after: $after, roles: [ADMIN, MANAGER, ANALYST, CAMPAIGN_COORDINATOR, CONTENT_CREATOR]) {
        edges {
          node {
            id
            name
            email
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

export const setRecoveryContactsDocument = graphql(`
  mutation SetRecoveryContacts($input: SetRecoveryContactsInput!) {
    setRecoveryContacts(input: $input) {
      __typename
      ... on RecoveryContactsSet {
        account {
          id
          recoveryContacts {
            ...RecoveryContactsPart
          }
        }
      }
      ... on SetRecoveryContactsRejected {
        reason
        message
        retryAt
      }
    }
  }
`);

export const cancelRecoveryContactsChangeDocument = graphql(`
  mutation CancelRecoveryContactsChange($input: CancelRecoveryContactsChangeInput!) {
    cancelRecoveryContactsChange(input: $input) {
      __typename
      ... on RecoveryContactsChangeCancelled {
        account {
          id
          recoveryContacts {
            ...RecoveryContactsPart
          }
        }
      }
      ... on CancelRecoveryContactsChangeRejected {
        reason
        message
        retryAt
      }
    }
  }
`);
