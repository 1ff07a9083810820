// Every screen, in light and dark, wide and narrow, English and German: no violation of accessibility rules, nothing
// wider than the window. The screenshots land in web/screenshots/.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { axe, overflow, screenshot } from '../harness/browser';
import { invitationLink, resetLink } from '../harness/mail';
import { Cast, PASSWORD } from '../harness/people';
import type { OnStage } from '../harness/stage';

const LOOKS: [string, BrowserContextOptions][] = [
  ['en-light-wide', { locale: 'en-GB', colorScheme: 'light', viewport: { width: 1280, height: 800 } }],
  ['de-dark-phone', { locale: 'de-DE', colorScheme: 'dark', viewport: { width: 390, height: 844 }, hasTouch: true }],
];

async function check(page: Page, look: string, name: string): Promise<void> {
  // Transitions of colours would be taken for faint text.
  await page.waitForTimeout(400);
  await screenshot(page, `${look}-${name}`);
  assert.deepEqual(await axe(page), [], `${look} ${name}`);
  assert.ok((await overflow(page)) <= 0, `${look} ${name} is wider than the window`);
}

export function screens(onStage: OnStage): void {
  describe('every screen', () => {
    for (const [look, options] of LOOKS) {
      it(`is accessible: ${look}`, async () => {
        const { gateway, url } = onStage();
        const cast = new Cast('Northwind Traders with a Rather Long Name', { mfaEnforced: true });
        const olga = cast.add('Olga Owner', 'OWNER');
        const ulf = cast.add('Ulf User-With-A-Very-Long-Double-Barrelled-Name', 'CAMPAIGN_COORDINATOR');
        const nora = cast.add('Nora New', 'SUPPORT', { mfa: false });
        await gateway.import(cast.rows);
        const { page } = await onStage().visitor({ ...options, reducedMotion: 'reduce' });
        const submit = () => page.locator('form button[type=submit]').click();

        await page.goto(`${url}/login`);
        await page.locator('input[name=email]').fill(nora.email);
        await check(page, look, 'log-in');
        await page.locator('input[name=password]').fill('wrong');
        await submit();
        await page.getByRole('alert').waitFor();
        await check(page, look, 'log-in-refused');
        await page.locator('input[name=password]').fill(PASSWORD);
        await submit();
        await page.locator('img').waitFor();
        await check(page, look, 'enrolment');

        await page.goto(`${url}/login`);
        await page.locator('input[name=email]').fill(olga.email);
        await page.locator('input[name=password]').fill(PASSWORD);
        await submit();
        await page.locator('input[name=code]').waitFor();
        await check(page, look, 'code');
        await page.locator('input[name=code]').fill((await olga.app?.code()) ?? '');
        await submit();
        await page.locator('input[type=search]').waitFor();
        await page.getByText(ulf.email).waitFor();
        await check(page, look, 'users');

        await page.getByRole('button', { name: new RegExp(ulf.name) }).click();
        await page.getByRole('menuitem').first().waitFor();
        await check(page, look, 'users-menu');
        await page.getByRole('menuitem').last().click();
        await page.getByRole('dialog').locator('button[type=submit]').waitFor();
        await check(page, look, 'remove-dialog');
        await page.keyboard.press('Escape');
        await page.getByRole('dialog').waitFor({ state: 'detached' });

        const invited = `somebody.with.a.rather.long.address.${Date.now()}@subsidiary.example.com`;
        await page.getByRole('button', { name: /Invite…|Einladen …/ }).click();
        await page.locator('input[name=email]').fill(invited);
        await check(page, look, 'invite-dialog');
        await page.getByRole('dialog').locator('button[type=submit]').click();
        await page.getByRole('region').getByText(invited).waitFor();
        await check(page, look, 'users-invitations');

        await page.getByRole('button', { name: new RegExp(ulf.name) }).click();
        await page.getByRole('menuitem').first().click();
        await page.locator('textarea[name=reason]').fill('Phone lost');
        await check(page, look, 'reset-dialog');
        await page.getByRole('dialog').locator('button[type=submit]').click();
        await page.getByText(/11 h 59 min|11 Std. 59 Min./).waitFor();
        await check(page, look, 'users-reset-requested');

        const account = /\/accounts\/[^/]+/.exec(page.url())?.[0] ?? '';
        for (const [path, name] of [
          [`${account}/policy`, 'policy'],
          [`${account}/audit`, 'audit-log'],
          ['/security', 'security'],
        ] as const) {
          await page.goto(url + path);
          await page.getByRole('heading', { level: 1 }).waitFor();
          await page.waitForLoadState('networkidle').catch(() => {});
          await check(page, look, name);
        }

        const link = resetLink(await gateway.mail.wait(ulf.email, 'MFA reset request'));
        await page.goto(link);
        await page.locator('form button[type=submit]').waitFor();
        await check(page, look, 'accept');
        await submit();
        await page.getByRole('link').waitFor();
        await check(page, look, 'accepted');
        await page.reload();
        await page.getByRole('heading', { level: 1 }).waitFor();
        await check(page, look, 'accept-link-forgotten');

        await page.goto(invitationLink(await gateway.mail.wait(invited, 'You are invited')));
        await page.locator('input[name=name]').waitFor();
        await check(page, look, 'invitation');
        await page.locator('input[name=name]').fill('Nina New');
        await page.locator('input[name=password]').fill(PASSWORD);
        await submit();
        await page.getByRole('alert').waitFor();
        await check(page, look, 'invitation-another-user');
      });
    }
  });
}
