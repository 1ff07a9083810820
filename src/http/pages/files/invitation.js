// The page behind the link of an invitation mail. Opening it reads; only a click changes anything.
const at = (id) => document.getElementById(id);

// The token stands in the fragment, which no server and no Referer header sees. It leaves the address bar, and with it
// the history and whatever is copied from there, before anything else happens.
const token = new URLSearchParams(location.hash.slice(1)).get('token') ?? '';
history.replaceState(null, '', location.pathname);

const PREVIEW = `query InvitationPreview($token: String!) {
  invitationByToken(token: $token) {
    state maskedEmail invitedByName scopeName accountRole customRoleName portfolioRole expiresAt registrationNeeded
  }
}`;
const ACCEPT = `mutation AcceptInvitation($input: AcceptInvitationInput!) {
  acceptInvitation(input: $input) {
    __typename
    ... on InvitationAccepted { scopeName maskedEmail userCreated enrollmentRequired }
    ... on AcceptInvitationRejected { reason message }
  }
}`;

const INVALID = 'This link is not valid. It may have been used already, or the invitation was taken back.';
const EXPIRED = 'This invitation has expired. Ask whoever invited you to send it again; you will get a new e-mail.';

async function ask(query, variables, credentials = 'omit') {
  const response = await fetch('/graphql', {
    method: 'POST',
    credentials,
    cache: 'no-store',
    headers: {
      'content-type': 'application/json',
      accept: 'application/graphql-response+json, application/json',
      'latchkey-session': 'cookie',
    },
    body: JSON.stringify({ query, variables }),
  });
  const answer = await response.json();
  if (credentials !== 'omit' && answer.errors?.[0]?.extensions?.code === 'UNAUTHENTICATED') {
    // The session that was here has ended: go on as nobody.
    return ask(query, variables);
  }
  if (!answer.data || answer.errors?.length) {
    throw new Error(answer.errors?.[0]?.message ?? 'The server gave no answer.');
  }
  return answer.data;
}

const when = (text) => new Date(text).toLocaleString(undefined, { dateStyle: 'full', timeStyle: 'short' });

// CAMPAIGN_COORDINATOR is shown as "Campaign coordinator".
const readable = (role) => role.charAt(0) + role.slice(1).toLowerCase().replaceAll('_', ' ');

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

function refused({ reason, message }) {
  if (reason === 'EXPIRED') return end('This invitation has expired', EXPIRED, 'warn');
  if (reason === 'INVALID') return end('This link is not valid', INVALID, 'warn');
  if (reason === 'LOG_IN_REQUIRED' || reason === 'ANOTHER_USER') {
    end('Log in first', `${message} Then open the link in the e-mail again.`, 'warn');
    at('onward').hidden = false;
    return;
  }
  problem(message);
}

async function accept() {
  problem();
  at('accept').disabled = true;
  try {
    const registering = !at('registration').hidden;
    const input = registering ? { token, name: at('name').value, password: at('password').value } : { token };
    // Whoever has a user joins as the person who is logged in here.
    const { acceptInvitation: result } = await ask(ACCEPT, { input }, 'same-origin');
    if (result.__typename !== 'InvitationAccepted') return refused(result);
    at('password').value = '';
    const next = result.enrollmentRequired ? ' At the next log-in you set up multi-factor authentication (MFA).' : '';
    end('Welcome', `${result.maskedEmail} belongs to ${result.scopeName} now.${next}`, 'good');
    at('onward').hidden = !(result.userCreated || result.enrollmentRequired);
  } catch (error) {
    problem(`${error.message} You can try again.`);
  } finally {
    at('accept').disabled = false;
  }
}

function show(preview) {
  if (preview?.state === 'EXPIRED') return end('This invitation has expired', EXPIRED, 'warn');
  if (preview?.state !== 'PENDING') return end('This link is not valid', INVALID, 'warn');
  at('who').textContent = preview.invitedByName;
  at('where').textContent = preview.scopeName;
  at('role').textContent = preview.customRoleName ?? readable(preview.accountRole ?? preview.portfolioRole);
  at('whom').textContent = preview.maskedEmail;
  at('until').textContent = when(preview.expiresAt);
  at('registration').hidden = !preview.registrationNeeded;
  at('known').hidden = preview.registrationNeeded;
  at('name').required = preview.registrationNeeded;
  at('password').required = preview.registrationNeeded;
  at('status').replaceChildren();
  at('choice').hidden = false;
}

async function open() {
  if (!token) {
    return end('Open the link in your e-mail', 'This page works only when it is opened from the invitation. If you have reloaded it, open the link in the e-mail again.');
  }
  say('One moment…');
  try {
    show((await ask(PREVIEW, { token })).invitationByToken);
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
open();
