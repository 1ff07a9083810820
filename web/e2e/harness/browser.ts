// A real Chromium: the one that CHROMIUM names, the system's, or the one from npm, which needs no root.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

const SYSTEM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const SCREENSHOTS = fileURLToPath(new URL('../../screenshots/', import.meta.url));
/** What the browser says about a request that a test made fail on purpose. */
const EXPECTED_NOISE = /ERR_INTERNET_DISCONNECTED|ERR_NAME_NOT_RESOLVED|net::ERR_FAILED|WebSocket/;

const ARGUMENTS = ['--no-sandbox', '--disable-gpu'];

/** No fault: sizes that change within a frame are told in the next one (Resize Observer, "deliver resize loop error"). */
const DEFERRED = 'ResizeObserver loop completed with undelivered notifications.';

export async function launch(): Promise<Browser> {
  return chromium.launch({ executablePath: await executable(), args: ARGUMENTS });
}

/** A browser of its own that other tools steer as well, through this port. */
export async function launchWithPort(port: number, options: BrowserContextOptions = {}): Promise<BrowserContext> {
  const args = [...ARGUMENTS, `--remote-debugging-port=${port}`];
  return chromium.launchPersistentContext('', { ...options, executablePath: await executable(), args });
}

async function executable(): Promise<string> {
  return process.env['CHROMIUM'] ?? SYSTEM.find((path) => existsSync(path)) ?? bundled();
}

async function bundled(): Promise<string> {
  if (!hasLibrary('libnss3.so')) {
    // The package carries the libraries as well; it unpacks them where it takes the machine for a bare one.
    const major = Number(process.versions.node.split('.')[0]);
    process.env['AWS_EXECUTION_ENV'] = major >= 20 ? 'AWS_Lambda_nodejs20.x' : 'AWS_Lambda_nodejs18.x';
  }
  const { default: packaged } = await import('@sparticuz/chromium');
  return packaged.executablePath();
}

function hasLibrary(name: string): boolean {
  try {
    return execFileSync('/sbin/ldconfig', ['-p'], { encoding: 'utf8' }).includes(name);
  } catch {
    return true;
  }
}

export interface Visitor {
  page: Page;
  /** Errors of scripts, refused resources and violations of the content security policy, so far. */
  complaints: string[];
  close(): Promise<void>;
}

/** One person with a browser of their own. */
export async function visit(browser: Browser, options: BrowserContextOptions = {}): Promise<Visitor> {
  const context = await browser.newContext({ locale: 'en-GB', viewport: { width: 1280, height: 800 }, ...options });
  context.setDefaultTimeout(15_000);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('pageerror', (error) => {
    if (!String(error).includes(DEFERRED)) complaints.push(String(error));
  });
  page.on('console', (message) => {
    if (message.type() === 'error' && !EXPECTED_NOISE.test(message.text())) complaints.push(message.text());
  });
  return { page, complaints, close: () => context.close() };
}

const axeSource = readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What axe finds on this screen; empty when it is as it should be. */
export async function axe(page: Page): Promise<string[]> {
  const source = await axeSource;
  return page.evaluate(async (script) => {
    interface Axe {
      run(where: Document): Promise<{ violations: { id: string; help: string; nodes: { html: string }[] }[] }>;
    }
    const holder = window as unknown as { axe?: Axe };
    if (!holder.axe) (0, eval)(script);
    const { violations } = await (holder.axe as Axe).run(document);
    return violations.map((one) => `${one.id}: ${one.help}: ${one.nodes.map((node) => node.html).join(' | ')}`);
  }, source);
}

export async function screenshot(page: Page, name: string): Promise<void> {
  mkdirSync(SCREENSHOTS, { recursive: true });
  await page.screenshot({ path: `${SCREENSHOTS}${name}.png`, fullPage: false });
}

/** How far the page is wider than the window: nothing may be. */
export function overflow(page: Page): Promise<number> {
  return page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
}
