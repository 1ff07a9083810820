// Log-in in any language.
import type { Page } from 'playwright-core';
import type { Messages } from '../../../src/i18n/en';
import { PASSWORD, type Person } from '../../harness/people';

export async function enter(page: Page, url: string, m: Messages, person: Person): Promise<void> {
  await page.goto(`${url}/login`);
  await page.locator('input[name=email]').fill(person.email);
  await page.locator('input[name=password]').fill(PASSWORD);
  await page.locator('form button[type=submit]').click();
  if (person.app) {
    await page.locator('input[name=code]').fill(await person.app.code());
    await page.locator('form button[type=submit]').click();
  }
  await page.getByRole('button', { name: m.app.logOut }).waitFor();
}
