// English: webhooks, what is sent to them, and what became of it.
import type {
  CreateWebhookRejectionReason,
  DeleteWebhookRejectionReason,
  ReplayWebhookDeliveriesRejectionReason,
  RotateWebhookSecretRejectionReason,
  SendTestWebhookRejectionReason,
  UpdateWebhookRejectionReason,
  WebhookDeliveryFault,
  WebhookDeliveryState,
  WebhookState,
} from '../../gql/graphql';
import type { Labels } from '../labels';
import notNow from './notNow';

const webhooks = {
  webhooks: {
    screen: 'Webhooks',
    title: (account: string) => `Webhooks of ${account}`,
    explained:
      'What is written into the audit log of this account is also sent to these addresses, about ten seconds later and signed as Standard Webhooks.',
    none: 'This account has no webhooks yet.',
    add: 'Add a webhook…',
    addTitle: 'Add a webhook',
    addSubmit: 'Add',
    addExplained: 'The next screen shows the secret that signs, this once.',
    url: 'Address',
    urlHint: 'https, on the public internet',
    events: 'Events',
    allEvents: 'All events',
    someEvents: 'Only these events',
    failingSince: (at: string) => `Every attempt has failed since ${at}.`,
    oldSecretUntil: (at: string) => `The old secret signs as well until ${at}.`,
    states: {
      ENABLED: 'On.',
      PAUSED: 'Switched off.',
      FAILED: 'Switched off: it failed for five days.',
      GONE: 'Switched off: the receiver answered that it is gone.',
    } as Labels<WebhookState>,
    changes: {
      enable: 'Switch on…',
      pause: 'Switch off…',
      rotate: 'New secret…',
      delete: 'Delete…',
    },
    changeSubmit: {
      enable: 'Switch on',
      pause: 'Switch off',
      rotate: 'Replace the secret',
      delete: 'Delete',
    },
    changeExplained: {
      enable: 'What happens from now on is sent. What it missed can be sent from the list of its deliveries.',
      pause: 'Nothing is sent until it is switched on again.',
      rotate: 'The next screen shows the new secret, this once. The old one signs beside it for 24 hours.',
      delete: 'Nothing is sent to this address any more, what waits included.',
    },
    changed: 'The webhook was changed.',
    secretTitle: 'The secret of this webhook',
    secretExplained:
      'The receiver checks signatures with it. It is not shown again: keep it where the receiver reads it.',
    copy: 'Copy',
    copied: 'Copied',
    deliveries: 'Deliveries',
    noDeliveries: 'Nothing has been sent yet.',
    columns: ['Since', 'What', 'State', 'Last answer'],
    deliveryStates: { QUEUED: 'Waits', DELIVERED: 'Delivered', FAILED: 'Given up' } as Labels<WebhookDeliveryState>,
    faults: {
      STATUS: 'Another status',
      UNREACHABLE: 'Nobody answers',
      PRIVATE_ADDRESS: 'Not on the public internet',
      TLS: 'The certificate is not valid',
      PROTOCOL: 'The answer was not HTTP',
      TIMEOUT: 'No answer in time',
      DISABLED: 'The webhook was off',
      UNSENDABLE: 'It could not be made',
    } as Labels<WebhookDeliveryFault>,
    test: 'Send a test',
    testQueued: 'A test is on its way.',
    reload: 'Look again',
    replaySince: 'Send what happened since',
    replay: 'Send again',
    replayed: (count: number) => (count === 1 ? '1 message is on its way.' : `${count} messages are on their way.`),
    rejected: {
      ...notNow,
      TOO_MANY_WEBHOOKS: 'An account has at most 10 webhooks. Delete one first.',
      CHANGED_MEANWHILE: 'The webhook has changed meanwhile. Look at it again.',
      WEBHOOK_DISABLED: 'This webhook is switched off. Switch it on first.',
      TOO_MANY_TESTS: 'Too many tests in a short time. Try again in a minute.',
      TOO_MANY_REPLAYS: 'Too much was sent again in a short time. Try again later.',
      URL_NOT_ALLOWED:
        'Webhooks go to https addresses on the public internet, without user name or fragment, at port 443 or above 1023.',
    } as Labels<
      | CreateWebhookRejectionReason
      | UpdateWebhookRejectionReason
      | DeleteWebhookRejectionReason
      | RotateWebhookSecretRejectionReason
      | SendTestWebhookRejectionReason
      | ReplayWebhookDeliveriesRejectionReason
    >,
  },
};

export default webhooks;
