// Finding people: search, filters, pages; who may do what.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Cast } from '../harness/people';
import type { OnStage } from '../harness/stage';
import { logIn, row } from '../harness/steps';

// Argon2id of a password that nobody knows: this crowd never logs in.
const PREPARED_HASH =
  '$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$3q2+796tvu/erb7v3q2+796tvu/erb7v3q2+796tvu8';
const CROWD = 10_000;

export function usersTab(onStage: OnStage): void {
  describe('the Users tab', () => {
    it('searches as one types, filters, and keeps both in the address', async () => {
      const { gateway, url } = onStage();
      const cast = new Cast('Search Ltd');
      const olga = cast.add('Olga Owner', 'OWNER', { mfa: false });
      const ada = cast.add('Ada Adler', 'ANALYST');
      const bert = cast.add('Bert Brandt', 'MANAGER', { mfa: false });
      await gateway.import(cast.rows);
      const { page } = await onStage().visitor();
      await logIn(page, url, olga);
      await row(page, bert).waitFor();

      await page.getByLabel('Search by name or e-mail').pressSequentially('ad');
      await row(page, bert).waitFor({ state: 'detached' });
      await row(page, ada).waitFor();
      await page.getByLabel('Search by name or e-mail').fill('');
      await row(page, bert).waitFor();

      await page.getByLabel('Role').selectOption({ label: 'Manager' });
      await row(page, ada).waitFor({ state: 'detached' });
      await page.reload();
      await row(page, bert).waitFor();
      assert.equal(await row(page, ada).count(), 0);
      await page.goBack();
      await row(page, ada).waitFor();

      await page.getByLabel('MFA', { exact: true }).selectOption({ label: 'On' });
      await row(page, bert).waitFor({ state: 'detached' });
      await row(page, ada).waitFor();
      await page.getByLabel('Search by name or e-mail').fill('zzz');
      await page.getByText('Nobody matches.').waitFor();
    });

    it('explains why somebody’s MFA cannot be reset, to the keyboard as well', async () => {
      const { gateway, url } = onStage();
      const cast = new Cast('Why Not Ltd');
      const olga = cast.add('Olga Owner', 'OWNER');
      const bert = cast.add('Bert Brandt', 'MANAGER', { mfa: false });
      await gateway.import(cast.rows);
      const { page } = await onStage().visitor();
      await logIn(page, url, olga);

      await row(page, bert).getByRole('button', { name: 'Actions for Bert Brandt' }).focus();
      await page.keyboard.press('Enter');
      await page.getByRole('menuitem', { name: /MFA is off: there is nothing to reset/ }).waitFor();
      await page.keyboard.press('Escape');
      await row(page, olga).getByRole('button', { name: 'Actions for Olga Owner' }).click();
      const item = page.getByRole('menuitem', { name: /You cannot reset your own MFA/ });
      await item.click();
      assert.equal(await page.getByRole('dialog').count(), 0);
    });

    it('shows a Manager the people, and nothing to manage', async () => {
      const { gateway, url } = onStage();
      const cast = new Cast('Manager Ltd');
      cast.add('Olga Owner', 'OWNER');
      const bert = cast.add('Bert Brandt', 'MANAGER', { mfa: false });
      await gateway.import(cast.rows);
      const { page } = await onStage().visitor();
      await logIn(page, url, bert);
      await row(page, bert).waitFor();
      assert.equal(await page.getByRole('button', { name: /^Actions for/ }).count(), 0);
      assert.equal(await page.getByRole('columnheader', { name: 'MFA' }).count(), 0);
    });

    it('pages back and forth through ten thousand people, and finds one of them at once', async () => {
      const { gateway, url } = onStage();
      const cast = new Cast('Crowd Ltd');
      const olga = cast.add('Olga Owner', 'OWNER', { mfa: false });
      cast.addCrowd(CROWD, PREPARED_HASH);
      await gateway.import(cast.rows);
      const { page } = await onStage().visitor();
      await logIn(page, url, olga);
      await page.getByText(/^10,00\d people$/).waitFor();

      await page.getByText('Crowd 00000').waitFor();
      await page.getByRole('button', { name: 'Next page' }).click();
      await page.getByText('Crowd 00025').waitFor();
      await page.getByRole('button', { name: 'Next page' }).click();
      await page.getByText('Crowd 00050').waitFor();
      await page.getByRole('button', { name: 'Previous page' }).click();
      await page.getByText('Crowd 00025').waitFor();
      await page.goBack();
      await page.getByText('Crowd 00050').waitFor();

      const began = Date.now();
      await page.getByLabel('Search by name or e-mail').fill('Crowd 09999');
      await page.getByText('Crowd 09999').waitFor();
      await page.getByText('Crowd 00050').waitFor({ state: 'detached' });
      assert.ok(Date.now() - began < 3_000, 'search answers at once');
    });
  });
}
