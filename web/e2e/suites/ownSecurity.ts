// One's own MFA, the policy and the audit log.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { Cast } from '../harness/people';
import { readQrCode } from '../harness/qr';
import type { OnStage } from '../harness/stage';
import { logIn } from '../harness/steps';
import { Authenticator } from '../harness/totp';

export function ownSecurity(onStage: OnStage): void {
  describe('my security', () => {
    it('sets MFA up, renews the backup codes and turns MFA off again', async () => {
      const { gateway, url } = onStage();
      const cast = new Cast('Own Ltd');
      const olga = cast.add('Olga Owner', 'OWNER', { mfa: false });
      await gateway.import(cast.rows);
      const { page } = await onStage().visitor();
      await logIn(page, url, olga);
      await page.getByRole('link', { name: 'My security' }).click();

      await page.getByRole('button', { name: 'Set up MFA' }).click();
      const app = Authenticator.fromUri(await readQrCode(page.getByRole('dialog').locator('img')));
      await page.getByLabel('6-digit code').fill(await app.code());
      await page.getByRole('button', { name: 'Turn on MFA' }).click();
      const list = page.getByRole('list', { name: 'Backup codes' });
      await list.waitFor();
      const first = await list.getByRole('listitem').allTextContents();
      await page.getByLabel('I have saved these codes').check();
      await page.getByRole('button', { name: 'Continue' }).click();
      await page.getByText('10 backup codes left').waitFor();

      await page.getByRole('button', { name: 'New backup codes' }).click();
      await page.getByLabel('Code or backup code').fill(first[0] ?? '');
      await page.getByRole('dialog').getByRole('button', { name: 'New backup codes' }).click();
      await list.waitFor();
      const second = await list.getByRole('listitem').allTextContents();
      assert.equal(second.length, 10);
      assert.ok(!second.includes(first[1] ?? ''));
      await page.getByLabel('I have saved these codes').check();
      await page.getByRole('button', { name: 'Continue' }).click();

      await page.getByRole('button', { name: 'Turn off MFA' }).click();
      await page.getByLabel('Code or backup code').fill(first[1] ?? '');
      await page.getByRole('dialog').getByRole('button', { name: 'Turn off MFA' }).click();
      await page.getByRole('alert').getByText('This code is wrong.').waitFor();
      await page.getByLabel('Code or backup code').fill(second[0] ?? '');
      await page.getByRole('dialog').getByRole('button', { name: 'Turn off MFA' }).click();
      await page.getByText('MFA is off', { exact: true }).waitFor();
    });

    it('leads whoever is logged in without MFA to set it up once it is enforced', async () => {
      const { gateway, url } = onStage();
      const cast = new Cast('Strict Ltd');
      const olga = cast.add('Olga Owner', 'OWNER');
      const bert = cast.add('Bert Brandt', 'MANAGER', { mfa: false });
      await gateway.import(cast.rows);
      const [{ page: hers }, { page: his }] = [await onStage().visitor(), await onStage().visitor()];
      await logIn(his, url, bert);
      await his.getByRole('heading', { name: 'Users of Strict Ltd' }).waitFor();
      const second = await his.context().newPage();
      await second.goto(his.url());
      await second.getByRole('heading', { name: 'Users of Strict Ltd' }).waitFor();

      await logIn(hers, url, olga);
      await hers.getByRole('link', { name: 'MFA policy' }).click();
      await hers.getByRole('switch', { name: 'Everybody must use MFA' }).check();
      await hers.getByRole('button', { name: 'Save' }).click();
      await hers.getByText('The MFA policy is saved.').waitFor();

      // Whatever he does next ends there, not in an error.
      await his.getByRole('link', { name: 'MFA policy' }).click();
      await his.getByRole('heading', { name: 'Set up MFA' }).waitFor();
      await his.getByText('requires multi-factor authentication').waitFor();
      const app = Authenticator.fromUri(await readQrCode(his.locator('img')));
      await his.getByLabel('6-digit code').fill(await app.code());
      await his.getByRole('button', { name: 'Turn on MFA' }).click();
      await his.getByRole('list', { name: 'Backup codes' }).waitFor();
      await his.getByLabel('I have saved these codes').check();
      await his.getByRole('button', { name: 'Continue' }).click();
      await his.getByRole('button', { name: 'Log out' }).waitFor();
      await his.getByRole('link', { name: 'Users' }).click();
      await his.getByRole('heading', { name: 'Users of Strict Ltd' }).waitFor();
      // The other tab shares the session, and goes on as well.
      await second.reload();
      await second.getByRole('heading', { name: 'Users of Strict Ltd' }).waitFor();
    });

    it('saves a policy, says whom it touches, and the audit log knows', async () => {
      const { gateway, url } = onStage();
      const cast = new Cast('Policy Ltd');
      const olga = cast.add('Olga Owner', 'OWNER');
      cast.add('Bert Brandt', 'MANAGER', { mfa: false });
      await gateway.import(cast.rows);
      const { page } = await onStage().visitor();
      await logIn(page, url, olga);
      await page.getByRole('link', { name: 'MFA policy' }).click();
      await page.getByText('1 person has no MFA yet and would have to set it up.').waitFor();
      await page.getByRole('switch', { name: 'Everybody must use MFA' }).check();
      await page.getByLabel('From this day on').fill('2099-01-01');
      await page.getByRole('button', { name: 'Save' }).click();
      await page.getByText('The MFA policy is saved.').waitFor();
      await page.reload();
      assert.equal(await page.getByLabel('From this day on').inputValue(), '2099-01-01');

      await page.getByRole('link', { name: 'Audit log' }).click();
      await page.getByRole('cell', { name: /^MFA policy changed/ }).waitFor();
      await page.getByRole('combobox', { name: 'Show only' }).click();
      await page.getByRole('option', { name: 'Logged in' }).click();
      await page.getByRole('cell', { name: /^MFA policy changed/ }).waitFor({ state: 'detached' });
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('button', { name: 'Export as CSV' }).click(),
      ]);
      const csv = await readFile(await download.path(), 'utf8');
      assert.match(csv, /"LOGGED_IN"/);
      assert.doesNotMatch(csv, /MFA_POLICY_CHANGED/);
    });

    it('narrows the audit log to a person and to days, and a reload keeps that', async () => {
      const { gateway, url } = onStage();
      const cast = new Cast('Narrow Ltd');
      const olga = cast.add('Olga Owner', 'OWNER', { mfa: false });
      const bert = cast.add('Bert Brandt', 'ADMIN', { mfa: false });
      await gateway.import(cast.rows);
      const other = (await onStage().visitor()).page;
      await logIn(other, url, bert);
      const { page } = await onStage().visitor();
      await logIn(page, url, olga);
      await page.getByRole('link', { name: 'Audit log' }).click();
      const rows = page.getByRole('row').filter({ hasText: 'Logged in' });
      const byBert = rows.getByRole('button', { name: 'Done by Bert Brandt' });
      const byOlga = rows.getByRole('button', { name: 'Done by Olga Owner' });
      await byOlga.first().waitFor();
      await byBert.first().click();
      await byOlga.first().waitFor({ state: 'detached' });
      await byBert.first().waitFor();
      await page.reload();
      await byBert.first().waitFor();
      assert.equal(await byOlga.count(), 0);

      await page.getByLabel('To', { exact: true }).fill('2020-01-31');
      await page.getByText('Nothing has happened yet that matches.').waitFor();
      await page.getByLabel('From', { exact: true }).fill('2020-02-01');
      await page.getByText('This day lies before the first.').waitFor();
      await page.getByLabel('To', { exact: true }).fill('');
      await byBert.first().waitFor();
      await page.getByRole('button', { name: 'Show everybody again: Done by Bert Brandt' }).click();
      await byOlga.first().waitFor();

      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('button', { name: 'Export as CSV' }).click(),
      ]);
      const csv = await readFile(await download.path(), 'utf8');
      assert.ok(csv.includes(olga.email) && csv.includes(bert.email));
    });
  });
}
