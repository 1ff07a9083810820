// Log-in, its refusals, and what becomes of a session.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Cast, PASSWORD } from '../harness/people';
import type { OnStage } from '../harness/stage';
import { enterCode, enterPassword, logIn } from '../harness/steps';

export function loggingIn(onStage: OnStage): void {
  describe('logging in', () => {
    it('says the same about a wrong password and an unknown address, and what to do', async () => {
      const { gateway, url } = onStage();
      const cast = new Cast('Wrong Ltd');
      const olga = cast.add('Olga Owner', 'OWNER');
      await gateway.import(cast.rows);
      const { page } = await onStage().visitor();
      const refusal = page.getByRole('alert').getByText('E-mail or password is wrong. Check both and try again.');

      await enterPassword(page, url, olga, 'not-the-password');
      await refusal.waitFor();
      assert.equal(await page.getByLabel('Password', { exact: true }).inputValue(), '');
      await enterPassword(page, url, { ...olga, email: 'nobody@example.com' });
      await refusal.waitFor();
    });

    it('refuses a wrong code, takes a right one once, and takes a backup code once', async () => {
      const { gateway, url } = onStage();
      const cast = new Cast('Codes Ltd');
      const olga = cast.add('Olga Owner', 'OWNER');
      await gateway.import(cast.rows);
      const { page } = await onStage().visitor();

      await enterPassword(page, url, olga);
      await enterCode(page, '000000');
      await page.getByRole('alert').getByText('This code is wrong.').waitFor();
      const code = (await olga.app?.code()) ?? '';
      await enterCode(page, code);
      await page.getByRole('button', { name: 'Log out' }).click();

      await enterPassword(page, url, olga);
      await enterCode(page, code);
      await page.getByRole('alert').getByText('This code was used already.').waitFor();
      const backupCode = olga.backupCodes[0] ?? '';
      await enterCode(page, backupCode.toLowerCase().replaceAll('-', ' '));
      await page.getByRole('button', { name: 'Log out' }).click();

      await enterPassword(page, url, olga);
      await enterCode(page, backupCode);
      await page.getByRole('alert').waitFor();
    });

    it('leads back to where a person wanted to go, and never elsewhere', async () => {
      const { gateway, url } = onStage();
      const cast = new Cast('Next Ltd');
      const olga = cast.add('Olga Owner', 'OWNER', { mfa: false });
      await gateway.import(cast.rows);
      const { page } = await onStage().visitor();

      await page.goto(`${url}/security`);
      await page.waitForURL(/\/login\?next=%2Fsecurity$/);
      await page.getByLabel('E-mail').fill(olga.email);
      await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
      await page.keyboard.press('Enter');
      await page.waitForURL(`${url}/security`);
      await page.goto(`${url}/login?next=//example.org/`);
      await page.getByRole('heading', { name: 'Users of Next Ltd' }).waitFor();
      assert.equal(new URL(page.url()).origin, url);
    });

    it('keeps the session out of reach of scripts', async () => {
      const { gateway, url } = onStage();
      const cast = new Cast('Cookie Ltd');
      const olga = cast.add('Olga Owner', 'OWNER', { mfa: false });
      await gateway.import(cast.rows);
      const { page } = await onStage().visitor();
      await logIn(page, url, olga);
      assert.equal(await page.evaluate(() => document.cookie), '');
      const stored = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }]));
      assert.ok(!stored.includes('lks_'));
      const [cookie] = await page.context().cookies();
      assert.equal(cookie?.httpOnly, true);
      assert.equal(cookie?.sameSite, 'Lax');
    });

    it('follows in a second tab: logging out here ends it there, and the back button shows nothing', async () => {
      const { gateway, url } = onStage();
      const cast = new Cast('Tabs Ltd');
      const olga = cast.add('Olga Owner', 'OWNER', { mfa: false });
      await gateway.import(cast.rows);
      const { page } = await onStage().visitor();
      await logIn(page, url, olga);
      const second = await page.context().newPage();
      await second.goto(page.url());
      await second.getByRole('heading', { name: 'Users of Tabs Ltd' }).waitFor();

      await page.getByRole('button', { name: 'Log out' }).click();
      await page.getByRole('heading', { name: 'Log in' }).waitFor();
      await second.getByRole('heading', { name: 'Log in' }).waitFor();
      await page.goBack();
      await page.getByRole('heading', { name: 'Log in' }).waitFor();
      assert.equal(await page.getByText(olga.email).count(), 0);
    });

    it('says what to do when the network is lost, and goes on when it is back', async () => {
      const { gateway, url } = onStage();
      const cast = new Cast('Offline Ltd');
      const olga = cast.add('Olga Owner', 'OWNER', { mfa: false });
      await gateway.import(cast.rows);
      const { page } = await onStage().visitor();
      await page.goto(`${url}/login`);
      await page.getByLabel('E-mail').waitFor();
      await page.context().setOffline(true);
      await enterPassword(page, url, olga);
      await page.getByRole('alert').getByText('The gateway cannot be reached.').waitFor();
      await page.context().setOffline(false);
      await page.getByRole('button', { name: 'Log in' }).click();
      await page.getByRole('heading', { name: 'Users of Offline Ltd' }).waitFor();
    });
  });
}
