// GraphiQL, bundled, on the signed-in session.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Cast } from '../harness/people';
import { screenshot } from '../harness/browser';
import type { OnStage } from '../harness/stage';
import { logIn } from '../harness/steps';

export function playground(onStage: OnStage): void {
  describe('the playground', () => {
    it('runs as the signed-in person and asks no other host for anything', async () => {
      const { gateway, url } = onStage();
      const cast = new Cast('Playground Ltd');
      const olga = cast.add('Olga Owner', 'OWNER', { mfa: false });
      await gateway.import(cast.rows);
      const { page } = await onStage().visitor();
      await logIn(page, url, olga);

      const hosts = new Set<string>();
      page.on('request', (request) => {
        if (/^(http|ws)/.test(request.url())) hosts.add(new URL(request.url()).host);
      });
      await page.goto(`${url}/playground`);
      // It offers the operations once the editor has read them.
      await page.locator('button[aria-haspopup=menu][aria-label^="Execute query"]').click();
      await page.getByRole('menuitem', { name: 'WhoAmI' }).click();
      await page.locator('.result-window').getByText(olga.email).first().waitFor();
      await page.getByRole('button', { name: 'Show Documentation Explorer' }).click();
      await page.getByRole('link', { name: 'Mutation' }).first().waitFor();
      await page.getByRole('button', { name: 'Show GraphiQL Explorer' }).click();
      await screenshot(page, 'playground');
      assert.deepEqual([...hosts], [new URL(url).host]);
    });
  });
}
