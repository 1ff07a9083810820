// Invitations: asked for on the Users tab, accepted on the page that the mail links, by somebody new or known.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { invitationLink } from '../harness/mail';
import { Cast, PASSWORD, somebody } from '../harness/people';
import type { OnStage } from '../harness/stage';
import { invite, logIn, row } from '../harness/steps';

const SUBJECT = 'You are invited';

export function invitations(onStage: OnStage): void {
  async function scene(accountName: string) {
    const { gateway, url } = onStage();
    const cast = new Cast(accountName);
    const olga = cast.add('Olga Owner', 'OWNER', { mfa: false });
    await gateway.import(cast.rows);
    const owner = (await onStage().visitor()).page;
    await logIn(owner, url, olga);
    return { gateway, url, owner, user: (await onStage().visitor()).page };
  }

  describe('invitations', () => {
    it('bring in somebody new: mail, name, password, log-in', async () => {
      const { gateway, url, owner, user } = await scene('Newcomer Ltd');
      const nina = somebody('Nina New');
      await invite(owner, nina.email, 'Manager');
      const waiting = owner.getByRole('region', { name: 'Invitations that wait' });
      await waiting.getByText(nina.email).waitFor();
      await waiting.getByText(/Manager · Valid until/).waitFor();

      await user.goto(invitationLink(await gateway.mail.wait(nina.email, SUBJECT)));
      await user.getByRole('heading', { name: 'Join Newcomer Ltd' }).waitFor();
      assert.equal(user.url(), `${url}/invitation`);
      await user.getByText('Olga Owner invites you to Newcomer Ltd.').waitFor();
      await user.getByLabel('Your name').fill(nina.name);
      await user.getByLabel('Choose a password').fill('short');
      await user.getByRole('button', { name: 'Accept the invitation' }).click();
      await user.getByRole('alert').getByText('This password is too short').waitFor();
      await user.getByLabel('Choose a password').fill(PASSWORD);
      await user.keyboard.press('Enter');
      await user.getByRole('heading', { name: 'You belong to Newcomer Ltd' }).waitFor();
      await user.getByRole('button', { name: 'Log in' }).click();
      await logIn(user, url, nina);
      await row(user, nina).getByText('Manager').waitFor();

      await owner.reload();
      await row(owner, nina).waitFor();
      assert.equal(await owner.getByRole('region', { name: 'Invitations that wait' }).count(), 0);
    });

    it('bring in somebody known, who logs in first, and nobody else', async () => {
      const { gateway, url, owner, user } = await scene('Known Ltd');
      const other = new Cast('Other Ltd');
      const olaf = other.add('Olaf Other', 'OWNER');
      const eve = other.add('Eve Else', 'ADMIN', { mfa: false });
      await gateway.import(other.rows);
      await invite(owner, olaf.email, 'Analyst');
      const link = invitationLink(await gateway.mail.wait(olaf.email, SUBJECT));

      await logIn(user, url, eve);
      await user.goto(link);
      await user.getByRole('button', { name: 'Accept the invitation' }).click();
      await user.getByRole('alert').getByText('Somebody else than the invited person').waitFor();
      await user.getByRole('button', { name: 'Log out' }).click();
      await user.getByLabel('E-mail').waitFor();
      await user.getByLabel('E-mail').fill(olaf.email);
      await user.getByLabel('Password', { exact: true }).fill(PASSWORD);
      await user.getByRole('button', { name: 'Log in' }).click();
      await user.getByLabel('Code or backup code').fill((await olaf.app?.code()) ?? '');
      await user.getByRole('button', { name: 'Continue' }).click();
      await user.getByText(`You are logged in as ${olaf.email}`).waitFor();
      await user.getByRole('button', { name: 'Accept the invitation' }).click();
      await user.getByRole('heading', { name: 'You belong to Known Ltd' }).waitFor();
      await user.getByRole('button', { name: 'Go there' }).click();
      await user.getByRole('heading', { name: 'Users of Known Ltd' }).waitFor();
      await row(user, olaf).getByText('Analyst').waitFor();

      await user.goto(link);
      await user.getByRole('heading', { name: /accepted already|does not work/ }).waitFor();
    });

    it('are refused twice, sent again and taken back', async () => {
      const { gateway, owner, user } = await scene('Again and Back Ltd');
      const nina = somebody('Nina Twice');
      await invite(owner, nina.email, 'Support');
      const link = invitationLink(await gateway.mail.wait(nina.email, SUBJECT));

      await owner.getByRole('button', { name: 'Invite…' }).click();
      const dialog = owner.getByRole('dialog');
      await dialog.getByLabel('E-mail').fill(nina.email);
      await dialog.getByLabel('Role').waitFor();
      await owner.keyboard.press('Enter');
      await dialog.getByRole('alert').getByText('This person is invited already.').waitFor();
      await owner.keyboard.press('Escape');
      await dialog.waitFor({ state: 'detached' });

      await owner.getByRole('button', { name: `Send again: invitation to ${nina.email}` }).click();
      await gateway.mail.wait(nina.email, SUBJECT, 2);
      await owner.getByRole('button', { name: `Take back: invitation to ${nina.email}` }).click();
      await owner.getByText(`The invitation to ${nina.email} is taken back.`).waitFor();
      await owner.getByRole('region', { name: 'Invitations that wait' }).waitFor({ state: 'detached' });
      await user.goto(link);
      await user.getByRole('heading', { name: 'This link does not work' }).waitFor();
      await user.reload();
      await user.getByRole('heading', { name: 'Open the link in your e-mail again' }).waitFor();
    });
  });
}
