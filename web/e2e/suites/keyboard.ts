// The keyboard alone: the main job's first half, and that focus is never lost on the way.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Page } from 'playwright-core';
import { resetLink } from '../harness/mail';
import { Cast, PASSWORD, PortfolioCast } from '../harness/people';
import type { OnStage } from '../harness/stage';
import { logIn, row } from '../harness/steps';

/** Tab, until what has the focus is called so; what is called nothing is a fault of its own. */
async function tabTo(page: Page, name: string | RegExp): Promise<void> {
  for (let steps = 0; steps < 60; steps += 1) {
    await page.keyboard.press('Tab');
    const focused = await focusedName(page);
    if (typeof name === 'string' ? focused === name : name.test(focused)) return;
  }
  assert.fail(`nothing that is called ${String(name)} can be reached by Tab`);
}

/** What a screen reader would say of the focused element, as far as names go. */
function focusedName(page: Page): Promise<string> {
  return page.evaluate(() => {
    const element = document.activeElement as (HTMLElement & { labels?: NodeListOf<HTMLElement> | null }) | null;
    const label = element?.getAttribute('aria-label') ?? element?.labels?.[0]?.textContent ?? element?.textContent;
    return (label ?? '').trim();
  });
}

export function keyboard(onStage: OnStage): void {
  describe('the keyboard alone', () => {
    it('logs in, resets somebody’s MFA, and accepts it', async () => {
      const { gateway, url } = onStage();
      const cast = new Cast('Keyboard Ltd');
      const olga = cast.add('Olga Owner', 'OWNER', { mfa: false });
      const ulf = cast.add('Ulf User', 'ANALYST');
      await gateway.import(cast.rows);
      const { page } = await onStage().visitor();
      await page.goto(`${url}/login`);
      await page.getByRole('heading', { name: 'Log in' }).waitFor();
      await tabTo(page, 'E-mail');
      await page.keyboard.type(olga.email);
      await tabTo(page, 'Password');
      await page.keyboard.type(PASSWORD);
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: 'Users of Keyboard Ltd' }).waitFor();
      await row(page, ulf).waitFor();

      await page.reload();
      await row(page, ulf).waitFor();
      await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
      await tabTo(page, 'Actions for Ulf User');
      await page.keyboard.press('Enter');
      await page.getByRole('menuitem', { name: 'Reset MFA…' }).waitFor();
      assert.match(await focusedName(page), /Reset MFA…/);
      await page.keyboard.press('Enter');
      const dialog = page.getByRole('dialog');
      await dialog.getByLabel('Reason').waitFor();
      await page.waitForFunction(() => document.activeElement?.getAttribute('name') === 'reason');
      await page.keyboard.type('Lost the phone');
      // The focus stays within the dialog, all around it.
      for (let steps = 0; steps < 8; steps += 1) {
        await page.keyboard.press('Tab');
        assert.equal(await dialog.evaluate((element) => element.contains(document.activeElement)), true);
      }
      await tabTo(page, 'Reset');
      await page.keyboard.press('Enter');
      await dialog.waitFor({ state: 'detached' });
      await row(page, ulf).getByText('Reset requested').waitFor();
      // Back to where it began.
      await page.waitForFunction(() => document.activeElement?.getAttribute('aria-label') === 'Actions for Ulf User');

      const user = (await onStage().visitor()).page;
      await user.goto(resetLink(await gateway.mail.wait(ulf.email, 'MFA reset request')));
      await user.getByRole('heading', { name: 'MFA reset request' }).waitFor();
      await tabTo(user, 'Accept');
      await user.keyboard.press('Enter');
      await user.getByRole('heading', { name: 'Your MFA is reset' }).waitFor();
      // What is new has the focus: it is read out.
      assert.equal(await focusedName(user), 'Your MFA is reset');
    });

    it('skips to the content, and comes back to where a dialog was opened', async () => {
      const { gateway, url } = onStage();
      const cast = new Cast('Skip Ltd');
      const olga = cast.add('Olga Owner', 'OWNER', { mfa: false });
      await gateway.import(cast.rows);
      const { page } = await onStage().visitor();
      await logIn(page, url, olga);
      await row(page, olga).waitFor();
      await page.reload();
      await row(page, olga).waitFor();
      await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
      await tabTo(page, 'Skip to content');
      await page.keyboard.press('Enter');
      await tabTo(page, 'Invite…');
      await page.keyboard.press('Enter');
      await page.getByRole('dialog').getByLabel('E-mail').waitFor();
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'detached' });
      await page.waitForFunction(() => document.activeElement?.textContent === 'Invite…');
    });

    it('changes the access of many', async () => {
      const { gateway, url } = onStage();
      const cast = new PortfolioCast('Keys Group');
      const north = cast.account('North Ltd');
      const pia = cast.add('Pia Portfolio', { team: 'OWNER' });
      cast.add('Otto Owner', { accounts: { [north]: 'OWNER' } });
      const ann = cast.add('Ann Analyst', { accounts: { [north]: 'ANALYST' } });
      await gateway.import(cast.rows);
      const { page } = await onStage().visitor();
      await logIn(page, url, pia);
      await row(page, ann).waitFor();
      await tabTo(page, 'Choose Ann Analyst');
      await page.keyboard.press('Space');
      await page.getByText('1 person chosen').waitFor();
      await page.keyboard.press('Shift+Tab');
      await page.getByRole('button', { name: 'Change access…' }).focus();
      await page.keyboard.press('Enter');
      await page.getByRole('dialog').getByLabel('Add to accounts').waitFor();
      await tabTo(page, 'Add to accounts');
      await page.keyboard.press('ArrowDown');
      assert.equal(await page.getByLabel('Change the role').isChecked(), true);
      await tabTo(page, 'Accounts');
      await page.keyboard.type('Nor');
      await page.keyboard.press('ArrowDown');
      await page.keyboard.press('Enter');
      await tabTo(page, 'Role');
      await page.keyboard.type('Man');
      await tabTo(page, 'Change roles');
      await page.keyboard.press('Enter');
      await page.getByText('1 change was made.').waitFor();
      await page.keyboard.press('Escape');
      await row(page, ann).getByText('North Ltd: Manager').waitFor();
    });
  });
}
