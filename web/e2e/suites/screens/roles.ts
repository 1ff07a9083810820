// The screens of an account's own roles, its security contact and its webhooks, and the Users tab of somebody with such a role.
import { Cast, somebody } from '../../harness/people';
import type { Stage } from '../../harness/stage';
import { Camera, type Look } from './camera';
import { enter } from './enter';

export async function roles(stage: Stage, look: Look): Promise<void> {
  const { gateway, url } = stage;
  const { m } = look;
  const cast = new Cast('Northwind Traders with a Rather Long Name');
  const olga = cast.add('Olga Owner', 'OWNER');
  const adam = cast.add('Adam Admin-With-A-Very-Long-Double-Barrelled-Name', 'ADMIN');
  const hanna = cast.add('Hanna Help', 'ANALYST', { mfa: false });
  await gateway.import(cast.rows);
  const { page } = await stage.visitor(look.options);
  const camera = new Camera(page, look);
  const dialog = camera.dialog();
  await enter(page, url, m, olga);
  await page.getByText(adam.email).waitFor();
  const base = /\/accounts\/[^/]+/.exec(page.url())?.[0] ?? '';
  const open = async (button: string) => {
    await page.getByRole('button', { name: button, exact: true }).click();
    await dialog.locator('button[type=submit]').waitFor();
  };
  const submitted = async () => {
    await camera.submit();
    await dialog.waitFor({ state: 'detached' });
  };
  const box = (words: string | undefined) => dialog.getByRole('checkbox', { name: words ?? '' });

  await page.goto(`${url}${base}/roles`);
  await page.getByText(m.customRoles.none).waitFor();
  await camera.take('roles-none');
  await open(m.customRoles.create);
  await page.locator('input[name=name]').fill('Admin');
  await page.locator('select[name=base]').selectOption('SUPPORT');
  await camera.submit();
  await dialog.getByRole('alert').waitFor();
  await camera.take('role-dialog-refused');
  await camera.closeDialog();
  const name = 'Helpdesk-in-the-evening-and-at-weekends, second line';
  await open(m.customRoles.create);
  await page.locator('input[name=name]').fill(name);
  await box(m.customRoles.permissions.MFA_RESET).check();
  await box(m.customRoles.permissions.USERS_MANAGE).check();
  await box(m.customRoles.permissions.ROLES_MANAGE).check();
  await camera.take('define-role-dialog');
  await submitted();
  await page.getByText(name, { exact: true }).waitFor();
  await camera.take('roles');
  await open(m.customRoles.changeOf(name));
  await camera.take('change-role-dialog');
  await camera.closeDialog();

  await page.goto(`${url}${base}/users`);
  await page.getByRole('button', { name: m.users.actionsFor(hanna.name) }).click();
  await page.getByRole('menuitem', { name: m.members.changeRole }).click();
  await dialog.locator('select[name=role]').selectOption({ label: name });
  await camera.take('give-role-dialog');
  await submitted();
  await page.getByText(name, { exact: true }).waitFor();
  await page.getByRole('button', { name: m.members.invite }).click();
  await page.locator('input[name=email]').fill(somebody('Nina New').email);
  await dialog.locator('select[name=role]').selectOption({ label: name });
  await submitted();
  await page.getByRole('region', { name: m.members.waiting }).getByText(name).waitFor();
  await camera.take('users-with-roles');

  await page.goto(`${url}${base}/roles`);
  await open(m.customRoles.deleteOf(name));
  await camera.submit();
  await dialog.getByRole('alert').waitFor();
  await camera.take('delete-role-dialog');
  await camera.closeDialog();

  await page.goto(`${url}${base}/settings`);
  await page.getByRole('region', { name: m.contact.title }).waitFor();
  await open(m.contact.choose);
  await dialog.locator('select[name=contact]').selectOption({ label: `${adam.name} (Admin, ${adam.email})` });
  await camera.take('contact-dialog');
  await submitted();
  await page.getByRole('region', { name: m.contact.title }).getByText(adam.email).waitFor();
  await camera.take('account-settings-contact');

  await page.goto(`${url}${base}/webhooks`);
  await page.getByText(m.webhooks.none).waitFor();
  await camera.take('webhooks-none');
  await open(m.webhooks.add);
  await page.locator('input[name=url]').fill('http://hooks.example.com/');
  await dialog.locator('select[name=events]').selectOption('some');
  await dialog.getByRole('checkbox', { name: m.audit.actions.LOGGED_IN ?? '', exact: true }).check();
  await camera.submit();
  await dialog.getByRole('alert').waitFor();
  await camera.take('add-webhook-dialog-refused');
  await page.locator('input[name=url]').fill(`https://hooks.example.com/${'a-long-path/'.repeat(12)}`);
  await camera.submit();
  await dialog.getByText('whsec_').waitFor();
  await camera.take('webhook-secret-dialog');
  await camera.closeDialog();
  await page.getByRole('button', { name: m.webhooks.deliveries }).click();
  await page.getByRole('button', { name: m.webhooks.test }).click();
  await page.getByText('webhook.TEST').waitFor();
  await camera.take('webhooks');

  const helpdesk = await stage.visitor(look.options);
  const second = new Camera(helpdesk.page, look);
  await enter(helpdesk.page, url, m, hanna);
  await helpdesk.page.getByText(adam.email).waitFor();
  await second.take('users-of-a-helpdesk');
  await helpdesk.page.goto(`${url}${base}/roles`);
  await helpdesk.page.getByRole('button', { name: m.customRoles.create }).click();
  await second.dialog().getByText(m.customRoles.notHeld).first().waitFor();
  await second.take('define-role-dialog-of-a-helpdesk');
}
