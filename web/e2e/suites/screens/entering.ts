// The screens of whoever is not logged in: log-in and its steps, signing up, and the pages behind links of mails.
import { invitationLink, passwordLink, resetLink, verificationLink } from '../../harness/mail';
import { Cast, PASSWORD, somebody } from '../../harness/people';
import { readQrCode } from '../../harness/qr';
import type { Stage } from '../../harness/stage';
import { logIn } from '../../harness/steps';
import { Authenticator } from '../../harness/totp';
import { Camera, type Look } from './camera';

const NEW_PASSWORD = 'copper-ladder-ninety-fog';

export async function entering(stage: Stage, look: Look): Promise<void> {
  const { gateway, url } = stage;
  const { m } = look;
  const cast = new Cast('Northwind Traders with a Rather Long Name', { mfaEnforced: true });
  cast.add('Olga Owner', 'OWNER');
  const ulf = cast.add('Ulf User-With-A-Very-Long-Double-Barrelled-Name', 'CAMPAIGN_COORDINATOR');
  const nora = cast.add('Nora New', 'SUPPORT', { mfa: false });
  await gateway.import(cast.rows);
  const { page } = await stage.visitor(look.options);
  const camera = new Camera(page, look);
  const fill = (field: string, value: string) => page.locator(`input[name=${field}]`).fill(value);

  await page.goto(`${url}/login`);
  await fill('email', nora.email);
  await camera.take('log-in');
  await fill('password', 'wrong');
  await camera.submit();
  await page.getByRole('alert').waitFor();
  await camera.take('log-in-refused');
  await fill('password', PASSWORD);
  await camera.submit();
  await page.locator('img').waitFor();
  await camera.take('enrolment');
  const app = Authenticator.fromUri(await readQrCode(page.locator('img')));
  await fill('code', '000000');
  await camera.submit();
  await page.getByRole('alert').waitFor();
  await camera.take('enrolment-refused');
  await fill('code', await app.code());
  await camera.submit();
  await camera.heading(m.codes.title);
  await camera.take('backup-codes');
  await page.getByRole('checkbox').check();
  await page.getByRole('button', { name: m.codes.submit }).click();
  await page.getByRole('button', { name: m.app.logOut }).click();
  await camera.heading(m.logIn.title);

  await fill('email', ulf.email);
  await fill('password', PASSWORD);
  await camera.submit();
  await page.locator('input[name=code]').waitFor();
  await camera.take('code');
  await fill('code', '000000');
  await camera.submit();
  await page.getByRole('alert').waitFor();
  await camera.take('code-refused');
  await page.getByRole('link', { name: m.recovery.link }).click();
  await camera.heading(m.recovery.ask.title);
  await camera.take('recovery-ask');
  await fill('email', ulf.email);
  await camera.submit();
  await camera.heading(m.recovery.ask.askedTitle);
  await camera.take('recovery-asked');

  const sign = somebody('Sina Signing-Up-With-A-Long-Name');
  await page.goto(`${url}/sign-up`);
  await fill('name', sign.name);
  await fill('email', sign.email);
  await fill('accountName', 'Sina Ltd');
  await fill('newPassword', 'short');
  await camera.submit();
  await page.getByRole('alert').waitFor();
  await camera.take('sign-up-refused');
  await fill('newPassword', PASSWORD);
  await camera.take('sign-up');
  await camera.submit();
  await camera.heading(m.signUp.doneTitle);
  await camera.take('signed-up');
  const verification = verificationLink(await gateway.mail.wait(sign.email, look.mail.verify));
  for (const outcome of ['verified', 'verify-invalid']) {
    await camera.follow(verification);
    await camera.heading(m.verify.title);
    if (outcome === 'verified') await camera.take('verify-email');
    await page.getByRole('button', { name: m.verify.submit }).click();
    await camera.heading(outcome === 'verified' ? m.verify.doneTitle : m.app.linkInvalidTitle);
    await camera.take(outcome);
  }
  await page.reload();
  await camera.heading(m.app.linkMissingTitle);
  await camera.take('link-forgotten');

  await page.goto(`${url}/forgot-password`);
  await fill('email', sign.email);
  await camera.take('forgot-password');
  await camera.submit();
  await camera.heading(m.password.askedTitle);
  await camera.take('forgot-password-asked');
  const link = passwordLink(await gateway.mail.wait(sign.email, look.mail.password));
  await camera.follow(link);
  await fill('newPassword', 'short');
  await camera.submit();
  await page.getByRole('alert').waitFor();
  await camera.take('reset-password');
  await fill('newPassword', NEW_PASSWORD);
  await camera.submit();
  await camera.heading(m.password.resetTitle);
  await camera.take('password-reset');
  await camera.follow(link);
  await fill('newPassword', NEW_PASSWORD);
  await camera.submit();
  await camera.heading(m.app.linkInvalidTitle);
  await camera.take('reset-password-invalid');
}

/** What the links of an Owner open for somebody else. */
export async function beingAsked(stage: Stage, look: Look): Promise<void> {
  const { gateway, url } = stage;
  const { m } = look;
  const cast = new Cast('Northwind Traders with a Rather Long Name', { mfaEnforced: true });
  const olga = cast.add('Olga Owner', 'OWNER', { mfa: true });
  const ulf = cast.add('Ulf User', 'ANALYST');
  const dora = cast.add('Dora Declines', 'ANALYST');
  const nina = somebody('Nina New');
  await gateway.import(cast.rows);
  // The Owner's side is looked at elsewhere.
  const owner = (await stage.visitor()).page;
  await logIn(owner, url, olga);
  for (const person of [ulf, dora]) {
    await owner.getByRole('button', { name: `Actions for ${person.name}` }).click();
    await owner.getByRole('menuitem', { name: 'Reset MFA…' }).click();
    await owner.getByRole('dialog').getByRole('button', { name: 'Reset', exact: true }).click();
    await owner.getByRole('dialog').waitFor({ state: 'detached' });
  }
  await owner.getByRole('button', { name: 'Invite…' }).click();
  await owner.getByRole('dialog').getByLabel('E-mail').fill(nina.email);
  await owner.getByRole('dialog').getByRole('button', { name: 'Invite', exact: true }).click();
  await owner.getByRole('dialog').waitFor({ state: 'detached' });

  const { page } = await stage.visitor(look.options);
  const camera = new Camera(page, look);
  const link = resetLink(await gateway.mail.wait(ulf.email, 'MFA reset request'));
  await camera.follow(link);
  await page.getByRole('button', { name: m.accept.accept, exact: true }).waitFor();
  await camera.take('accept');
  await camera.submit();
  await camera.heading(m.accept.acceptedTitle);
  await camera.take('accepted');
  await page.reload();
  await camera.heading(m.accept.missingTitle);
  await camera.take('accept-link-forgotten');
  await camera.follow(link);
  await camera.heading(m.accept.invalidTitle);
  await camera.take('accept-invalid');
  await camera.follow(resetLink(await gateway.mail.wait(dora.email, 'MFA reset request')));
  await page.getByRole('button', { name: m.accept.decline }).click();
  await camera.heading(m.accept.declinedTitle);
  await camera.take('declined');

  const invitation = invitationLink(await gateway.mail.wait(nina.email, 'You are invited'));
  await camera.follow(invitation);
  await page.locator('input[name=name]').waitFor();
  await camera.take('invitation');
  await page.locator('input[name=name]').fill(nina.name);
  await page.locator('input[name=password]').fill(PASSWORD);
  await camera.submit();
  await camera.heading(m.invitation.acceptedTitle(cast.accountName));
  await camera.take('invitation-accepted');
  await camera.follow(invitation);
  await camera.heading(m.invitation.usedTitle);
  await camera.take('invitation-used');
}
