// The screens of an account and of oneself, dialogs included.
import { Cast, somebody } from '../../harness/people';
import { readQrCode } from '../../harness/qr';
import type { Stage } from '../../harness/stage';
import { Authenticator } from '../../harness/totp';
import { Camera, type Look } from './camera';
import { enter } from './enter';

export async function account(stage: Stage, look: Look): Promise<void> {
  const { gateway, url } = stage;
  const { m } = look;
  const cast = new Cast('Northwind Traders with a Rather Long Name');
  const olga = cast.add('Olga Owner', 'OWNER');
  const ulf = cast.add('Ulf User-With-A-Very-Long-Double-Barrelled-Name', 'CAMPAIGN_COORDINATOR');
  const nora = cast.add('Nora New', 'SUPPORT', { mfa: false });
  await gateway.import(cast.rows);
  const { page } = await stage.visitor(look.options);
  const camera = new Camera(page, look);
  await enter(page, url, m, olga);
  await page.getByText(ulf.email).waitFor();
  await camera.take('users');
  const open = async (name: string, item: string) => {
    await page.getByRole('button', { name: m.users.actionsFor(name) }).click();
    await page.getByRole('menuitem', { name: item }).waitFor();
  };
  const choose = async (name: string, item: string) => {
    await open(name, item);
    await page.getByRole('menuitem', { name: item }).click();
    await camera.dialog().locator('button[type=submit]').waitFor();
  };

  await open(ulf.name, m.members.remove);
  await camera.take('users-menu');
  await page.keyboard.press('Escape');
  await open(nora.name, m.members.remove);
  await camera.take('users-menu-not-eligible');
  await page.keyboard.press('Escape');
  for (const [item, name] of [
    [m.members.changeRole, 'role-dialog'],
    [m.members.transfer, 'transfer-dialog'],
    [m.members.remove, 'remove-dialog'],
  ] as const) {
    await choose(ulf.name, item);
    if (item === m.members.changeRole) await page.locator('select[name=role]').waitFor();
    await camera.take(name);
    await camera.closeDialog();
  }

  const invited = somebody('Somebody With A Rather Long Address').email;
  await page.getByRole('button', { name: m.members.invite }).click();
  await page.locator('input[name=email]').fill(invited);
  await page.locator('select[name=role]').waitFor();
  await camera.take('invite-dialog');
  await camera.dialog().locator('button[type=submit]').click();
  await page.getByRole('region').getByText(invited).waitFor();
  await page.getByRole('button', { name: m.members.invite }).click();
  await page.locator('input[name=email]').fill(invited);
  await camera.dialog().locator('button[type=submit]').click();
  await camera.dialog().getByRole('alert').waitFor();
  await camera.take('invite-dialog-refused');
  await camera.closeDialog();
  await page.getByRole('region', { name: m.members.waiting }).scrollIntoViewIfNeeded();
  await camera.take('users-invitations');

  await choose(ulf.name, m.reset.menu);
  await page.locator('textarea[name=reason]').fill('Phone lost');
  await camera.take('reset-dialog');
  await camera.dialog().locator('button[type=submit]').click();
  await page.getByText(/11 h 59 min|11 Std. 59 Min./).waitFor();
  await camera.take('users-reset-requested');
  await page.locator('input[type=search]').fill('zzz');
  await page.getByText(m.users.empty).waitFor();
  await camera.take('users-none');

  const base = /\/accounts\/[^/]+/.exec(page.url())?.[0] ?? '';
  for (const [path, heading, name] of [
    [`${base}/policy`, m.policy.title(cast.accountName), 'policy'],
    [`${base}/audit`, m.audit.title(cast.accountName), 'audit-log'],
    [`${base}/settings`, m.settings.of(cast.accountName), 'account-settings'],
    ['/create', m.create.title, 'create'],
    ['/no-such-page', m.app.notFoundTitle, 'not-found'],
  ] as const) {
    await page.goto(url + (name === 'not-found' ? `${base}${path}` : path));
    await camera.heading(heading);
    await page.waitForLoadState('networkidle');
    await camera.take(name);
  }

  await page.goto(`${url}${base}/audit?from=2026-02-01&to=2026-01-01`);
  await page.getByText(m.audit.daysCrossed).waitFor();
  await camera.take('audit-log-days-crossed');
  await page.goto(`${url}${base}/audit`);
  await page
    .getByRole('button', { name: m.audit.doneBy(olga.name) })
    .first()
    .click();
  await page.getByRole('button', { name: m.audit.clear(m.audit.doneBy(olga.name)) }).waitFor();
  await camera.take('audit-log-narrowed');

  await page.goto(`${url}${base}/settings`);
  await page.getByRole('button', { name: m.recovery.contacts.name }).click();
  await camera.dialog().locator('select[name=contact1]').waitFor();
  await camera.take('recovery-contacts-dialog');
  await camera.closeDialog();
  await page.getByRole('button', { name: m.settings.closeAccount }).click();
  await page.locator('input[name=confirmation]').fill('another name');
  await camera.dialog().locator('button[type=submit]').click();
  await camera.dialog().getByRole('alert').waitFor();
  await camera.take('close-dialog');
}

/** What is one's own: profile, second factor, sessions; and leaving. */
export async function oneself(stage: Stage, look: Look): Promise<void> {
  const { gateway, url } = stage;
  const { m } = look;
  const cast = new Cast('Northwind Traders with a Rather Long Name');
  cast.add('Olga Owner', 'OWNER');
  const ada = cast.add('Ada Analyst', 'ANALYST', { mfa: false });
  await gateway.import(cast.rows);
  const { page } = await stage.visitor(look.options);
  const camera = new Camera(page, look);
  await enter(page, url, m, ada);
  await page.getByText(ada.email).waitFor();
  await camera.take('users-of-an-analyst');

  const burger = page.getByRole('button', { name: m.app.openMenu });
  if (await burger.isVisible()) {
    await burger.click();
    await page.getByRole('link', { name: m.app.mySecurity }).waitFor();
    await camera.take('navigation');
  }
  await page.goto(`${url}/profile`);
  const email = page.getByRole('region', { name: m.profile.email });
  await email.getByLabel(m.profile.newEmail).fill(somebody('Ada Elsewhere').email);
  await email.locator('input[name=currentPassword]').fill('wrong');
  await email.locator('button[type=submit]').click();
  await email.getByRole('alert').waitFor();
  await camera.take('profile');

  await page.goto(`${url}/security`);
  await page.getByRole('button', { name: m.security.setUp }).click();
  await camera.dialog().locator('img').waitFor();
  await camera.take('set-up-dialog');
  const app = Authenticator.fromUri(await readQrCode(camera.dialog().locator('img')));
  await page.locator('input[name=code]').fill(await app.code());
  await camera.submit();
  await camera.dialog().getByRole('checkbox').waitFor();
  await camera.take('backup-codes-dialog');
  await camera.dialog().getByRole('checkbox').check();
  await camera.dialog().getByRole('button', { name: m.codes.submit }).click();
  await camera.dialog().waitFor({ state: 'detached' });
  await camera.take('security');
  for (const [button, name] of [
    [m.security.newCodes, 'new-codes-dialog'],
    [m.security.turnOff, 'turn-off-dialog'],
  ] as const) {
    await page.getByRole('button', { name: button }).click();
    await page.locator('input[name=code]').fill('000000');
    await camera.submit();
    await camera.dialog().getByRole('alert').waitFor();
    await camera.take(name);
    await camera.closeDialog();
  }

  await page.goto(url);
  await page.getByText(ada.email).waitFor();
  const base = /\/accounts\/[^/]+/.exec(page.url())?.[0] ?? '';
  await page.goto(`${url}${base}/settings`);
  await page.getByRole('button', { name: m.settings.leaveAccount }).click();
  await camera.dialog().locator('button[type=submit]').waitFor();
  await camera.take('leave-dialog');
}
