// Who belongs to an account: another role, out of it, another Owner, leaving.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Cast } from '../harness/people';
import type { OnStage } from '../harness/stage';
import { choose, logIn, row } from '../harness/steps';

export function members(onStage: OnStage): void {
  describe('the people of an account', () => {
    it('get another role, are removed, and take the account over', async () => {
      const { gateway, url } = onStage();
      const cast = new Cast('Places Ltd');
      const olga = cast.add('Olga Owner', 'OWNER', { mfa: false });
      const adam = cast.add('Adam Admin', 'ADMIN', { mfa: false });
      const ulf = cast.add('Ulf User', 'ANALYST', { mfa: false });
      const rita = cast.add('Rita Removed', 'SUPPORT', { mfa: false });
      await gateway.import(cast.rows);
      const { page } = await onStage().visitor();
      await logIn(page, url, olga);
      const dialog = page.getByRole('dialog');

      await choose(page, ulf, 'Change role…');
      await dialog.getByLabel('Role').selectOption({ label: 'Manager' });
      await dialog.getByRole('button', { name: 'Change', exact: true }).click();
      await row(page, ulf).getByText('Manager').waitFor();

      await choose(page, rita, 'Remove…');
      await dialog.getByText('Remove Rita Removed from Places Ltd?').waitFor();
      await dialog.getByRole('button', { name: 'Cancel' }).click();
      await row(page, rita).waitFor();
      await choose(page, rita, 'Remove…');
      await dialog.getByRole('button', { name: 'Remove', exact: true }).click();
      await row(page, rita).waitFor({ state: 'detached' });

      await choose(page, adam, 'Hand over…');
      await dialog.getByRole('button', { name: 'Hand over' }).click();
      await row(page, adam).getByText('Owner', { exact: true }).waitFor();
      await row(page, olga).getByText('Admin', { exact: true }).waitFor();
      await row(page, ulf).getByRole('button', { name: 'Actions for Ulf User' }).click();
      await page.getByRole('menuitem', { name: 'Remove…' }).waitFor();
      assert.equal(await page.getByRole('menuitem', { name: 'Hand over…' }).count(), 0);
      await page.keyboard.press('Escape');

      await choose(page, olga, 'Leave…');
      await dialog.getByRole('button', { name: 'Leave', exact: true }).click();
      await page.getByRole('heading', { name: 'My security' }).waitFor();
    });

    it('are changed by Owners and Admins only', async () => {
      const { gateway, url } = onStage();
      const cast = new Cast('Lookers Ltd');
      cast.add('Olga Owner', 'OWNER');
      const bert = cast.add('Bert Brandt', 'MANAGER', { mfa: false });
      await gateway.import(cast.rows);
      const { page } = await onStage().visitor();
      await logIn(page, url, bert);
      await row(page, bert).waitFor();
      assert.equal(await page.getByRole('button', { name: 'Invite…' }).count(), 0);
    });
  });
}
