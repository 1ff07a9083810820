// Manage > Users in bulk: people chosen over pages, one change for all of them, each with an outcome of its own.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Page } from 'playwright-core';
import { PortfolioCast, type Person } from '../harness/people';
import type { OnStage } from '../harness/stage';
import { logIn, row } from '../harness/steps';

export function bulk(onStage: OnStage): void {
  const choosePerson = (page: Page, person: Person) => row(page, person).getByLabel(`Choose ${person.name}`).check();
  const dialogOf = (page: Page) => page.getByRole('dialog');
  const open = (page: Page) => page.getByRole('button', { name: 'Change access…' }).click();

  async function chooseAccounts(page: Page, ...names: string[]): Promise<void> {
    const field = dialogOf(page).getByRole('combobox', { name: 'Accounts' });
    for (const name of names) {
      await field.fill(name);
      await page.getByRole('option', { name, exact: true }).click();
    }
    await page.keyboard.press('Tab');
  }

  describe('a bulk edit', () => {
    it('reaches people of several pages, and shows the outcome of each change', async () => {
      const { gateway, url } = onStage();
      const cast = new PortfolioCast('Bulk Group');
      const north = cast.account('North Ltd');
      const south = cast.account('South Ltd');
      const pia = cast.add('Pia Portfolio', { team: 'OWNER' });
      const owner = cast.add('Aa Owner', { accounts: { [north]: 'OWNER' } });
      const first = cast.add('Ab First', { accounts: { [north]: 'ANALYST' } });
      for (let n = 0; n < 25; n += 1) {
        cast.add(`Middle ${String.fromCharCode(97 + n)}`, { accounts: { [south]: 'SUPPORT' } });
      }
      const last = cast.add('Zz Last', { accounts: { [north]: 'SUPPORT', [south]: 'SUPPORT' } });
      await gateway.import(cast.rows);
      const { page } = await onStage().visitor();
      await logIn(page, url, pia);
      await page.getByRole('heading', { name: 'Users of all accounts of Bulk Group' }).waitFor();

      await choosePerson(page, owner);
      await choosePerson(page, first);
      await page.getByRole('button', { name: 'Next page' }).click();
      await choosePerson(page, last);
      await page.getByText('3 people chosen').waitFor();
      await page.getByRole('button', { name: 'Previous page' }).click();
      await row(page, owner).waitFor();
      assert.equal(await row(page, owner).getByRole('checkbox').isChecked(), true, 'the choice outlives paging');

      await open(page);
      const dialog = dialogOf(page);
      await dialog.getByLabel('Change the role').check();
      await dialog.getByText('Choose at least one account.').waitFor();
      await chooseAccounts(page, 'North Ltd');
      await dialog.getByLabel('Role', { exact: true }).selectOption({ label: 'Manager' });
      await dialog.getByText('This makes 3 changes.').waitFor();
      await dialog.getByRole('button', { name: 'Change roles' }).click();
      await dialog.getByText('2 changes were made. 1 was refused.').waitFor();
      const refused = dialog.getByRole('row').filter({ hasText: owner.email });
      await refused.getByText('Is Owner, and stays').waitFor();
      await dialog.getByRole('row').filter({ hasText: last.email }).getByText('Manager now').waitFor();

      // Meanwhile the Owner hands over; what was refused is tried again alone.
      const other = (await onStage().visitor()).page;
      await logIn(other, url, owner);
      await row(other, first).getByRole('button', { name: 'Actions for Ab First' }).click();
      await other.getByRole('menuitem', { name: 'Hand over…' }).click();
      await other.getByRole('dialog').getByRole('button', { name: 'Hand over' }).click();
      await row(other, first).getByText('Owner', { exact: true }).waitFor();
      await dialog.getByRole('button', { name: 'Try it again' }).click();
      await dialog.getByText('3 changes were made.', { exact: true }).waitFor();
      await dialog.getByRole('button', { name: 'Close', exact: true }).last().click();

      await row(page, owner).getByText('North Ltd: Manager').waitFor();
      assert.equal(await page.getByText(/chosen$/).count(), 0);
    });

    it('invites whoever is not there yet, and off-boards for good', async () => {
      const { gateway, url } = onStage();
      const cast = new PortfolioCast('Off-board Group');
      const north = cast.account('North Ltd');
      const south = cast.account('South Ltd');
      const pia = cast.add('Pia Portfolio', { team: 'ADMIN' });
      cast.add('Otto Owner', { accounts: { [south]: 'OWNER' } });
      const ann = cast.add('Ann Both', { accounts: { [north]: 'ANALYST', [south]: 'ANALYST' } });
      const bea = cast.add('Bea North', { accounts: { [north]: 'ANALYST' } });
      await gateway.import(cast.rows);
      const { page } = await onStage().visitor();
      await logIn(page, url, pia);
      const dialog = dialogOf(page);

      await choosePerson(page, ann);
      await choosePerson(page, bea);
      await open(page);
      await dialog.getByRole('button', { name: 'All 2' }).click();
      await dialog.getByText('This makes 1 change.').waitFor();
      await dialog.getByRole('button', { name: 'Invite', exact: true }).click();
      await dialog.getByText('1 change was made.', { exact: true }).waitFor();
      await gateway.mail.wait(bea.email, 'You are invited');
      await page.keyboard.press('Escape');
      await dialog.waitFor({ state: 'detached' });

      await choosePerson(page, ann);
      await open(page);
      await dialog.getByLabel('Off-board from all accounts').check();
      await dialog.getByRole('button', { name: 'Off-board', exact: true }).click();
      await dialog.getByText('Removed from 2 accounts').waitFor();
      await page.keyboard.press('Escape');
      await row(page, ann).waitFor({ state: 'detached' });
      await row(page, bea).waitFor();
    });

    it('refuses more than 500 changes before it sends any', async () => {
      const { gateway, url } = onStage();
      const cast = new PortfolioCast('Too Much Group');
      const accounts = Array.from({ length: 22 }, (_, n) => cast.account(`Account ${String(n).padStart(2, '0')}`));
      const pia = cast.add('Pia Portfolio', { team: 'OWNER' });
      const home = accounts[0] ?? '';
      for (let n = 0; n < 25; n += 1) {
        cast.add(`Many ${String.fromCharCode(97 + n)}`, { accounts: { [home]: n === 0 ? 'OWNER' : 'SUPPORT' } });
      }
      await gateway.import(cast.rows);
      const { page } = await onStage().visitor();
      await logIn(page, url, pia);
      await page.getByLabel('Choose everybody on this page').check();
      await page.getByText('25 people chosen').waitFor();
      await open(page);
      const dialog = dialogOf(page);
      const submit = dialog.getByRole('button', { name: 'Invite', exact: true });
      await dialog.getByRole('button', { name: 'All 22' }).click();
      // 25 people in the 21 accounts where they are not yet.
      await dialog.getByText('This makes 525 changes.').waitFor();
      await dialog.getByText('At most 500 changes can be made at once.').waitFor();
      assert.equal(await submit.isDisabled(), true);
      await dialog.getByRole('combobox', { name: 'Accounts' }).press('Backspace');
      await dialog.getByText('This makes 500 changes.').waitFor();
      assert.equal(await submit.isDisabled(), false);
      // The list of accounts first, then the dialog.
      await page.keyboard.press('Escape');
      await page.keyboard.press('Escape');
      await dialog.waitFor({ state: 'detached' });
      await page.getByRole('button', { name: 'Choose nobody' }).click();
      assert.equal(await page.getByText(/chosen$/).count(), 0);
    });
  });
}
