// One mutation for all that a profile holds; what is left out stays.
import { graphql } from '../gql';

export const updateProfileDocument = graphql(`
  mutation UpdateProfile($input: UpdateProfileInput!) {
    updateProfile(input: $input) {
      __typename
      ... on ProfileUpdated {
        pendingEmail
        user {
          id
          name
          email
        }
      }
      ... on UpdateProfileRejected {
        reason
        message
        retryAt
      }
    }
  }
`);
