// What people do on the screens, in the words of the screens.
import type { Page } from 'playwright-core';
import { PASSWORD, type Person } from './people';

export async function enterPassword(page: Page, url: string, person: Person, password = PASSWORD): Promise<void> {
  if (!page.url().startsWith(`${url}/login`)) await page.goto(`${url}/login`);
  await page.getByLabel('E-mail').fill(person.email);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Log in' }).click();
}

export async function enterCode(page: Page, code: string): Promise<void> {
  await page.getByLabel('Code or backup code').fill(code);
  await page.getByRole('button', { name: 'Continue' }).click();
}

/** All of log-in for somebody whose MFA is on. */
export async function logIn(page: Page, url: string, person: Person, now?: () => number): Promise<void> {
  await enterPassword(page, url, person);
  if (person.app) {
    await page.getByRole('heading', { name: 'Enter your code' }).waitFor();
    await enterCode(page, await person.app.code(now));
  }
  await page.getByRole('button', { name: 'Log out' }).waitFor();
}

export function row(page: Page, person: Person) {
  return page.getByRole('row').filter({ hasText: person.email });
}

/** ⋮ → one of its items. */
export async function choose(page: Page, person: Person, item: string): Promise<void> {
  await row(page, person)
    .getByRole('button', { name: `Actions for ${person.name}` })
    .click();
  await page.getByRole('menuitem', { name: item }).click();
}

/** Invite… → dialog → Invite. */
export async function invite(page: Page, email: string, role: string): Promise<void> {
  await page.getByRole('button', { name: 'Invite…' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('E-mail').fill(email);
  await dialog.getByLabel('Role').selectOption({ label: role });
  await dialog.getByRole('button', { name: 'Invite', exact: true }).click();
  await dialog.waitFor({ state: 'detached' });
}

/** ⋮ → Reset MFA → dialog → Reset. */
export async function resetMfa(page: Page, person: Person, reason = 'Lost the phone'): Promise<void> {
  await choose(page, person, 'Reset MFA…');
  const dialog = page.getByRole('dialog');
  await dialog.getByText(`Reset MFA of ${person.name}?`).waitFor();
  await dialog.getByLabel('Reason').fill(reason);
  await dialog.getByRole('button', { name: 'Reset', exact: true }).click();
  await dialog.waitFor({ state: 'detached' });
}
