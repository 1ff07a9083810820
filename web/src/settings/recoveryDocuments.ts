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
      ...ContactPart
    }
    change {
      effectiveAt
      contacts {
        ...ContactPart
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
