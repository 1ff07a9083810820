// Roles that an account defines: made, given, changed and deleted in the browser; whoever has one sees what it lets them
// do and nothing else. And who is told about the account's security.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Page } from 'playwright-core';
import { invitationLink } from '../harness/mail';
import { Cast, PASSWORD, type Person, PortfolioCast, somebody } from '../harness/people';
import type { OnStage } from '../harness/stage';
import { choose, invite, logIn, resetMfa, row } from '../harness/steps';

const PERMISSIONS = {
  view: 'See who is in the account',
  manage: 'Invite people, change their roles, remove them',
  reset: 'See everybody’s MFA, and reset it',
  policy: 'Change the MFA policy',
  audit: 'Read the audit log',
  settings: 'Change the settings of the account',
  roles: 'Define roles',
  hooks: 'Have the audit log sent elsewhere (webhooks)',
};
type Name = keyof typeof PERMISSIONS;

export function roles(onStage: OnStage): void {
  async function open(person: Person): Promise<Page> {
    const { page } = await onStage().visitor();
    await logIn(page, onStage().url, person);
    return page;
  }

  /** Roles → Define a role… → dialog → Define. */
  async function define(page: Page, name: string, base: string, may: Name[]): Promise<void> {
    await page.getByRole('link', { name: 'Roles', exact: true }).click();
    await page.getByRole('button', { name: 'Define a role…' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Name of the role').fill(name);
    await dialog.getByLabel('Based on').selectOption({ label: base });
    for (const [key, words] of Object.entries(PERMISSIONS)) {
      await dialog.getByRole('checkbox', { name: words }).setChecked(may.includes(key as Name));
    }
    await dialog.getByRole('button', { name: 'Define', exact: true }).click();
    await dialog.waitFor({ state: 'detached' });
    await card(page, name).waitFor();
  }

  const card = (page: Page, name: string) =>
    page.getByRole('region', { name: 'Roles of this account' }).getByRole('listitem').filter({ hasText: name });

  async function changeRole(page: Page, person: Person, role: string): Promise<void> {
    await page.getByRole('link', { name: 'Users', exact: true }).click();
    await choose(page, person, 'Change role…');
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Role').selectOption({ label: role });
    await dialog.getByRole('button', { name: 'Change', exact: true }).click();
    await dialog.waitFor({ state: 'detached' });
    await row(page, person).getByText(role, { exact: true }).waitFor();
  }

  /** What the navigation offers of the account. */
  async function screensOf(page: Page): Promise<string[]> {
    await page.getByRole('heading', { level: 1 }).waitFor();
    const links = page.getByRole('navigation', { name: 'Main navigation' }).getByRole('link');
    return (await links.allTextContents()).filter((name) => !/^(Profile|My security|New account)/.test(name));
  }

  async function menuOf(page: Page, person: Person): Promise<string[]> {
    await row(page, person).waitFor();
    const button = row(page, person).getByRole('button', { name: `Actions for ${person.name}` });
    if ((await button.count()) === 0) return [];
    await button.click();
    await page.getByRole('menuitem').first().waitFor();
    const items = await page.getByRole('menuitem').allTextContents();
    await page.keyboard.press('Escape');
    await page.getByRole('menuitem').first().waitFor({ state: 'detached' });
    return items;
  }

  describe('custom roles', () => {
    it('are defined and given, and their holders see what they may do and nothing else', async () => {
      const { gateway } = onStage();
      const cast = new Cast('Helpdesk Ltd');
      const olga = cast.add('Olga Owner', 'OWNER', { mfa: false });
      const adam = cast.add('Adam Admin', 'ADMIN');
      const mina = cast.add('Mina Meyer', 'ANALYST');
      const hanna = cast.add('Hanna Help', 'ANALYST', { mfa: false });
      const aude = cast.add('Aude Auditor', 'ANALYST', { mfa: false });
      await gateway.import(cast.rows);
      const owner = await open(olga);
      assert.deepEqual(await screensOf(owner), ['Users', 'Roles', 'MFA policy', 'Audit log', 'Webhooks', 'General']);

      await define(owner, 'Helpdesk', 'Analyst', ['view', 'reset']);
      await card(owner, 'Helpdesk').getByText('Based on Analyst.').waitFor();
      assert.deepEqual(await card(owner, 'Helpdesk').getByRole('listitem').allTextContents(), [
        PERMISSIONS.view,
        PERMISSIONS.reset,
      ]);
      await define(owner, 'Auditor', 'Manager', ['audit']);
      await changeRole(owner, hanna, 'Helpdesk');
      await changeRole(owner, aude, 'Auditor');

      const helpdesk = await open(hanna);
      await row(helpdesk, hanna).getByText('Helpdesk', { exact: true }).waitFor();
      assert.deepEqual(await screensOf(helpdesk), ['Users', 'MFA policy', 'General']);
      assert.equal(await helpdesk.getByRole('button', { name: 'Invite…' }).count(), 0);
      assert.deepEqual(await menuOf(helpdesk, mina), ['Reset MFA…']);
      assert.deepEqual(await menuOf(helpdesk, adam), ['Reset MFA…Your role does not allow this.']);
      await resetMfa(helpdesk, mina);
      await row(helpdesk, mina).getByText('Reset requested').waitFor();
      await gateway.mail.wait(mina.email, 'MFA reset request');
      await helpdesk.getByRole('link', { name: 'MFA policy' }).click();
      await helpdesk.getByText('Your role does not allow changing the policy.').waitFor();
      for (const path of ['audit', 'roles']) {
        await helpdesk.goto(helpdesk.url().replace(/[^/]+$/, path));
        await helpdesk.getByRole('heading', { name: 'Nothing here' }).waitFor();
      }

      const auditor = await open(aude);
      await auditor.getByRole('heading', { name: 'Audit log of Helpdesk Ltd' }).waitFor();
      await auditor.getByRole('cell', { name: 'Custom role defined' }).first().waitFor();
      assert.deepEqual(await screensOf(auditor), ['MFA policy', 'Audit log', 'General']);
      await auditor.goto(auditor.url().replace(/[^/]+$/, 'users'));
      await auditor.getByRole('heading', { name: 'Audit log of Helpdesk Ltd' }).waitFor();
      await auditor.getByRole('link', { name: 'General' }).click();
      await auditor.getByRole('region', { name: 'Portfolio' }).waitFor();
      assert.equal(await auditor.getByRole('region', { name: 'Security contact' }).count(), 0);
    });

    it('are offered in invitations, and nobody gives or touches what holds more', async () => {
      const { gateway } = onStage();
      const cast = new Cast('Crew Ltd');
      const olga = cast.add('Olga Owner', 'OWNER', { mfa: false });
      const adam = cast.add('Adam Admin', 'ADMIN', { mfa: false });
      const mina = cast.add('Mina Meyer', 'ANALYST');
      const nina = somebody('Nina New');
      await gateway.import(cast.rows);
      const owner = await open(olga);
      await define(owner, 'Crew', 'Manager', ['view', 'manage', 'roles']);
      await define(owner, 'Reader', 'Analyst', ['view']);
      await define(owner, 'Watcher', 'Analyst', ['view', 'audit']);
      await owner.getByRole('link', { name: 'Users', exact: true }).click();
      await invite(owner, nina.email, 'Crew');
      await owner
        .getByRole('region', { name: 'Invitations that wait' })
        .getByText(/^Crew · Valid until/)
        .waitFor();

      const wanda = somebody('Wanda Watcher');
      await invite(owner, wanda.email, 'Watcher');

      const guest = (await onStage().visitor()).page;
      await guest.goto(invitationLink(await gateway.mail.wait(nina.email, 'You are invited')));
      await guest.getByRole('cell', { name: 'Crew', exact: true }).waitFor();
      await guest.getByLabel('Your name').fill(nina.name);
      await guest.getByLabel('Choose a password').fill(PASSWORD);
      await guest.keyboard.press('Enter');
      await guest.getByRole('heading', { name: 'You belong to Crew Ltd' }).waitFor();

      const crew = await open(nina);
      await row(crew, nina).getByText('Crew', { exact: true }).waitFor();
      assert.deepEqual(await screensOf(crew), ['Users', 'Roles', 'MFA policy', 'General']);
      assert.deepEqual(await crew.getByRole('columnheader').allTextContents(), ['Name', 'Role', 'Actions']);
      assert.equal(await crew.getByLabel('MFA', { exact: true }).count(), 0);
      assert.deepEqual(await menuOf(crew, mina), ['Change role…', 'Remove…']);
      assert.deepEqual(await menuOf(crew, adam), []);
      assert.deepEqual(await menuOf(crew, olga), []);
      assert.deepEqual(await menuOf(crew, nina), ['Leave…']);
      await crew.getByRole('button', { name: 'Invite…' }).click();
      const dialog = crew.getByRole('dialog');
      const barred = dialog.getByLabel('Role').locator('option:disabled');
      await dialog.getByLabel('Role').waitFor();
      assert.deepEqual(await barred.allTextContents(), ['Admin', 'Watcher']);
      await crew.keyboard.press('Escape');
      await crew.getByRole('button', { name: `Send again: invitation to ${wanda.email}` }).click();
      await crew.getByText('This role holds permissions that you do not hold.').waitFor();
      await changeRole(crew, mina, 'Reader');

      await crew.getByRole('link', { name: 'Roles', exact: true }).click();
      await card(crew, 'Watcher').getByText('This role holds more than you do').waitFor();
      assert.equal(await card(crew, 'Watcher').getByRole('button').count(), 0);
      await crew.getByRole('button', { name: 'Define a role…' }).click();
      await dialog.getByText('You do not hold this yourself.').first().waitFor();
      for (const words of [PERMISSIONS.reset, PERMISSIONS.audit, PERMISSIONS.policy, PERMISSIONS.settings]) {
        assert.ok(await dialog.getByRole('checkbox', { name: words }).isDisabled(), words);
      }
      const bases = await dialog.getByLabel('Based on').locator('option').allTextContents();
      assert.ok(!bases.includes('Owner') && !bases.includes('Admin'), bases.join());
    });

    it('are changed and deleted; what cannot be is refused in words', async () => {
      const { gateway } = onStage();
      const cast = new Cast('Changes Ltd');
      const olga = cast.add('Olga Owner', 'OWNER', { mfa: false });
      const hanna = cast.add('Hanna Help', 'ANALYST', { mfa: false });
      await gateway.import(cast.rows);
      const owner = await open(olga);
      const dialog = owner.getByRole('dialog');
      await owner.getByRole('link', { name: 'Roles', exact: true }).click();
      await owner.getByText('This account has no roles of its own yet.').waitFor();
      await owner.getByRole('button', { name: 'Define a role…' }).click();
      await dialog.getByLabel('Name of the role').fill('Admin');
      const reset = dialog.getByRole('checkbox', { name: PERMISSIONS.reset });
      await reset.check();
      await dialog.getByLabel('Based on').selectOption({ label: 'Support' });
      assert.ok((await reset.isDisabled()) && !(await reset.isChecked()));
      await dialog.getByText('Not for vendor support').first().waitFor();
      await dialog.getByRole('button', { name: 'Define', exact: true }).click();
      await dialog.getByRole('alert').getByText('There is a role of this name already.').waitFor();
      await owner.keyboard.press('Escape');
      await dialog.waitFor({ state: 'detached' });

      await define(owner, 'Helpdesk', 'Analyst', ['view', 'reset']);
      await changeRole(owner, hanna, 'Helpdesk');
      const helpdesk = await open(hanna);
      await helpdesk.getByRole('columnheader', { name: 'Last log-in' }).waitFor();

      await owner.getByRole('link', { name: 'Roles', exact: true }).click();
      await owner.getByRole('button', { name: 'Delete: Helpdesk' }).click();
      await dialog.getByRole('button', { name: 'Delete', exact: true }).click();
      await dialog.getByRole('alert').getByText('Somebody has this role').waitFor();
      await owner.keyboard.press('Escape');
      await owner.getByRole('button', { name: 'Change: Helpdesk' }).click();
      await dialog.getByLabel('Name of the role').fill('Front desk');
      await dialog.getByRole('checkbox', { name: PERMISSIONS.reset }).uncheck();
      // Somebody else is quicker.
      const second = await open(olga);
      await second.goto(owner.url());
      await second.getByRole('button', { name: 'Change: Helpdesk' }).click();
      await second.getByRole('checkbox', { name: PERMISSIONS.audit }).check();
      await second.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
      await second.getByText('The role Helpdesk is changed.').waitFor();
      await dialog.getByRole('button', { name: 'Save' }).click();
      await dialog.getByRole('alert').getByText('Somebody has changed this role meanwhile.').waitFor();
      await owner.keyboard.press('Escape');
      await card(owner, 'Helpdesk').getByText(PERMISSIONS.audit).waitFor();
      await owner.getByRole('button', { name: 'Change: Helpdesk' }).click();
      await dialog.getByLabel('Name of the role').fill('Front desk');
      await dialog.getByRole('checkbox', { name: PERMISSIONS.reset }).uncheck();
      await dialog.getByRole('button', { name: 'Save' }).click();
      await card(owner, 'Front desk').waitFor();

      await helpdesk.reload();
      await row(helpdesk, hanna).getByText('Front desk', { exact: true }).waitFor();
      assert.deepEqual(await helpdesk.getByRole('columnheader').allTextContents(), ['Name', 'Role']);
      assert.deepEqual(await screensOf(helpdesk), ['Users', 'MFA policy', 'Audit log', 'General']);

      await changeRole(owner, hanna, 'Analyst');
      await owner.getByRole('link', { name: 'Roles', exact: true }).click();
      await owner.getByRole('button', { name: 'Delete: Front desk' }).click();
      await dialog.getByRole('button', { name: 'Delete', exact: true }).click();
      await owner.getByText('This account has no roles of its own yet.').waitFor();
    });

    it('take nothing from whoever manages the portfolio above', async () => {
      const { gateway, url } = onStage();
      const cast = new PortfolioCast('Above Group');
      const account = cast.account('Below Ltd');
      const pia = cast.add('Pia Portfolio', { team: 'ADMIN', accounts: { [account]: 'ANALYST' } });
      const olga = cast.add('Olga Owner', { accounts: { [account]: 'OWNER' } });
      const mina = cast.add('Mina Meyer', { accounts: { [account]: 'ANALYST' } }, { mfa: true });
      await gateway.import(cast.rows);
      const owner = await open(olga);
      await row(owner, mina).waitFor();
      const users = new URL(owner.url()).pathname;
      await define(owner, 'Seers', 'Analyst', ['view']);
      await changeRole(owner, pia, 'Seers');
      await changeRole(owner, mina, 'Seers');

      const above = await open(pia);
      await row(above, pia).getByText('Below Ltd: Seers').waitFor();
      // Made of Analyst, and no Analyst: there is something to change.
      await above.getByLabel('Choose Mina Meyer').check();
      await above.getByRole('button', { name: 'Change access…' }).click();
      const dialog = above.getByRole('dialog');
      await dialog.getByLabel('Change the role').check();
      await dialog.getByRole('button', { name: 'All 1' }).click();
      await dialog.getByRole('button', { name: 'Change roles' }).click();
      await dialog.getByText('1 change was made.', { exact: true }).waitFor();
      await dialog.getByText('Analyst now').waitFor();
      await above.keyboard.press('Escape');
      await row(above, mina).getByText('Below Ltd: Analyst').waitFor();
      await above.goto(url + users);
      assert.deepEqual(await menuOf(above, mina), ['Reset MFA…']);
      assert.deepEqual(await screensOf(above), ['Users', 'MFA policy', 'Audit log', 'General']);
      assert.equal(await above.getByRole('button', { name: 'Invite…' }).count(), 0);
      await above.getByRole('link', { name: 'General' }).click();
      await above.getByRole('region', { name: 'Security contact' }).getByText(olga.email).waitFor();
      assert.equal(await above.getByRole('button', { name: 'Choose another…' }).count(), 0);
    });
  });

  describe('the security contact', () => {
    it('is the Owner until an Admin is chosen', async () => {
      const { gateway } = onStage();
      const cast = new Cast('Contact Ltd');
      const olga = cast.add('Olga Owner', 'OWNER', { mfa: false });
      const adam = cast.add('Adam Admin', 'ADMIN', { mfa: false });
      cast.add('Mina Meyer', 'MANAGER');
      await gateway.import(cast.rows);
      const page = await open(olga);
      await page.getByRole('link', { name: 'General' }).click();
      const part = page.getByRole('region', { name: 'Security contact' });
      await part.getByText(olga.email).waitFor();
      await part.getByRole('button', { name: 'Choose another…' }).click();
      const dialog = page.getByRole('dialog');
      const select = dialog.getByLabel('Security contact');
      await select.waitFor();
      assert.deepEqual(await select.locator('option').allTextContents(), [
        `Adam Admin (Admin, ${adam.email})`,
        `Olga Owner (Owner, ${olga.email})`,
      ]);
      await select.selectOption({ label: `Adam Admin (Admin, ${adam.email})` });
      await dialog.getByRole('button', { name: 'Choose', exact: true }).click();
      await page.getByText('Adam Admin is the security contact now.').waitFor();
      await part.getByText(adam.email).waitFor();
      await page.reload();
      await part.getByText(adam.email).waitFor();
    });
  });
}
