// The webhooks of an account, and what is on its way to them.
import { graphql } from '../gql';

export const listedWebhookFragment = graphql(`
  fragment ListedWebhook on Webhook {
    id
    url
    actions
    state
    failingSince
    oldSecretUntil
    version
  }
`);

// An account has at most 10: they are not paged.
export const webhooksDocument = graphql(`
  query Webhooks($id: ID!) {
    account(id: $id) {
      id
      webhooks {
        ...ListedWebhook
      }
    }
  }
`);

export const webhookDeliveriesDocument = graphql(`
  query WebhookDeliveries($id: ID!, $states: [WebhookDeliveryState!]) {
    node(id: $id) {
      ... on Webhook {
        id
        deliveries(first: 20, states: $states) {
          edges {
            node {
              id
              messageType
              state
              attempts
              createdAt
              nextAttemptAt
              lastStatus
              lastFault
            }
          }
        }
      }
    }
  }
`);

export const createWebhookDocument = graphql(`
  mutation CreateWebhook($input: CreateWebhookInput!) {
    createWebhook(input: $input) {
      __typename
      ... on WebhookCreated {
        secret
        webhook {
          ...ListedWebhook
        }
      }
      ... on CreateWebhookRejected {
        reason
        message
        retryAt
      }
    }
  }
`);

export const updateWebhookDocument = graphql(`
  mutation UpdateWebhook($input: UpdateWebhookInput!) {
    updateWebhook(input: $input) {
      __typename
      ... on WebhookUpdated {
        webhook {
          ...ListedWebhook
        }
      }
      ... on UpdateWebhookRejected {
        reason
        message
        retryAt
      }
    }
  }
`);

export const deleteWebhookDocument = graphql(`
  mutation DeleteWebhook($input: DeleteWebhookInput!) {
    deleteWebhook(input: $input) {
      __typename
      ... on DeleteWebhookRejected {
        reason
        message
        retryAt
      }
    }
  }
`);

export const rotateWebhookSecretDocument = graphql(`
  mutation RotateWebhookSecret($input: RotateWebhookSecretInput!) {
    rotateWebhookSecret(input: $input) {
      __typename
      ... on WebhookSecretRotated {
        secret
        webhook {
          ...ListedWebhook
        }
      }
      ... on RotateWebhookSecretRejected {
        reason
        message
        retryAt
      }
    }
  }
`);

export const sendTestWebhookDocument = graphql(`
  mutation SendTestWebhook($input: SendTestWebhookInput!) {
    sendTestWebhook(input: $input) {
      __typename
      ... on SendTestWebhookRejected {
        reason
        message
        retryAt
      }
    }
  }
`);

export const replayWebhookDeliveriesDocument = graphql(`
  mutation ReplayWebhookDeliveries($input: ReplayWebhookDeliveriesInput!) {
    replayWebhookDeliveries(input: $input) {
      __typename
      ... on WebhookDeliveriesReplayed {
        count
        nextSince
      }
      ... on ReplayWebhookDeliveriesRejected {
        reason
        message
        retryAt
      }
    }
  }
`);
