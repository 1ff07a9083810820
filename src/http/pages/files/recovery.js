// The way back of an Owner whom nobody else can help. Opening the page changes nothing; only a click does.
const at = (id) => document.getElementById(id);

// The token stands in the fragment, which no server and no Referer header sees. It leaves the address bar, and with it
// the history and whatever is copied from there, before anything else happens.
const token = new URLSearchParams(location.hash.slice(1)).get('token') ?? '';
history.replaceState(null, '', location.pathname);

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

function say(text, kind = '') {
  const line = document.createElement('p');
  line.textContent = text;
  line.className = kind;
  at('status').replaceChildren(line);
}

function end(title, text, kind) {
  at('form').hidden = true;
  at('title').textContent = title;
  say(text, kind);
  at('title').focus();
}

function problem(text) {
  at('problem').textContent = text ?? '';
  at('problem').hidden = !text;
}

async function ask() {
  const response = await fetch('/graphql', {
    method: 'POST',
    // The token is the proof; whoever is signed in here does not matter.
    credentials: 'omit',
    cache: 'no-store',
    headers: { 'content-type': 'application/json', accept: 'application/graphql-response+json, application/json' },
    body: JSON.stringify({ query: mode.query, variables: { input: mode.input() } }),
  });
  const answer = await response.json();
  if (!answer.data || answer.errors?.length) {
    throw new Error(answer.errors?.[0]?.message ?? 'The server gave no answer.');
  }
  return answer.data[mode.field];
}

at('form').addEventListener('submit', async (event) => {
  event.preventDefault();
  problem();
  at('send').disabled = true;
  try {
    const result = await ask();
    if (result.__typename === mode.done) {
      end(mode.doneTitle, mode.doneText(result), 'good');
    } else if (['EXPIRED', 'INVALID', 'ALREADY_CONFIRMED'].includes(result.reason)) {
      end('This link does not work', result.message, 'warn');
    } else {
      const when = result.retryAt && new Date(result.retryAt).toLocaleString(undefined, { dateStyle: 'full', timeStyle: 'short' });
      problem(when ? `${result.message} Try again after ${when}.` : result.message);
    }
  } catch (error) {
    problem(`${error.message} You can try again.`);
  } finally {
    at('send').disabled = false;
  }
});

if (mode) {
  at('status').replaceChildren();
  at('title').textContent = mode.title;
  at('text').textContent = mode.text;
  at('send').textContent = mode.button;
  at('field').hidden = mode !== MODES.ask;
  at('email').required = mode === MODES.ask;
  at('form').hidden = false;
} else {
  end('This link does not work', 'Open the link in your e-mail again.', 'warn');
}
