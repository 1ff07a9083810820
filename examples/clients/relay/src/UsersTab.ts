// What Relay asks of a schema: global ids behind Node, connections that page, mutations, subscriptions. Compiled only.
import { graphql } from 'relay-runtime';

export const query = graphql`
  query UsersTabQuery($id: ID!) {
    node(id: $id) {
      ... on Account {
        name
        ...UsersTab_users @alias
      }
    }
  }
`;

export const users = graphql`
  fragment UsersTab_users on Account
  @refetchable(queryName: "UsersTabPaginationQuery")
  @argumentDefinitions(
    count: { type: "Int", defaultValue: 25 }
    cursor: { type: "String" }
    search: { type: "String" }
  ) {
    users(first: $count, after: $cursor, search: $search) @connection(key: "UsersTab_users") {
      edges {
        role
        node {
          id
          name
          email
          pendingMfaReset {
            id
            expiresAt
          }
        }
      }
    }
  }
`;

export const resetUserMfa = graphql`
  mutation UsersTabResetUserMfaMutation($input: ResetUserMfaInput!) {
    resetUserMfa(input: $input) {
      ... on MfaResetRequested {
        mfaReset {
          id
          state
          expiresAt
        }
      }
      ... on Rejection {
        message
        retryAt
      }
    }
  }
`;

export const mfaResetChanged = graphql`
  subscription UsersTabMfaResetChangedSubscription($accountId: ID) {
    mfaResetChanged(accountId: $accountId) {
      id
      state
      user {
        id
        pendingMfaReset {
          id
        }
      }
    }
  }
`;
