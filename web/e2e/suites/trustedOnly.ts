// The dashboard on a gateway that executes trusted documents only: every document that it sends is in its own manifest.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Cast } from '../harness/people';
import type { OnStage } from '../harness/stage';
import { logIn, resetMfa, row } from '../harness/steps';

export function trustedOnly(onStage: OnStage): void {
  describe('trusted documents only', () => {
    it('lets the dashboard do its work and nobody else', async () => {
      const { gateway, url } = onStage();
      const cast = new Cast('Trusted Ltd');
      const olga = cast.add('Olga Owner', 'OWNER', { mfa: false });
      const mina = cast.add('Mina Meyer', 'ANALYST');
      await gateway.import(cast.rows);
      const { page } = await onStage().visitor();

      const refused: string[] = [];
      page.on('response', async (response) => {
        if (new URL(response.url()).pathname !== '/graphql') return;
        const text = await response.text().catch(() => '');
        if (text.includes('DOCUMENT_NOT_TRUSTED')) refused.push(response.request().postData() ?? '');
      });
      page.on('websocket', (socket) => {
        socket.on('framereceived', ({ payload }) => {
          if (payload.toString().includes('DOCUMENT_NOT_TRUSTED')) refused.push(payload.toString());
        });
      });

      await logIn(page, url, olga);
      await row(page, mina).waitFor();
      await resetMfa(page, mina);
      await row(page, mina).getByText('Reset requested').waitFor();
      for (const path of ['/security', page.url().replace(url, '').replace('/users', '/audit')]) {
        await page.goto(`${url}${path}`);
        await page.getByRole('button', { name: 'Log out' }).waitFor();
        await page.waitForLoadState('networkidle');
      }
      assert.deepEqual(refused, []);

      const answer = await fetch(`${url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ query: '{ __typename }' }),
      });
      assert.match(await answer.text(), /DOCUMENT_NOT_TRUSTED/);
      assert.match(await (await fetch(`${url}/playground`)).text(), /executes trusted documents only/);
    });
  });
}
