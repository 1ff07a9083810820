// One's own name, address and password.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { verificationLink } from '../harness/mail';
import { Cast, PASSWORD, somebody } from '../harness/people';
import type { OnStage } from '../harness/stage';
import { enterPassword, logIn } from '../harness/steps';

const ANOTHER_PASSWORD = 'copper-ladder-ninety-fog';

export function profile(onStage: OnStage): void {
  async function scene(accountName: string) {
    const { gateway, url } = onStage();
    const cast = new Cast(accountName);
    const olga = cast.add('Olga Owner', 'OWNER', { mfa: false });
    await gateway.import(cast.rows);
    const { page } = await onStage().visitor();
    await logIn(page, url, olga);
    return { gateway, url, olga, page };
  }

  describe('the profile', () => {
    it('keeps name, language and time zone, and the frame shows the name at once', async () => {
      const { page } = await scene('Profile Ltd');
      await page.getByRole('link', { name: 'Profile' }).click();
      const about = page.getByRole('region', { name: 'About you' });
      await about.getByLabel('Name').fill('Olga Osten');
      await about.getByLabel('Language of e-mails').selectOption('de');
      await about.getByLabel('Time zone of e-mails').selectOption('Europe/Berlin');
      await about.getByRole('button', { name: 'Save' }).click();
      await page.getByText('Your profile is saved.').waitFor();
      await page.getByRole('banner').getByText('Olga Osten').waitFor();
      await page.reload();
      assert.equal(await about.getByLabel('Name').inputValue(), 'Olga Osten');
      assert.equal(await about.getByLabel('Language of e-mails').inputValue(), 'de');
      assert.equal(await about.getByLabel('Time zone of e-mails').inputValue(), 'Europe/Berlin');
    });

    it('changes the address against the password, once the new one is confirmed', async () => {
      const { gateway, url, olga, page } = await scene('Address Ltd');
      const wanted = somebody('Olga Osten');
      await page.getByRole('link', { name: 'Profile' }).click();
      const part = page.getByRole('region', { name: 'E-mail address' });
      await part.getByLabel('New e-mail address').fill(wanted.email);
      await part.getByLabel('Your password, as proof').fill('not-the-password');
      await part.getByRole('button', { name: 'Change the address' }).click();
      await part.getByRole('alert').getByText('This password is wrong.').waitFor();
      await part.getByLabel('Your password, as proof').fill(PASSWORD);
      await part.getByRole('button', { name: 'Change the address' }).click();
      await part.getByText(`${wanted.email} waits to be confirmed`).waitFor();
      await part.getByText(`You log in with ${olga.email}.`).waitFor();

      await page.goto(verificationLink(await gateway.mail.wait(wanted.email, 'Verify your new e-mail address')));
      await page.getByRole('button', { name: 'Confirm the address' }).click();
      await page.getByRole('link', { name: 'Continue' }).click();
      await page.getByRole('link', { name: 'Profile' }).click();
      await part.getByText(`You log in with ${wanted.email}.`).waitFor();
      assert.equal(await part.getByText('waits to be confirmed').count(), 0);
      await page.getByRole('button', { name: 'Log out' }).click();
      await page.getByRole('heading', { name: 'Log in' }).waitFor();
      await logIn(page, url, { ...olga, email: wanted.email });
    });

    it('changes the password against the old one, and ends every other session', async () => {
      const { url, olga, page } = await scene('Password Change Ltd');
      const elsewhere = (await onStage().visitor()).page;
      await logIn(elsewhere, url, olga);
      await page.getByRole('link', { name: 'Profile' }).click();
      const part = page.getByRole('region', { name: 'Password', exact: true });
      const change = async (current: string) => {
        await part.getByLabel('Current password').fill(current);
        await part.getByLabel('New password').fill(ANOTHER_PASSWORD);
        await part.getByRole('button', { name: 'Change the password' }).click();
      };
      await change('not-the-password');
      await part.getByRole('alert').getByText('The current password is wrong.').waitFor();
      await change(PASSWORD);
      await page.getByText('Your password is changed; one other session has ended.').waitFor();
      await elsewhere.reload();
      await elsewhere.getByRole('heading', { name: 'Log in' }).waitFor();
      await page.getByRole('button', { name: 'Log out' }).click();
      await page.getByRole('heading', { name: 'Log in' }).waitFor();
      await enterPassword(page, url, olga, ANOTHER_PASSWORD);
      await page.getByRole('heading', { name: 'Users of Password Change Ltd' }).waitFor();
    });
  });
}
