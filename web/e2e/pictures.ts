// Takes the pictures of the README anew: npm run pictures
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { resetLink } from './harness/mail';
import { PASSWORD, type Person } from './harness/people';
import { Stage } from './harness/stage';
import { choose, enterPassword, logIn, resetMfa, row } from './harness/steps';
import { Authenticator } from './harness/totp';

const IMAGES = fileURLToPath(new URL('../../docs/images/', import.meta.url));
const SECRET = 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP';
const WIDE = { viewport: { width: 1280, height: 640 } };
const NARROW = { viewport: { width: 1100, height: 760 } };

const PEOPLE: [name: string, role: string, mfa: boolean][] = [
  ['Olivia Okafor', 'OWNER', true],
  ['Adam Adler', 'ADMIN', true],
  ['Mina Meyer', 'MANAGER', true],
  ['Carlos Campos', 'CAMPAIGN_COORDINATOR', false],
  ['Sam Sato', 'SUPPORT', true],
];

const stage = await Stage.open();
try {
  const { gateway, url } = stage;
  const rows: Record<string, unknown>[] = [
    { kind: 'portfolio', key: 'p', name: 'Northern Group' },
    { kind: 'account', key: 'harbor', name: 'Harbor Coffee', portfolio: 'p', mfaEnforced: true },
    { kind: 'account', key: 'pier', name: 'Pier Bakery', portfolio: 'p' },
    { kind: 'user', email: 'nora@northern.example', name: 'Nora Nord', password: PASSWORD },
    { kind: 'portfolioUser', portfolio: 'p', email: 'nora@northern.example', role: 'OWNER' },
    { kind: 'accountUser', account: 'pier', email: 'mina@harbor.example', role: 'OWNER' },
  ];
  for (const [name, role, mfa] of PEOPLE) {
    const email = `${name.split(' ')[0]?.toLowerCase()}@harbor.example`;
    rows.push({ kind: 'user', email, name, password: PASSWORD, ...(mfa && { totpSecret: SECRET }) });
    rows.push({ kind: 'accountUser', account: 'harbor', email, role });
  }
  await gateway.import(rows);
  const person = (name: string, email: string, mfa = true): Person => ({
    name,
    email,
    app: mfa ? new Authenticator(SECRET) : null,
    backupCodes: [],
  });
  const take = async (page: Page, name: string) => {
    await page.mouse.move(0, 0);
    await page.waitForTimeout(500);
    await page.screenshot({ path: `${IMAGES}${name}.png` });
  };
  const mina = person('Mina Meyer', 'mina@harbor.example');

  const owner = (await stage.visitor(WIDE)).page;
  await logIn(owner, url, person('Olivia Okafor', 'olivia@harbor.example'));
  await row(owner, mina).waitFor();
  await choose(owner, mina, 'Reset MFA…');
  await owner.getByRole('dialog').getByLabel('Reason').fill('Lost her phone, called from the shop');
  await take(owner, 'reset-dialog');
  await owner.keyboard.press('Escape');
  await resetMfa(owner, mina);
  await row(owner, mina).getByText('E-mail sent').waitFor();
  await owner.getByText('is on its way').waitFor({ state: 'detached' });
  await take(owner, 'users');

  const user = (await stage.visitor(NARROW)).page;
  await user.goto(resetLink(await gateway.mail.wait(mina.email, 'MFA reset request')));
  await user.getByRole('button', { name: 'Accept' }).waitFor();
  await take(user, 'accept');
  await user.getByRole('button', { name: 'Accept' }).click();
  await user.getByRole('link', { name: 'Log in' }).click();
  await enterPassword(user, url, mina);
  await user.locator('img').waitFor();
  await take(user, 'enrolment');

  const nora = (await stage.visitor(WIDE)).page;
  await logIn(nora, url, person('Nora Nord', 'nora@northern.example', false));
  for (const name of ['Mina Meyer', 'Sam Sato', 'Carlos Campos']) await nora.getByLabel(`Choose ${name}`).check();
  await nora.getByRole('button', { name: 'Change access…' }).click();
  await nora.getByLabel('Change the role').check();
  await nora.getByRole('button', { name: 'All 2' }).click();
  await nora.getByLabel('Role', { exact: true }).selectOption('ANALYST');
  await nora.getByRole('button', { name: 'Change roles' }).click();
  await nora.getByRole('region', { name: 'What became of each change' }).waitFor();
  await take(nora, 'bulk');
} finally {
  await stage.close();
}
