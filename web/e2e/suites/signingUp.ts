// Signing up and the ways back in by mail: an address is confirmed, a password set anew.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { passwordLink, verificationLink } from '../harness/mail';
import { Cast, PASSWORD, somebody } from '../harness/people';
import type { OnStage } from '../harness/stage';
import { enterCode, enterPassword, logIn, resetMfa } from '../harness/steps';

const VERIFY = 'Verify your e-mail address';
const RESET = 'Set a new password';
const ANOTHER_PASSWORD = 'copper-ladder-ninety-fog';

export function signingUp(onStage: OnStage): void {
  describe('signing up', () => {
    it('leads from log-in to an account of one’s own, once the address is confirmed', async () => {
      const { gateway, url } = onStage();
      const nina = somebody('Nina New');
      const { page } = await onStage().visitor();
      await page.goto(`${url}/login`);
      await page.getByRole('link', { name: 'Sign up' }).click();
      await page.getByRole('heading', { name: 'Sign up' }).waitFor();
      await page.getByLabel('Your name').fill(nina.name);
      await page.getByLabel('E-mail').fill(nina.email);
      await page.getByLabel('Name of the account').fill('Nina Ltd');
      await page.getByLabel('Choose a password').fill('nina-ltd-1234');
      await page.keyboard.press('Enter');
      await page.getByRole('alert').getByText('This password is easy to guess.').waitFor();
      await page.getByLabel('Choose a password').fill(PASSWORD);
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: 'Look into your mail' }).waitFor();
      await page.getByText(nina.email).waitFor();

      await enterPassword(page, url, nina);
      await page.getByRole('alert').getByText('This e-mail address is not confirmed yet.').waitFor();

      const link = verificationLink(await gateway.mail.wait(nina.email, VERIFY));
      await page.goto(link);
      await page.getByRole('heading', { name: 'Confirm your e-mail address' }).waitFor();
      assert.equal(page.url(), `${url}/verify-email`, 'the token leaves the address bar');
      // Opening it confirmed nothing.
      await enterPassword(page, url, nina);
      await page.getByRole('alert').getByText('This e-mail address is not confirmed yet.').waitFor();

      await page.goto(link);
      await page.getByRole('button', { name: 'Confirm the address' }).click();
      await page.getByRole('heading', { name: 'The address is confirmed' }).waitFor();
      await page.getByRole('link', { name: 'Continue' }).click();
      await logIn(page, url, nina);
      await page.getByRole('heading', { name: 'Users of Nina Ltd' }).waitFor();

      await page.goto(link);
      await page.getByRole('button', { name: 'Confirm the address' }).click();
      await page.getByRole('heading', { name: 'This link does not work' }).waitFor();
      const token = link.split('#token=')[1] ?? '';
      assert.ok(token.length > 40 && !gateway.log().includes(token), 'the token reaches no log');
    });

    it('says the same to an address that is known', async () => {
      const { gateway, url } = onStage();
      const cast = new Cast('Known Already Ltd');
      const olga = cast.add('Olga Owner', 'OWNER', { mfa: false });
      await gateway.import(cast.rows);
      const { page } = await onStage().visitor();
      await page.goto(`${url}/sign-up`);
      await page.getByLabel('Your name').fill('Olga Again');
      await page.getByLabel('E-mail').fill(olga.email);
      await page.getByLabel('Name of the account').fill('Again Ltd');
      await page.getByLabel('Choose a password').fill(PASSWORD);
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: 'Look into your mail' }).waitFor();
      await gateway.mail.wait(olga.email, 'You are a user already');
    });
  });

  describe('a forgotten password', () => {
    it('is set anew by mail; sessions end, MFA stays', async () => {
      const { gateway, url } = onStage();
      const cast = new Cast('Forgetful Ltd');
      const olga = cast.add('Olga Owner', 'OWNER');
      await gateway.import(cast.rows);
      const elsewhere = (await onStage().visitor()).page;
      await logIn(elsewhere, url, olga);
      const { page } = await onStage().visitor();
      await page.goto(`${url}/login`);
      await page.getByRole('link', { name: 'Forgot your password?' }).click();
      await page.getByLabel('E-mail').fill(olga.email);
      await page.getByRole('button', { name: 'Send the link' }).click();
      await page.getByRole('heading', { name: 'Look into your mail' }).waitFor();

      const link = passwordLink(await gateway.mail.wait(olga.email, RESET));
      await page.goto(link);
      await page.getByRole('heading', { name: 'Set a new password' }).waitFor();
      assert.equal(page.url(), `${url}/reset-password`, 'the token leaves the address bar');
      await page.getByLabel('New password').fill('short');
      await page.keyboard.press('Enter');
      await page.getByRole('alert').getByText('This password is too short').waitFor();
      await page.getByLabel('New password').fill(ANOTHER_PASSWORD);
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: 'The new password counts' }).waitFor();
      await elsewhere.reload();
      await elsewhere.getByRole('heading', { name: 'Log in' }).waitFor();

      await page.getByRole('link', { name: 'Log in' }).click();
      await enterPassword(page, url, olga);
      await page.getByRole('alert').getByText('E-mail or password is wrong.').waitFor();
      await enterPassword(page, url, olga, ANOTHER_PASSWORD);
      await enterCode(page, (await olga.app?.code()) ?? '');
      await page.getByRole('button', { name: 'Log out' }).waitFor();

      await page.goto(link);
      await page.getByLabel('New password').fill(ANOTHER_PASSWORD);
      await page.getByRole('button', { name: 'Set the password' }).click();
      await page.getByRole('heading', { name: 'This link does not work' }).waitFor();
      await page.getByRole('link', { name: 'Ask for another link' }).click();
      await page.getByRole('heading', { name: 'Forgot your password?' }).waitFor();
    });

    it('is asked for in the same words by whoever has no user', async () => {
      const { page } = await onStage().visitor();
      await page.goto(`${onStage().url}/forgot-password`);
      await page.getByLabel('E-mail').fill(somebody('Nobody Here').email);
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: 'Look into your mail' }).waitFor();
    });

    it('cannot be set anew soon after an MFA reset was asked for', async () => {
      const { gateway, url } = onStage();
      const cast = new Cast('Held Ltd');
      const olga = cast.add('Olga Owner', 'OWNER', { mfa: false });
      const ulf = cast.add('Ulf User', 'ANALYST');
      await gateway.import(cast.rows);
      const user = (await onStage().visitor()).page;
      await user.goto(`${url}/forgot-password`);
      await user.getByLabel('E-mail').fill(ulf.email);
      await user.keyboard.press('Enter');
      const link = passwordLink(await gateway.mail.wait(ulf.email, RESET));
      const owner = (await onStage().visitor()).page;
      await logIn(owner, url, olga);
      await resetMfa(owner, ulf);

      await user.goto(link);
      await user.getByLabel('New password').fill(ANOTHER_PASSWORD);
      await user.keyboard.press('Enter');
      await user.getByRole('alert').getByText('A reset of your MFA was asked for lately.').waitFor();
      await user.getByRole('alert').getByText('Try again at').waitFor();
    });

    it('forgets the link when the page is reloaded, and says so', async () => {
      const { url } = onStage();
      const { page } = await onStage().visitor();
      for (const path of ['/verify-email', '/reset-password']) {
        await page.goto('about:blank');
        await page.goto(`${url}${path}#token=lkv_${'A'.repeat(43)}`);
        await page.locator('button[type=submit], main button').first().waitFor();
        assert.equal(page.url(), url + path);
        await page.reload();
        await page.getByRole('heading', { name: 'Open the link in your e-mail again' }).waitFor();
      }
    });
  });
}
