// The way back of an Owner whom nobody else can help. Opening the page changes nothing; only a click does.
import { at, end, show, token } from '/form.js';

const MODES = {
  ask: {
    field: 'requestRecovery',
    done: 'RecoveryRequested',
    query: `mutation RequestRecovery($input: RequestRecoveryInput!) {
      requestRecovery(input: $input) {
        __typename
        ... on RequestRecoveryRejected { reason message retryAt }
      }
    }`,
    input: () => ({ email: at('email').value }),
    title: 'Ask your recovery contacts',
    text: 'Have you lost your authenticator app and your backup codes, and can no Owner or Admin help you? Then the people whom you named in advance can confirm that it is you.',
    button: 'Ask them',
    doneTitle: 'If you named recovery contacts, they are asked',
    doneText: () => 'Speak with them: two have to confirm within 24 hours. You get a mail then, and one now with which you can stop it.',
  },
  lkn_: {
    field: 'confirmRecovery',
    done: 'RecoveryConfirmed',
    query: `mutation ConfirmRecovery($input: ConfirmRecoveryInput!) {
      confirmRecovery(input: $input) {
        __typename
        ... on RecoveryConfirmed { complete }
        ... on ConfirmRecoveryRejected { reason message retryAt }
      }
    }`,
    input: () => ({ token }),
    title: 'Is it the Owner who asks?',
    text: 'Confirm only when you have spoken with the Owner, by telephone or in person: you vouch for the person who asks.',
    button: 'Confirm',
    doneTitle: 'You have confirmed',
    doneText: (result) =>
      result.complete
        ? 'Two contacts have confirmed: the Owner gets a mail to reset MFA.'
        : 'Another contact has to confirm as well.',
  },
  lkx_: {
    field: 'stopRecovery',
    done: 'RecoveryStopped',
    query: `mutation StopRecovery($input: StopRecoveryInput!) {
      stopRecovery(input: $input) {
        __typename
        ... on StopRecoveryRejected { reason message retryAt }
      }
    }`,
    input: () => ({ token }),
    title: "This wasn't me",
    text: 'Nothing comes of the recovery then, MFA stays on, and your recovery contacts are told.',
    button: "This wasn't me",
    doneTitle: 'It is stopped',
    doneText: () => 'MFA stays on. For a while nobody can ask your contacts again.',
  },
};
const mode = token === '' ? MODES.ask : MODES[token.slice(0, 4)];

if (mode) {
  at('title').textContent = mode.title;
  at('text').textContent = mode.text;
  at('send').textContent = mode.button;
  at('field').hidden = mode !== MODES.ask;
  at('email').required = mode === MODES.ask;
  show({ ...mode, over: ['EXPIRED', 'INVALID', 'ALREADY_CONFIRMED'] });
} else {
  end('This link does not work', 'Open the link in your e-mail again.', 'warn');
}
