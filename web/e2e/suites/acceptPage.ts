// The accept page: what it must never do.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { resetLink } from '../harness/mail';
import { Cast, PASSWORD } from '../harness/people';
import type { OnStage } from '../harness/stage';
import { logIn, resetMfa, row } from '../harness/steps';

export function acceptPage(onStage: OnStage): void {
  describe('the accept page', () => {
    it('asks for the password where the account demands it', async () => {
      const { gateway, url } = onStage();
      const cast = new Cast('Password Ltd');
      const olga = cast.add('Olga Owner', 'OWNER', { mfa: false });
      const ulf = cast.add('Ulf User', 'ANALYST');
      await gateway.import(cast.rows);
      const owner = (await onStage().visitor()).page;
      const user = (await onStage().visitor()).page;
      await logIn(owner, url, olga);
      await owner.getByRole('link', { name: 'MFA policy' }).click();
      await owner.getByLabel('the link in the e-mail and the password').check();
      await owner.getByRole('button', { name: 'Save' }).click();
      await owner.getByText('The MFA policy is saved.').waitFor();
      await owner.getByRole('link', { name: 'Users' }).click();
      await resetMfa(owner, ulf);

      await user.goto(resetLink(await gateway.mail.wait(ulf.email, 'MFA reset request')));
      await user.getByLabel('Your password').fill('not-the-password');
      await user.getByRole('button', { name: 'Accept' }).click();
      await user.getByRole('alert').getByText('This password is wrong.').waitFor();
      await user.getByLabel('Your password').fill(PASSWORD);
      await user.getByRole('button', { name: 'Accept' }).click();
      await user.getByRole('heading', { name: 'Your MFA is reset' }).waitFor();
    });

    it('changes nothing by being opened, and sends the token in one place only', async () => {
      const { gateway, url } = onStage();
      const cast = new Cast('Opened Ltd');
      const olga = cast.add('Olga Owner', 'OWNER', { mfa: false });
      const ulf = cast.add('Ulf User', 'ANALYST');
      await gateway.import(cast.rows);
      const owner = (await onStage().visitor()).page;
      await logIn(owner, url, olga);
      await resetMfa(owner, ulf);
      const link = resetLink(await gateway.mail.wait(ulf.email, 'MFA reset request'));
      const token = link.split('#token=')[1] ?? '';

      const user = (await onStage().visitor()).page;
      const seen: { address: string; headers: string; operation: string }[] = [];
      user.on('request', (request) => {
        const body = request.postDataJSON() as { operationName?: string } | null;
        seen.push({
          address: request.url(),
          headers: JSON.stringify(request.headers()),
          operation: body?.operationName ?? '',
        });
      });
      for (let times = 0; times < 3; times += 1) {
        await user.goto('about:blank');
        await user.goto(link);
        await user.getByRole('button', { name: 'Accept' }).waitFor();
      }
      // The fragment belongs to the address of the document, but is never sent.
      const sent = seen.filter((request) => !request.address.startsWith(`${url}/mfa-reset#`));
      assert.ok(!sent.some((request) => request.address.includes(token) || request.headers.includes(token)));
      assert.deepEqual([...new Set(seen.map((request) => request.operation))].sort(), ['', 'MfaResetByToken']);
      assert.equal(await user.evaluate(() => window.location.href), `${url}/mfa-reset`);
      await row(owner, ulf).getByText('Reset requested').waitFor();
      await row(owner, ulf).getByText('On', { exact: true }).waitFor();

      await user.reload();
      await user.getByRole('heading', { name: 'Open the link in your e-mail again' }).waitFor();
    });

    it('outlives a lost network, and works once: in a second tab and on the way back it says why not', async () => {
      const { gateway, url } = onStage();
      const cast = new Cast('Twice Ltd');
      const olga = cast.add('Olga Owner', 'OWNER', { mfa: false });
      const ulf = cast.add('Ulf User', 'ANALYST');
      await gateway.import(cast.rows);
      const owner = (await onStage().visitor()).page;
      await logIn(owner, url, olga);
      await resetMfa(owner, ulf);
      const link = resetLink(await gateway.mail.wait(ulf.email, 'MFA reset request'));
      const first = (await onStage().visitor()).page;
      const second = await first.context().newPage();
      for (const tab of [first, second]) {
        await tab.goto(link);
        await tab.getByRole('button', { name: 'Accept' }).waitFor();
      }

      await first.context().setOffline(true);
      await first.getByRole('button', { name: 'Accept' }).click();
      await first.getByRole('alert').getByText('The gateway cannot be reached.').waitFor();
      await first.context().setOffline(false);
      await first.getByRole('button', { name: 'Accept' }).click();
      await first.getByRole('heading', { name: 'Your MFA is reset' }).waitFor();
      await second.getByRole('button', { name: 'Accept' }).click();
      await second.getByRole('heading', { name: 'This link does not work' }).waitFor();

      await first.getByRole('link', { name: 'Log in' }).click();
      await first.getByRole('heading', { name: 'Log in' }).waitFor();
      await first.goBack();
      await first.getByRole('heading', { name: 'This link does not work' }).waitFor();
      assert.equal(first.url(), `${url}/mfa-reset`, 'the token is not in the history');
    });

    it('explains a link that is not genuine', async () => {
      const { page } = await onStage().visitor();
      await page.goto(`${onStage().url}/mfa-reset#token=lkr_${'A'.repeat(43)}`);
      await page.getByRole('heading', { name: 'This link does not work' }).waitFor();
    });
  });
}
