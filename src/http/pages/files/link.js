// The pages behind the links of mails about an address or a password. Opening one changes nothing; only a click does.
const at = (id) => document.getElementById(id);

// The token stands in the fragment, which no server and no Referer header sees. It leaves the address bar, and with it
// the history and whatever is copied from there, before anything else happens.
const token = new URLSearchParams(location.hash.slice(1)).get('token') ?? '';
history.replaceState(null, '', location.pathname);

const PAGES = {
  '/verify-email': {
    field: 'verifyEmail',
    done: 'EmailVerified',
    query: `mutation VerifyEmail($input: VerifyEmailInput!) {
      verifyEmail(input: $input) {
        __typename
        ... on EmailVerified { maskedEmail }
        ... on VerifyEmailRejected { reason message retryAt }
      }
    }`,
    input: () => ({ token }),
    title: 'The address is verified',
    text: (result) => `You can log in with ${result.maskedEmail} now.`,
  },
  '/reset-password': {
    field: 'resetPassword',
    done: 'PasswordReset',
    query: `mutation ResetPassword($input: ResetPasswordInput!) {
      resetPassword(input: $input) {
        __typename
        ... on PasswordReset { maskedEmail }
        ... on ResetPasswordRejected { reason message retryAt }
      }
    }`,
    input: () => ({ token, newPassword: at('password').value }),
    title: 'The new password counts',
    text: (result) => `Log in as ${result.maskedEmail} with the new password. Every earlier session has ended.`,
  },
};
const page = PAGES[location.pathname];

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
    body: JSON.stringify({ query: page.query, variables: { input: page.input() } }),
  });
  const answer = await response.json();
  if (!answer.data || answer.errors?.length) {
    throw new Error(answer.errors?.[0]?.message ?? 'The server gave no answer.');
  }
  return answer.data[page.field];
}

at('form').addEventListener('submit', async (event) => {
  event.preventDefault();
  problem();
  at('send').disabled = true;
  try {
    const result = await ask();
    if (result.__typename === page.done) {
      end(page.title, page.text(result), 'good');
    } else if (['EXPIRED', 'INVALID', 'EMAIL_TAKEN'].includes(result.reason)) {
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

if (token) {
  at('status').replaceChildren();
  at('form').hidden = false;
} else {
  end('Open the link in your e-mail', 'This page works only when it is opened from the e-mail. If you have reloaded it, open the link in the e-mail again.', '');
}
