// The screens of a portfolio, dialogs included.
import { PortfolioCast, somebody } from '../../harness/people';
import type { Stage } from '../../harness/stage';
import { Camera, type Look } from './camera';
import { enter } from './enter';

export async function portfolio(stage: Stage, look: Look): Promise<void> {
  const { gateway, url } = stage;
  const { m } = look;
  const cast = new PortfolioCast('Northern Lights Holding with a Rather Long Name');
  const north = cast.account('North Ltd');
  const south = cast.account('South and Some More Words Ltd');
  const free = cast.account('Free Ltd', { linked: false });
  const pia = cast.add('Pia Portfolio', { team: 'OWNER', accounts: { [free]: 'OWNER' } });
  const adam = cast.add('Adam Admin', { team: 'ADMIN' });
  const otto = cast.add('Otto Owner', { accounts: { [north]: 'OWNER', [south]: 'ANALYST' } });
  const bea = cast.add('Bea Both-With-A-Double-Barrelled-Name', {
    accounts: { [north]: 'ANALYST', [south]: 'SUPPORT' },
  });
  await gateway.import(cast.rows);
  const { page } = await stage.visitor(look.options);
  const camera = new Camera(page, look);
  await enter(page, url, m, pia);
  await page.getByLabel(m.app.chooseScope).selectOption({ label: cast.name }, { force: true });
  await camera.heading(m.users.portfolioTitle(cast.name));
  await page.getByText(bea.email).waitFor();
  const base = /\/portfolios\/[^/]+/.exec(page.url())?.[0] ?? '';
  await camera.take('portfolio-users');

  await page.getByLabel(m.bulk.select(otto.name)).check();
  await page.getByLabel(m.bulk.select(bea.name)).check();
  await camera.take('portfolio-users-chosen');
  await page.getByRole('button', { name: m.bulk.edit }).click();
  await camera
    .dialog()
    .getByRole('button', { name: m.bulk.allAccounts(2) })
    .waitFor();
  await camera.take('bulk-add');
  await camera.dialog().getByLabel(m.bulk.kinds.CHANGE_ROLE).check();
  await camera
    .dialog()
    .getByRole('button', { name: m.bulk.allAccounts(2) })
    .click();
  await camera.dialog().getByLabel(m.users.role, { exact: true }).selectOption('MANAGER');
  await camera.take('bulk-role');
  await camera.submit();
  await camera.dialog().getByRole('region', { name: m.bulk.results }).waitFor();
  await camera.take('bulk-results');
  await camera.closeDialog();

  await page.goto(`${url}${base}/team`);
  await page.getByText(adam.email).waitFor();
  const invited = somebody('Nina New').email;
  await page.getByRole('button', { name: m.members.invite }).click();
  await page.locator('input[name=email]').fill(invited);
  await camera.take('team-invite-dialog');
  await camera.submit();
  await page.getByRole('region', { name: m.members.waiting }).getByText(invited).waitFor();
  await camera.take('team');
  await page.getByRole('button', { name: m.users.actionsFor(adam.name) }).click();
  await page.getByRole('menuitem', { name: m.members.remove }).waitFor();
  await camera.take('team-menu');
  await page.getByRole('menuitem', { name: m.members.transfer }).click();
  await camera.dialog().locator('button[type=submit]').waitFor();
  await camera.take('team-transfer-dialog');
  await camera.closeDialog();

  await page.goto(`${url}${base}/accounts`);
  await page.getByRole('button', { name: m.settings.unlinkFor('North Ltd') }).waitFor();
  await camera.take('portfolio-accounts');
  await page.getByRole('button', { name: m.settings.link }).click();
  await camera.dialog().getByLabel(m.settings.account, { exact: true }).selectOption({ label: 'Free Ltd' });
  await camera.take('link-dialog');
  await camera.closeDialog();
  await page.getByRole('button', { name: m.settings.unlinkFor('North Ltd') }).click();
  await camera.dialog().locator('button[type=submit]').waitFor();
  await camera.take('unlink-dialog');
  await camera.closeDialog();

  for (const [path, heading] of [
    ['policy', m.policy.title(cast.name)],
    ['audit', m.audit.title(cast.name)],
    ['settings', m.settings.of(cast.name)],
  ] as const) {
    await page.goto(`${url}${base}/${path}`);
    await camera.heading(heading);
    await page.waitForLoadState('networkidle');
    await camera.take(`portfolio-${path}`);
  }
  await page.getByRole('button', { name: m.settings.closePortfolio }).click();
  await page.locator('input[name=confirmation]').waitFor();
  await camera.take('portfolio-close-dialog');
}
