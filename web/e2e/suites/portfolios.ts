// Portfolios: the team and its invitations, the accounts, and the beginning and end of both.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { invitationLink } from '../harness/mail';
import { Cast, PASSWORD, PortfolioCast, somebody } from '../harness/people';
import type { OnStage } from '../harness/stage';
import { choose, invite, logIn, row } from '../harness/steps';

export function portfolios(onStage: OnStage): void {
  describe('the team of a portfolio', () => {
    it('is invited, promoted, thinned out and handed over by its Owner', async () => {
      const { gateway, url } = onStage();
      const cast = new PortfolioCast('Team Group');
      const pia = cast.add('Pia Portfolio', { team: 'OWNER' });
      const adam = cast.add('Adam Admin', { team: 'ADMIN' });
      const mia = cast.add('Mia Manager', { team: 'MANAGER' });
      const nina = somebody('Nina New');
      await gateway.import(cast.rows);
      const { page } = await onStage().visitor();
      await logIn(page, url, pia);
      await page.getByRole('link', { name: 'Team', exact: true }).click();
      await page.getByRole('heading', { name: 'Team of Team Group' }).waitFor();
      const dialog = page.getByRole('dialog');

      await invite(page, nina.email, 'Analyst');
      const waiting = page.getByRole('region', { name: 'Invitations that wait' });
      await waiting.getByText(/Analyst · Valid until/).waitFor();
      await gateway.mail.wait(nina.email, 'You are invited');
      await waiting.getByRole('button', { name: `Send again: invitation to ${nina.email}` }).click();
      const link = invitationLink(await gateway.mail.wait(nina.email, 'You are invited', 2));
      const guest = (await onStage().visitor()).page;
      await guest.goto(link);
      await guest.getByLabel('Your name').fill(nina.name);
      await guest.getByLabel('Choose a password').fill(PASSWORD);
      await guest.keyboard.press('Enter');
      await guest.getByRole('heading', { name: 'You belong to Team Group' }).waitFor();
      await page.reload();
      await row(page, nina).getByText('Analyst').waitFor();
      assert.equal(await waiting.count(), 0);

      await choose(page, nina, 'Change role…');
      await dialog.getByLabel('Role').waitFor();
      assert.deepEqual(await dialog.getByLabel('Role').locator('option').allTextContents(), [
        'Admin',
        'Manager',
        'Analyst',
      ]);
      await dialog.getByLabel('Role').selectOption({ label: 'Manager' });
      await dialog.getByRole('button', { name: 'Change', exact: true }).click();
      await row(page, nina).getByText('Manager').waitFor();

      await choose(page, mia, 'Remove…');
      await dialog.getByText('Remove Mia Manager from Team Group?').waitFor();
      await dialog.getByRole('button', { name: 'Remove', exact: true }).click();
      await row(page, mia).waitFor({ state: 'detached' });

      await invite(page, somebody('Rita Revoked').email, 'Admin');
      await waiting.getByRole('button', { name: /^Take back/ }).click();
      await waiting.waitFor({ state: 'detached' });

      await choose(page, adam, 'Hand over…');
      await dialog.getByRole('button', { name: 'Hand over' }).click();
      await row(page, adam).getByText('Owner', { exact: true }).waitFor();
      // An Admin changes nobody's place in the team, but may leave.
      assert.equal(await page.getByRole('button', { name: 'Invite…' }).count(), 0);
      await choose(page, pia, 'Leave…');
      await dialog.getByRole('button', { name: 'Leave', exact: true }).click();
      await page.getByText('You have left Team Group.').waitFor();
      await page.getByRole('heading', { name: 'My security' }).waitFor();
    });

    it('is left by a Manager, who manages nobody', async () => {
      const { gateway, url } = onStage();
      const cast = new PortfolioCast('Leaving Group');
      cast.add('Pia Portfolio', { team: 'OWNER' });
      const mia = cast.add('Mia Manager', { team: 'MANAGER' });
      await gateway.import(cast.rows);
      const { page } = await onStage().visitor();
      await logIn(page, url, mia);
      await row(page, mia).waitFor();
      assert.equal(await page.getByRole('button', { name: /^Actions for/ }).count(), 0);
      await page.getByRole('link', { name: 'General' }).click();
      assert.equal(await page.getByRole('button', { name: 'Close the portfolio…' }).count(), 0);
      await page.getByRole('button', { name: 'Leave the portfolio…' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Leave', exact: true }).click();
      await page.getByRole('heading', { name: 'My security' }).waitFor();
      await page.getByText('You belong to no account yet.').waitFor();
    });
  });

  describe('accounts and portfolios', () => {
    it('are created, joined, parted and closed, each by its Owner', async () => {
      const { gateway, url } = onStage();
      const cast = new Cast('First Ltd');
      const olga = cast.add('Olga Owner', 'OWNER', { mfa: false });
      await gateway.import(cast.rows);
      const { page } = await onStage().visitor();
      await logIn(page, url, olga);
      const dialog = page.getByRole('dialog');
      const create = async (what: string, name: string) => {
        await page.getByRole('link', { name: 'New account or portfolio' }).click();
        const part = page.getByRole('region', { name: what });
        await part.getByLabel('Name').fill(name);
        await part.getByRole('button', { name: what }).click();
      };

      await create('Create an account', 'Second Ltd');
      await page.getByRole('heading', { name: 'Users of Second Ltd' }).waitFor();
      await row(page, olga).getByText('Owner', { exact: true }).waitFor();
      await create('Create a portfolio', 'Whole Group');
      await page.getByRole('heading', { name: 'Accounts of Whole Group' }).waitFor();

      await page.getByRole('button', { name: 'Add an account…' }).click();
      assert.equal(await dialog.getByRole('button', { name: 'Add', exact: true }).isDisabled(), true);
      await dialog.getByLabel('Account', { exact: true }).selectOption({ label: 'Second Ltd' });
      await dialog.getByRole('button', { name: 'Add', exact: true }).click();
      await page.getByText('Second Ltd belongs to the portfolio now.').waitFor();
      await page.getByRole('link', { name: 'Second Ltd' }).waitFor();
      await page.getByRole('button', { name: 'Add an account…' }).click();
      await dialog.getByLabel('Account', { exact: true }).waitFor();
      assert.deepEqual(await dialog.getByLabel('Account', { exact: true }).locator('option').allTextContents(), [
        'Choose an account',
        'First Ltd',
      ]);
      await page.keyboard.press('Escape');

      await page.getByRole('button', { name: 'Take out: Second Ltd' }).click();
      await dialog.getByText('Take Second Ltd out of Whole Group?').waitFor();
      await dialog.getByRole('button', { name: 'Take out', exact: true }).click();
      await page.getByText('This portfolio links no account yet.').waitFor();

      await page.getByRole('link', { name: 'General' }).click();
      await page.getByRole('button', { name: 'Close the portfolio…' }).click();
      await dialog.getByLabel('Name of the portfolio').fill('Whole Grope');
      await dialog.getByRole('button', { name: 'Close for good' }).click();
      await dialog.getByRole('alert').getByText('This is not the name.').waitFor();
      await dialog.getByLabel('Name of the portfolio').fill('Whole Group');
      await dialog.getByRole('button', { name: 'Close for good' }).click();
      await page.getByText('Whole Group is closed.').waitFor();

      await page.getByLabel('Account or portfolio').selectOption({ label: 'Second Ltd' });
      await page.getByRole('link', { name: 'General' }).click();
      await page.getByText('As its Owner you cannot leave the account.').waitFor();
      await page.getByRole('button', { name: 'Close the account…' }).click();
      await dialog.getByLabel('Name of the account').fill('Second Ltd');
      await dialog.getByRole('button', { name: 'Close for good' }).click();
      await page.getByText('Second Ltd is closed.').waitFor();
      await page.getByRole('heading', { name: 'Users of First Ltd' }).waitFor();
      const offered = page.getByLabel('Account or portfolio').locator('option');
      await offered.filter({ hasText: 'Second Ltd' }).waitFor({ state: 'detached' });
      assert.deepEqual(await offered.allTextContents(), ['First Ltd']);
    });

    it('part at the word of the account’s Owner, and are left by anybody else', async () => {
      const { gateway, url } = onStage();
      const cast = new PortfolioCast('Holding Group');
      const held = cast.account('Held Ltd');
      cast.add('Pia Portfolio', { team: 'OWNER' });
      const olga = cast.add('Olga Owner', { accounts: { [held]: 'OWNER' } });
      const sue = cast.add('Sue Support', { accounts: { [held]: 'SUPPORT' } });
      await gateway.import(cast.rows);
      const { page } = await onStage().visitor();
      await logIn(page, url, sue);
      await page.getByRole('link', { name: 'General' }).click();
      await page.getByText('The account belongs to Holding Group').waitFor();
      assert.equal(await page.getByRole('button', { name: 'Take it out of the portfolio…' }).count(), 0);
      await page.getByRole('button', { name: 'Leave the account…' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Leave', exact: true }).click();
      await page.getByText('You have left Held Ltd.').waitFor();
      await page.getByRole('button', { name: 'Log out' }).click();
      await page.getByRole('heading', { name: 'Log in' }).waitFor();

      await logIn(page, url, olga);
      await page.getByRole('link', { name: 'General' }).click();
      await page.getByRole('button', { name: 'Take it out of the portfolio…' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Take out' }).click();
      await page.getByText('The account belongs to no portfolio.').waitFor();
    });
  });
}
