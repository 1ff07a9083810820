// How many people have MFA, beside the policy that asks for it: in words, as a line, and as a table.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Page } from 'playwright-core';
import { axe, overflow, screenshot } from '../harness/browser';
import { Cast, PortfolioCast } from '../harness/people';
import type { OnStage } from '../harness/stage';
import { logIn } from '../harness/steps';

const DAY = 24 * 3600 * 1000;
const LINE = { name: /^MFA coverage since / };

async function openPolicy(page: Page): Promise<void> {
  await page.getByRole('link', { name: 'MFA policy' }).click();
  await page.getByRole('heading', { name: 'MFA coverage' }).waitFor();
}

/** The day's count is made some seconds after the day began. */
async function untilCounted(page: Page): Promise<void> {
  for (let tries = 0; tries < 60; tries += 1) {
    await page.getByText(/people have MFA \(/).waitFor();
    if (await page.getByRole('img', LINE).count()) return;
    await page.waitForTimeout(500);
    await page.reload();
  }
  assert.fail('the day is not counted');
}

export function coverage(onStage: OnStage): void {
  describe('MFA coverage', () => {
    it('shows who would be affected by a policy, and how many had MFA day by day', async () => {
      const { gateway, url } = onStage();
      const cast = new PortfolioCast('Coverage Group');
      const account = cast.account('Coverage Ltd');
      const olga = cast.add('Olga Owner', { accounts: { [account]: 'OWNER' } });
      const petra = cast.add('Petra Portfolio', { team: 'OWNER' });
      cast.add('Ada Adler', { accounts: { [account]: 'ANALYST' } }, { mfa: true });
      cast.add('Bert Brandt', { accounts: { [account]: 'MANAGER' } });
      await gateway.import(cast.rows);
      const owner = (await onStage().visitor()).page;
      await logIn(owner, url, olga);
      await openPolicy(owner);
      await owner.getByText('1 of 3 people have MFA (33%).').waitFor();
      await owner.getByText(/counted once a day/).waitFor();
      assert.equal(await owner.getByRole('img', LINE).count(), 0);

      await owner.getByText('2 people have no MFA yet and would have to set it up.').waitFor();
      await owner.getByLabel('Everybody must use MFA').check();
      await owner.getByLabel('From this day on').fill('2099-03-01');
      await owner.getByText('They may log in without it until 1 Mar 2099').waitFor();
      await owner.getByRole('button', { name: 'Save' }).click();
      await owner.getByText('The MFA policy is saved.').waitFor();

      await gateway.setClock('+24h');
      try {
        const tomorrow = (await onStage().visitor({ reducedMotion: 'reduce' })).page;
        await tomorrow.clock.setSystemTime(Date.now() + DAY);
        await logIn(tomorrow, url, olga);
        await openPolicy(tomorrow);
        await untilCounted(tomorrow);
        await tomorrow.getByRole('img', { name: /from 33% to 33%$/ }).waitFor();
        await tomorrow.getByText('The numbers as a table').focus();
        await tomorrow.keyboard.press('Enter');
        const rows = tomorrow.getByRole('table', { name: 'MFA coverage' }).getByRole('row');
        assert.deepEqual(await rows.allInnerTexts(), [
          'Day\tWith MFA\tPeople\tShare',
          'now\t1\t3\t33%',
          `${await tomorrow.locator('figure').locator('td').nth(4).innerText()}\t1\t3\t33%`,
        ]);
        await tomorrow.getByLabel('Period').selectOption({ label: 'One year' });
        await tomorrow.getByRole('img', { name: /from 33% to 33%$/ }).waitFor();

        const boss = (await onStage().visitor()).page;
        await boss.clock.setSystemTime(Date.now() + DAY);
        await logIn(boss, url, petra);
        await openPolicy(boss);
        // Everybody for the line; for the policy only the portfolio's own people.
        await boss.getByText('1 of 4 people have MFA (25%).').waitFor();
        await boss.getByText('1 person has no MFA yet and would have to set it up.').waitFor();
        await boss.getByRole('img', { name: /from 25% to 25%$/ }).waitFor();

        for (const look of ['light', 'dark'] as const) {
          for (const width of [1280, 390]) {
            await tomorrow.emulateMedia({ colorScheme: look });
            await tomorrow.setViewportSize({ width, height: 844 });
            await tomorrow.waitForTimeout(400);
            await tomorrow.locator('figure').scrollIntoViewIfNeeded();
            await screenshot(tomorrow, `coverage-${look}-${width}`);
            assert.deepEqual(await axe(tomorrow), [], `${look} ${width}`);
            assert.ok((await overflow(tomorrow)) <= 0, `${look} ${width} is wider than the window`);
          }
        }
      } finally {
        await gateway.setClock('+0s');
      }
    });

    it('is not for whoever does not manage', async () => {
      const { gateway, url } = onStage();
      const cast = new Cast('Not For You Ltd');
      cast.add('Olga Owner', 'OWNER');
      const bert = cast.add('Bert Brandt', 'MANAGER', { mfa: false });
      await gateway.import(cast.rows);
      const { page } = await onStage().visitor();
      await logIn(page, url, bert);
      await page.getByRole('link', { name: 'MFA policy' }).click();
      await page.getByText('Your role does not allow changing the policy.').waitFor();
      assert.equal(await page.getByRole('heading', { name: 'MFA coverage' }).count(), 0);
      assert.equal(await page.getByText(/no MFA yet/).count(), 0);
    });
  });
}
