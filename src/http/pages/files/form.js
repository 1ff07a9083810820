// What the pages of one form share: the token of the link, a mutation on a click, and its outcome.
export const at = (id) => document.getElementById(id);

// The token stands in the fragment, which no server and no Referer header sees. It leaves the address bar, and with it
// the history and whatever is copied from there, before anything else happens.
export const token = new URLSearchParams(location.hash.slice(1)).get('token') ?? '';
history.replaceState(null, '', location.pathname);

/** The last words of a page: the form goes. */
export function end(title, text, kind = '') {
  const line = document.createElement('p');
  line.textContent = text;
  line.className = kind;
  at('form').hidden = true;
  at('title').textContent = title;
  at('status').replaceChildren(line);
  at('title').focus();
}

function problem(text) {
  at('problem').textContent = text ?? '';
  at('problem').hidden = !text;
}

async function ask({ query, field, input }) {
  const response = await fetch('/graphql', {
    method: 'POST',
    // The token is the proof; whoever is signed in here does not matter.
    credentials: 'omit',
    cache: 'no-store',
    headers: { 'content-type': 'application/json', accept: 'application/graphql-response+json, application/json' },
    body: JSON.stringify({ query, variables: { input: input() } }),
  });
  const answer = await response.json();
  if (!answer.data || answer.errors?.length) {
    throw new Error(answer.errors?.[0]?.message ?? 'The server gave no answer.');
  }
  return answer.data[field];
}

/**
 * Shows the form and sends `query` with `input()` on a click. `done` is the type of success, which `doneTitle` and `doneText` tell;
 * after a refusal for one of the reasons in `over` the link is of no use any more.
 */
export function show(page) {
  at('form').addEventListener('submit', async (event) => {
    event.preventDefault();
    problem();
    at('send').disabled = true;
    try {
      const result = await ask(page);
      if (result.__typename === page.done) {
        end(page.doneTitle, page.doneText(result), 'good');
      } else if (page.over.includes(result.reason)) {
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
  at('status').replaceChildren();
  at('form').hidden = false;
}
