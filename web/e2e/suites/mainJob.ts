// The main job, as two people in two browsers.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { resetLink } from '../harness/mail';
import { Cast } from '../harness/people';
import { readQrCode } from '../harness/qr';
import type { OnStage } from '../harness/stage';
import { enterCode, enterPassword, logIn, resetMfa, row } from '../harness/steps';
import { Authenticator } from '../harness/totp';

export function mainJob(onStage: OnStage): void {
  describe('the main job', () => {
    it('lets a locked-out person back in, from the Owner’s click to the new backup codes', async () => {
      const { gateway, url } = onStage();
      const cast = new Cast('Main Job Ltd', { mfaEnforced: true });
      const olga = cast.add('Olga Owner', 'OWNER');
      const ulf = cast.add('Ulf User', 'ANALYST');
      await gateway.import(cast.rows);
      const owner = (await onStage().visitor()).page;
      const user = (await onStage().visitor()).page;

      await logIn(owner, url, olga);
      await owner.getByRole('heading', { name: 'Users of Main Job Ltd' }).waitFor();
      await resetMfa(owner, ulf, 'Phone fell into the harbour');
      await row(owner, ulf).getByText('Reset requested, expires in 11 h 59 min').waitFor();
      await row(owner, ulf).getByText('E-mail sent').waitFor();

      const mail = await gateway.mail.wait(ulf.email, 'MFA reset request');
      assert.match(mail.text ?? '', /Olga Owner/);
      assert.match(mail.text ?? '', /Phone fell into the harbour/);
      const link = resetLink(mail);

      await user.goto(link);
      await user.getByRole('heading', { name: 'MFA reset request' }).waitFor();
      assert.equal(user.url(), `${url}/mfa-reset`, 'the token leaves the address bar');
      await user.getByText('Olga Owner asked to reset the MFA of your user in Main Job Ltd.').waitFor();
      await row(owner, ulf).getByText('Reset requested').waitFor();
      await user.getByRole('button', { name: 'Accept' }).click();
      await user.getByRole('heading', { name: 'Your MFA is reset' }).waitFor();

      await row(owner, ulf).getByText('Reset accepted at').waitFor();
      await row(owner, ulf).getByText('Off', { exact: true }).waitFor();
      await owner.getByText('Ulf User accepted the MFA reset.').waitFor();

      await user.getByRole('link', { name: 'Log in' }).click();
      await enterPassword(user, url, ulf);
      await user.getByRole('heading', { name: 'Set up MFA' }).waitFor();
      const uri = await readQrCode(user.locator('img'));
      const app = Authenticator.fromUri(uri);
      await user.getByLabel('6-digit code').fill(await app.code());
      await user.getByRole('button', { name: 'Turn on MFA' }).click();

      await user.getByRole('heading', { name: 'Save your backup codes' }).waitFor();
      const codes = await user.getByRole('list', { name: 'Backup codes' }).getByRole('listitem').allTextContents();
      assert.equal(codes.length, 10);
      const proceed = user.getByRole('button', { name: 'Continue' });
      assert.equal(await proceed.isDisabled(), true, 'the codes vanish only once they are confirmed');
      const [download] = await Promise.all([
        user.waitForEvent('download'),
        user.getByRole('button', { name: 'Download' }).click(),
      ]);
      assert.equal(download.suggestedFilename(), 'latchkey-backup-codes.txt');
      await user.getByLabel('I have saved these codes').check();
      await proceed.click();
      await user.getByRole('button', { name: 'Log out' }).waitFor();

      await user.getByRole('button', { name: 'Log out' }).click();
      await enterPassword(user, url, ulf);
      await enterCode(user, codes[0] ?? '');
      await user.getByRole('button', { name: 'Log out' }).waitFor();

      const token = link.split('#token=')[1] ?? '';
      assert.ok(token.length > 40);
      assert.ok(!gateway.log().includes(token), 'the token reaches no log');
    });
  });
}
