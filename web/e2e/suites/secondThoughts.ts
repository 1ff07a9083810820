// What a policy puts between a reset and its effect: a second person, and time.
import { describe, it } from 'node:test';
import type { Page } from 'playwright-core';
import { resetLink } from '../harness/mail';
import { Cast } from '../harness/people';
import type { OnStage } from '../harness/stage';
import { logIn, resetMfa, row } from '../harness/steps';

const SUBJECT = 'MFA reset request';

export function secondThoughts(onStage: OnStage): void {
  async function scene(accountName: string, policy: (owner: Page) => Promise<void>) {
    const { gateway, url } = onStage();
    const cast = new Cast(accountName);
    const olga = cast.add('Olga Owner', 'OWNER', { mfa: false });
    const adam = cast.add('Adam Admin', 'ADMIN', { mfa: false });
    const ulf = cast.add('Ulf User', 'ANALYST');
    await gateway.import(cast.rows);
    const owner = (await onStage().visitor()).page;
    await logIn(owner, url, olga);
    await owner.getByRole('link', { name: 'MFA policy' }).click();
    await policy(owner);
    await owner.getByRole('button', { name: 'Save' }).click();
    await owner.getByText('The MFA policy is saved.').waitFor();
    await owner.getByRole('link', { name: 'Users' }).click();
    const user = (await onStage().visitor()).page;
    return { gateway, url, adam, ulf, owner, user };
  }

  describe('a reset that needs a second person', () => {
    it('is approved by somebody else than whoever asked, and goes out then', async () => {
      const { gateway, url, adam, ulf, owner, user } = await scene('Second Ltd', (page) =>
        page.getByRole('radio', { name: 'always' }).check(),
      );
      await resetMfa(owner, ulf);
      await row(owner, ulf).getByText('a second person has to approve it').waitFor();
      await row(owner, ulf).getByRole('button', { name: 'Cancel: MFA reset of Ulf User' }).waitFor();
      if (
        (await row(owner, ulf)
          .getByRole('button', { name: /^Approve/ })
          .count()) !== 0
      ) {
        throw new Error('whoever asked is offered to approve');
      }

      const admin = (await onStage().visitor()).page;
      await logIn(admin, url, adam);
      await gateway.mail.wait(adam.email, 'An MFA reset awaits approval');
      await row(admin, ulf).getByRole('button', { name: 'Approve: MFA reset of Ulf User' }).click();
      await row(admin, ulf).getByText('Reset requested').waitFor();
      await row(owner, ulf).getByText('Reset requested').waitFor();
      await user.goto(resetLink(await gateway.mail.wait(ulf.email, SUBJECT)));
      await user.getByRole('button', { name: 'Accept' }).click();
      await user.getByRole('heading', { name: 'Your MFA is reset' }).waitFor();
    });
  });

  describe('a reset that takes effect later', () => {
    const hours = (page: Page) => page.getByLabel('Hours between accepting and effect').fill('24');

    it('is accepted, and cancelled before its time: MFA stays on', async () => {
      const { gateway, url, ulf, owner, user } = await scene('Cooling Ltd', hours);
      await resetMfa(owner, ulf);
      const link = resetLink(await gateway.mail.wait(ulf.email, SUBJECT));
      await user.goto(link);
      await user.getByText('It takes effect 24 hours after you accept').waitFor();
      await user.getByRole('button', { name: 'Accept' }).click();
      await user.getByRole('heading', { name: 'You have accepted the reset' }).waitFor();
      await row(owner, ulf).getByText('Accepted; MFA goes off at').waitFor();
      await row(owner, ulf).getByRole('button', { name: 'Cancel: MFA reset of Ulf User' }).click();
      await row(owner, ulf).getByText('Reset cancelled at').waitFor();
      await user.goto('about:blank');
      await user.goto(link);
      await user.getByRole('heading', { name: 'This link does not work' }).waitFor();
      await logIn(user, url, ulf);
    });

    it('is stopped by the person on the same page', async () => {
      const { gateway, ulf, owner, user } = await scene('Stopping Ltd', hours);
      await resetMfa(owner, ulf);
      const link = resetLink(await gateway.mail.wait(ulf.email, SUBJECT));
      await user.goto(link);
      await user.getByRole('button', { name: 'Accept' }).click();
      await user.getByRole('heading', { name: 'You have accepted the reset' }).waitFor();
      await user.goto('about:blank');
      await user.goto(link);
      await user.getByRole('button', { name: 'This wasn’t me' }).click();
      await user.getByRole('heading', { name: 'Thank you for telling us' }).waitFor();
      await row(owner, ulf).getByText('Declined at').waitFor();
    });
  });
}
