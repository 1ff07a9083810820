// The first log-in from an unknown browser, on a gateway that asks for a mailed code.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { axe } from '../harness/browser';
import { Cast } from '../harness/people';
import { Stage } from '../harness/stage';
import { enterCode, enterPassword } from '../harness/steps';

export function newDevice(): void {
  describe('a new device', () => {
    let stage: Stage;

    before(async () => {
      stage = await Stage.open({ LATCHKEY_NEW_DEVICE_CODE: 'on' });
    });
    afterEach(() => stage.clear());
    after(() => stage?.close());

    it('takes a mailed code, then the second factor, and is known the next time', async () => {
      const { gateway, url } = stage;
      const cast = new Cast('Device Ltd');
      const olga = cast.add('Olga Owner', 'OWNER');
      await gateway.import(cast.rows);
      const { page } = await stage.visitor();

      await enterPassword(page, url, olga);
      await page.getByRole('heading', { name: 'Check your mail' }).waitFor();
      assert.deepEqual(await axe(page), []);
      const mail = await gateway.mail.wait(olga.email, 'Your code for a new device');
      const code = /^Code: ([0-9 ]{9})$/m.exec(mail.text ?? '')?.[1] ?? '';
      await page.getByLabel('8-digit code').fill(code === '0000 0000' ? '0000 0001' : '0000 0000');
      await page.getByRole('button', { name: 'Continue' }).click();
      await page.getByRole('alert').getByText('This code is wrong.').waitFor();
      await page.getByLabel('8-digit code').fill(code);
      await page.getByRole('button', { name: 'Continue' }).click();
      await page.getByRole('heading', { name: 'Enter your code' }).waitFor();
      await enterCode(page, (await olga.app?.code()) ?? '');
      await page.getByRole('button', { name: 'Log out' }).click();

      await enterPassword(page, url, olga);
      await page.getByRole('heading', { name: 'Enter your code' }).waitFor();
      assert.equal(await page.evaluate(() => document.cookie), '', 'no script reads what names the browser');
    });
  });
}
