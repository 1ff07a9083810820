// The page behind the link of an MFA reset mail. Opening it reads; only a click changes anything.
const at = (id) => document.getElementById(id);

// The token stands in the fragment, which no server and no Referer header sees. It leaves the address bar, and with it
// the history and whatever is copied from there, before anything else happens.
const fragment = new URLSearchParams(location.hash.slice(1));
const token = fragment.get('token') ?? '';
const declining = fragment.get('decline') === '1';
history.replaceState(null, '', location.pathname);

const PREVIEW = `query MfaResetPreview($token: String!) {
  mfaResetByToken(token: $token) {
    state maskedEmail requestedByName scopeName requestedAt expiresAt acceptance coolingOffHours effectiveAt
  }
}`;
const ACCEPT = `mutation AcceptMfaReset($input: AcceptMfaResetInput!) {
  acceptMfaReset(input: $input) {
    __typename
    ... on MfaResetAccepted { maskedEmail enrollmentRequired effectiveAt }
    ... on AcceptMfaResetRejected { reason message retryAt }
  }
}`;
const DECLINE = `mutation DeclineMfaReset($input: DeclineMfaResetInput!) {
  declineMfaReset(input: $input) {
    __typename
    ... on Rejection { message retryAt }
  }
}`;

const INVALID =
  'This link is not valid. It may have been used already, or a newer request has taken its place. ' +
  'If you still cannot log in, ask your account’s Owner or Admin to reset your MFA again.';
const EXPIRED =
  'This link has expired. Ask your account’s Owner or Admin to start again; you will get a new e-mail.';

async function ask(query, variables) {
  const response = await fetch('/graphql', {
    method: 'POST',
    // The token is the proof; whoever is signed in here does not matter.
    credentials: 'omit',
    cache: 'no-store',
    headers: { 'content-type': 'application/json', accept: 'application/graphql-response+json, application/json' },
    body: JSON.stringify({ query, variables }),
  });
  const answer = await response.json();
  if (!answer.data || answer.errors?.length) {
    throw new Error(answer.errors?.[0]?.message ?? 'The server gave no answer.');
  }
  return answer.data;
}

const when = (text) =>
  new Date(text).toLocaleString(undefined, { dateStyle: 'full', timeStyle: 'short' });

function say(text, kind = '') {
  const line = document.createElement('p');
  line.textContent = text;
  line.className = kind;
  at('status').replaceChildren(line);
}

function end(title, text, kind) {
  at('choice').hidden = true;
  at('title').textContent = title;
  say(text, kind);
  at('title').focus();
}

function problem(text) {
  at('problem').textContent = text ?? '';
  at('problem').hidden = !text;
}

function busy(yes) {
  at('accept').disabled = yes;
  at('decline').disabled = yes;
}

const coolingText = (effectiveAt) =>
  `MFA goes off on ${when(effectiveAt)}. Until then it works as before, and it can be stopped: by you with the link in ` +
  'the e-mail, and by those who manage your account.';

function cooling(effectiveAt) {
  end('You have accepted the reset', coolingText(effectiveAt), 'good');
}

function refused({ reason, message, retryAt }) {
  if (reason === 'EXPIRED') return end('This link has expired', EXPIRED, 'warn');
  if (reason === 'INVALID') return end('This link is not valid', INVALID, 'warn');
  problem(retryAt ? `${message} Try again after ${when(retryAt)}.` : message);
  if (reason === 'PASSWORD_REQUIRED' || reason === 'WRONG_PASSWORD') {
    at('password-part').hidden = false;
    at('password').required = true;
    at('password').focus();
    at('password').select();
  }
}

async function act(doing) {
  problem();
  busy(true);
  try {
    await doing();
  } catch (error) {
    problem(`${error.message} You can try again.`);
  } finally {
    busy(false);
  }
}

const accept = () =>
  act(async () => {
    const password = at('password-part').hidden ? undefined : at('password').value;
    const backupCode = at('backup-code').value.trim() || undefined;
    const { acceptMfaReset: result } = await ask(ACCEPT, { input: { token, password, backupCode } });
    if (result.__typename !== 'MfaResetAccepted') return refused(result);
    at('password').value = '';
    if (result.effectiveAt) return cooling(result.effectiveAt);
    const next = result.enrollmentRequired
      ? 'Log in with your password; you will then be asked to set up MFA again.'
      : 'Log in with your password; then set up MFA again, to keep your account safe.';
    end('Your MFA has been reset', `MFA is now off for ${result.maskedEmail}, and every session has ended. ${next}`, 'good');
  });

const decline = () =>
  act(async () => {
    const { declineMfaReset: result } = await ask(DECLINE, { input: { token } });
    if (result.message) return end('This link is not valid', result.message, 'warn');
    end(
      'Thank you for telling us',
      'The request is closed and your MFA stays as it is. Whoever asked for it, and the Owners, are told. ' +
        'If you did not expect any of this, change your password.',
      'good',
    );
  });

function show(preview) {
  if (!preview) return end('This link is not valid', INVALID, 'warn');
  if (preview.state === 'EXPIRED') return end('This link has expired', EXPIRED, 'warn');
  const cools = preview.state === 'COOLING_OFF';
  if (preview.state !== 'PENDING' && !cools) return end('This link is not valid', INVALID, 'warn');
  at('who').textContent = preview.requestedByName;
  at('where').textContent = preview.scopeName;
  at('whom').textContent = preview.maskedEmail;
  at('asked').textContent = when(preview.requestedAt);
  at('until').textContent = when(preview.expiresAt);
  const demanded = preview.acceptance === 'LINK_AND_PASSWORD';
  at('password-part').hidden = !demanded;
  at('password').required = demanded;
  at('hours').textContent = preview.coolingOffHours;
  at('code-part').hidden = !cools && preview.coolingOffHours === 0;
  at('status').replaceChildren();
  if (cools) say(`You have accepted. ${coolingText(preview.effectiveAt)}`);
  at('choice').hidden = false;
  if (declining) {
    at('title').textContent = 'Didn’t you expect this?';
    at('accept').classList.remove('first');
    at('decline').classList.add('first');
    at('decline').parentElement.prepend(at('decline'));
    at('decline').focus();
  }
}

async function open() {
  if (!token) {
    return end('Open the link in your e-mail', 'This page works only when it is opened from the e-mail “MFA reset request”. If you have reloaded it, open the link in the e-mail again.');
  }
  say('One moment…');
  try {
    show((await ask(PREVIEW, { token })).mfaResetByToken);
  } catch (error) {
    say(`${error.message} `, 'warn');
    const again = document.createElement('button');
    again.textContent = 'Try again';
    again.addEventListener('click', open);
    at('status').append(again);
  }
}

at('choice').addEventListener('submit', (event) => {
  event.preventDefault();
  accept();
});
at('decline').addEventListener('click', decline);
open();
