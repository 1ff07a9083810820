// One way of looking at the dashboard. Each screen is looked at in light and in dark: no violation of accessibility
// rules, nothing wider than the window. The screenshots land in web/screenshots/.
import assert from 'node:assert/strict';
import type { BrowserContextOptions, Page } from 'playwright-core';
import de from '../../../src/i18n/de';
import en, { type Messages } from '../../../src/i18n/en';
import { axe, overflow, screenshot } from '../../harness/browser';

export interface Look {
  name: string;
  /** The words on the screens. */
  m: Messages;
  /** Whoever signs up here gets mail in the language of the screens: its subjects. */
  mail: { verify: string; password: string };
  options: BrowserContextOptions;
}

export const LOOKS: Look[] = [
  {
    name: 'en-wide',
    m: en,
    mail: { verify: 'Verify your e-mail address', password: 'Set a new password' },
    options: { locale: 'en-GB', viewport: { width: 1280, height: 800 } },
  },
  {
    name: 'de-phone',
    m: de,
    mail: { verify: 'Bestätigen Sie Ihre E-Mail-Adresse', password: 'Neues Passwort festlegen' },
    options: { locale: 'de-DE', viewport: { width: 390, height: 844 }, hasTouch: true },
  },
];

export class Camera {
  constructor(
    readonly page: Page,
    private readonly look: Look,
  ) {}

  async take(screen: string): Promise<void> {
    for (const colorScheme of ['dark', 'light'] as const) {
      await this.page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      await settled(this.page);
      const name = `${this.look.name}-${colorScheme}-${screen}`;
      await screenshot(this.page, name);
      assert.deepEqual(await axe(this.page), [], name);
      assert.ok((await overflow(this.page)) <= 0, `${name} is wider than the window`);
    }
  }

  /** Follows a link as a mail program does: in a page that knows nothing of it yet. */
  async follow(link: string): Promise<void> {
    await this.page.goto('about:blank');
    await this.page.goto(link);
  }

  /** The one form's button. */
  submit(): Promise<void> {
    return this.page.locator('form button[type=submit]').click();
  }

  dialog() {
    return this.page.getByRole('dialog');
  }

  async closeDialog(): Promise<void> {
    await this.page.keyboard.press('Escape');
    await this.dialog().waitFor({ state: 'detached' });
  }

  async heading(name: string): Promise<void> {
    await this.page.getByRole('heading', { level: 1, name }).waitFor();
  }
}

/** Waits for transitions of colours, which would be taken for faint text, and for what moves to its place. */
async function settled(page: Page): Promise<void> {
  await page.evaluate(async () => {
    for (let frame = 0; frame < 4; frame += 1) await new Promise((painted) => requestAnimationFrame(painted));
    const passing = document.getAnimations().filter((one) => one.effect?.getComputedTiming().endTime !== Infinity);
    await Promise.all(passing.map((one) => one.finished.catch(() => null)));
  });
}
