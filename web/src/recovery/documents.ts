// Asking recovery contacts, confirming as one of them, and stopping it as the Owner. All of it signed out.
import { graphql } from '../gql';

export const requestRecoveryDocument = graphql(`
  mutation RequestRecovery($input: RequestRecoveryInput!) {
    requestRecovery(input: $input) {
      __typename
      ... on RecoveryRequested {
        email
      }
      ... on RequestRecoveryRejected {
        reason
        message
        retryAt
      }
    }
  }
`);

export const recoveryByTokenDocument = graphql(`
  query RecoveryByToken($token: String!) {
    recoveryByToken(token: $token) {
      state
      maskedEmail
      ownerName
      accountName
      requestedAt
      expiresAt
      confirmed
    }
  }
`);

export const confirmRecoveryDocument = graphql(`
  mutation ConfirmRecovery($input: ConfirmRecoveryInput!) {
    confirmRecovery(input: $input) {
      __typename
      ... on RecoveryConfirmed {
        complete
      }
      ... on ConfirmRecoveryRejected {
        reason
        message
        retryAt
      }
    }
  }
`);

export const stopRecoveryDocument = graphql(`
  mutation StopRecovery($input: StopRecoveryInput!) {
    stopRecovery(input: $input) {
      __typename
      ... on StopRecoveryRejected {
        reason
        message
      }
    }
  }
`);
