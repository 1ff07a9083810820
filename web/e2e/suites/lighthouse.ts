// What Lighthouse says about log-in and the Users tab, in the Chromium of the other suites.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import lighthouse, { desktopConfig } from 'lighthouse';
import { launchWithPort } from '../harness/browser';
import { freePort } from '../harness/gateway';
import { Cast } from '../harness/people';
import type { OnStage } from '../harness/stage';
import { logIn } from '../harness/steps';

const CATEGORIES = ['performance', 'accessibility', 'best-practices'] as const;
const LEAST = 95;

interface Verdict {
  scores: Record<(typeof CATEGORIES)[number], number>;
  /** The audits that cost points, by name. */
  lost: string[];
}

async function judge(address: string, port: number): Promise<Verdict> {
  const result = await lighthouse(
    address,
    // The session and the caches of this browser are its own already.
    { port, logLevel: 'error', disableStorageReset: true, onlyCategories: [...CATEGORIES] },
    desktopConfig,
  );
  assert.ok(result, 'Lighthouse says nothing');
  const { categories, audits, finalDisplayedUrl, runtimeError } = result.lhr;
  assert.equal(runtimeError, undefined, runtimeError?.message);
  assert.equal(finalDisplayedUrl, address, 'Lighthouse was led elsewhere');
  const scoreOf = (id: string) => Math.round((categories[id]?.score ?? 0) * 100);
  return {
    scores: {
      performance: scoreOf('performance'),
      accessibility: scoreOf('accessibility'),
      'best-practices': scoreOf('best-practices'),
    },
    lost: Object.values(audits)
      .filter(({ score }) => score !== null && score < 0.9)
      .map(({ id, displayValue }) => [id, displayValue].filter(Boolean).join(' ')),
  };
}

/** Performance is measured, and the machine may be busy with something else: the median of three where one falls short. */
async function assertGood(screen: string, address: string, port: number): Promise<void> {
  const verdicts = [await judge(address, port)];
  if ((verdicts[0]?.scores.performance ?? 0) < LEAST) {
    verdicts.push(await judge(address, port), await judge(address, port));
  }
  verdicts.sort((one, other) => one.scores.performance - other.scores.performance);
  const median = verdicts[Math.floor(verdicts.length / 2)];
  for (const category of CATEGORIES) {
    const score = median?.scores[category] ?? 0;
    assert.ok(score >= LEAST, `${screen}: ${category} is ${score}: ${median?.lost.join('; ')}`);
  }
}

export function lighthouseSays(onStage: OnStage): void {
  describe('Lighthouse', () => {
    it(`gives at least ${LEAST} for performance, accessibility and best practices`, async () => {
      const { gateway, url } = onStage();
      const cast = new Cast('Lighthouse Ltd');
      const olga = cast.add('Olga Owner', 'OWNER', { mfa: false });
      for (let n = 0; n < 30; n += 1) cast.add(`Person ${String.fromCharCode(97 + (n % 26)).repeat(3 + n)}`, 'ANALYST');
      await gateway.import(cast.rows);
      const port = await freePort();
      const browser = await launchWithPort(port, { locale: 'en-GB' });
      try {
        await assertGood('log-in', `${url}/login`, port);
        const page = await browser.newPage();
        await logIn(page, url, olga);
        await page.getByText(olga.email).waitFor();
        const users = page.url();
        await page.close();
        await assertGood('Users tab', users, port);
      } finally {
        await browser.close();
      }
    });
  });
}
