// What a first visit has to fetch, and how it may be cached.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Page } from 'playwright-core';
import { Cast } from '../harness/people';
import type { OnStage } from '../harness/stage';
import { logIn } from '../harness/steps';

const BUDGET = 200_000;

/** Bytes of scripts as they came over the wire, while the page does what `doing` says. */
async function scriptsOf(page: Page, doing: () => Promise<void>): Promise<number> {
  const sizes: Promise<number>[] = [];
  page.on('requestfinished', (request) => {
    if (request.resourceType() === 'script') sizes.push(request.sizes().then((one) => one.responseBodySize));
  });
  await doing();
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}

export function budget(onStage: OnStage): void {
  describe('the first load', () => {
    it(`fetches at most ${BUDGET} bytes of scripts, on log-in and on the Users tab`, async () => {
      const { gateway, url } = onStage();
      const cast = new Cast('Budget Ltd');
      const olga = cast.add('Olga Owner', 'OWNER', { mfa: false });
      await gateway.import(cast.rows);
      const first = await onStage().visitor();
      const logInBytes = await scriptsOf(first.page, async () => {
        await first.page.goto(`${url}/login`);
        await first.page.getByLabel('E-mail').waitFor();
      });
      assert.ok(logInBytes > 0 && logInBytes <= BUDGET, `log-in: ${logInBytes} bytes`);

      await logIn(first.page, url, olga);
      await first.page.getByText(olga.email).waitFor();
      const users = first.page.url();
      const cookies = await first.page.context().cookies();
      const second = await onStage().visitor();
      await second.page.context().addCookies(cookies);
      const usersBytes = await scriptsOf(second.page, async () => {
        await second.page.goto(users);
        await second.page.getByText(olga.email).waitFor();
      });
      assert.ok(usersBytes > 0 && usersBytes <= BUDGET, `Users tab: ${usersBytes} bytes`);
    });

    it('comes with a strict policy, compressed, and cacheable for ever where names hold a hash', async () => {
      const { url } = onStage();
      const page = await fetch(`${url}/login`);
      const policy = page.headers.get('content-security-policy') ?? '';
      assert.match(policy, /default-src 'none'/);
      assert.match(policy, /script-src 'self'(;|$)/);
      const html = await page.text();
      assert.doesNotMatch(html, /<script(?![^>]*\bsrc=)|<style|\son\w+=|https?:\/\//);
      const script = /src="(\/assets\/[^"]+\.js)"/.exec(html)?.[1] ?? '';
      const answer = await fetch(url + script, { headers: { 'accept-encoding': 'gzip' } });
      assert.match(answer.headers.get('cache-control') ?? '', /immutable/);
      assert.equal(answer.headers.get('content-encoding'), 'gzip');
    });
  });
}
