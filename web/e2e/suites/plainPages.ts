// The pages behind links where there is no web bundle: they are part of the gateway.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import { axe } from '../harness/browser';
import { passwordLink, verificationLink } from '../harness/mail';
import { PASSWORD, somebody } from '../harness/people';
import { Stage } from '../harness/stage';

export function plainPages(): void {
  describe('the plain pages', () => {
    const nothing = mkdtempSync(join(tmpdir(), 'latchkey-no-bundle-'));
    let stage: Stage;

    before(async () => {
      stage = await Stage.open({ LATCHKEY_WEB_DIR: nothing });
    });
    afterEach(() => stage.clear());
    after(async () => {
      await stage?.close();
      rmSync(nothing, { recursive: true });
    });

    async function send<Input>(field: string, kind: string, input: Input): Promise<void> {
      const answer = await fetch(`${stage.url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
          query: `mutation($input: ${kind}!) { ${field}(input: $input) { __typename } }`,
          variables: { input },
        }),
      });
      assert.doesNotMatch(await answer.text(), /errors|Rejected/);
    }

    it('verify an address and set a new password, each link once', async () => {
      const { gateway, url } = stage;
      const { email, name } = somebody('Nora Nobundle');
      await send('signUp', 'SignUpInput', { email, name, password: PASSWORD, accountName: 'Nobundle Ltd' });
      const { page } = await stage.visitor();

      const link = verificationLink(await gateway.mail.wait(email, 'Verify your e-mail address'));
      await page.goto(link);
      await page.getByRole('button', { name: 'Verify the address' }).waitFor();
      assert.equal(page.url(), `${url}/verify-email`, 'the token leaves the address bar');
      assert.deepEqual(await axe(page), []);
      await page.getByRole('button', { name: 'Verify the address' }).click();
      await page.getByRole('heading', { name: 'The address is verified' }).waitFor();
      await page.getByText(/^You can log in with n/).waitFor();
      await page.goto('about:blank');
      await page.goto(link);
      await page.getByRole('button', { name: 'Verify the address' }).waitFor();
      await page.reload();
      await page.getByRole('heading', { name: 'Open the link in your e-mail' }).waitFor();

      await page.goto('about:blank');
      await page.goto(link);
      await page.getByRole('button', { name: 'Verify the address' }).click();
      await page.getByRole('heading', { name: 'This link does not work' }).waitFor();

      await send('requestPasswordReset', 'RequestPasswordResetInput', { email });
      await page.goto(passwordLink(await gateway.mail.wait(email, 'Set a new password')));
      await page.getByLabel(/password/i).fill('passwordpassword');
      await page.getByRole('button', { name: 'Set the password' }).click();
      // What can be mended leaves the form, and the link good.
      await page.getByRole('alert').waitFor();
      await page.getByLabel(/password/i).fill('copper-ladder-ninety-fog');
      await page.getByRole('button', { name: 'Set the password' }).click();
      await page.getByRole('heading', { name: 'The new password counts' }).waitFor();
    });

    it('ask the recovery contacts, and say what is wrong with a link', async () => {
      const { page } = await stage.visitor();
      await page.goto(`${stage.url}/recovery`);
      assert.deepEqual(await axe(page), []);
      await page.getByLabel('E-mail address').fill(somebody('Olaf Owner').email);
      await page.getByRole('button', { name: 'Ask them' }).click();
      await page.getByRole('heading', { name: 'If you named recovery contacts, they are asked' }).waitFor();

      for (const [kind, button] of [
        ['lkn_', 'Confirm'],
        ['lkx_', "This wasn't me"],
      ]) {
        await page.goto('about:blank');
        await page.goto(`${stage.url}/recovery#token=${kind}${'A'.repeat(43)}`);
        await page.getByRole('button', { name: button }).click();
        await page.getByRole('heading', { name: 'This link does not work' }).waitFor();
      }
      await page.goto('about:blank');
      await page.goto(`${stage.url}/recovery#token=lks_${'A'.repeat(43)}`);
      await page.getByText('Open the link in your e-mail again.').waitFor();
    });
  });
}
