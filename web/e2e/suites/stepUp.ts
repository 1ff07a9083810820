// What must not be done from a session that was left open asks for a fresh proof, and then goes on by itself.
import { describe, it } from 'node:test';
import { Cast, PASSWORD } from '../harness/people';
import type { OnStage } from '../harness/stage';
import { choose, logIn, row } from '../harness/steps';

const TEN_MINUTES = 10 * 60_000;
const GERMAN = { locale: 'de-DE' };

export function stepUp(onStage: OnStage): void {
  describe('a session older than five minutes', () => {
    it('asks for a code before a reset, which then goes out, and can be cancelled by Escape alone', async () => {
      const { gateway, url } = onStage();
      const cast = new Cast('Step Up Ltd');
      const olga = cast.add('Olga Owner', 'OWNER');
      const ulf = cast.add('Ulf User', 'ANALYST');
      await gateway.import(cast.rows);
      const { page } = await onStage().visitor();
      await logIn(page, url, olga);
      await gateway.setClock('+10m');
      try {
        const later = () => Date.now() + TEN_MINUTES;
        await choose(page, ulf, 'Reset MFA…');
        const reset = page.getByRole('dialog', { name: 'Reset MFA of Ulf User?' });
        await reset.getByRole('button', { name: 'Reset', exact: true }).click();
        const proof = page.getByRole('dialog', { name: 'Confirm that it is you' });
        await proof.getByLabel('Code or backup code').press('Escape');
        await proof.waitFor({ state: 'detached' });
        await reset.getByText('Confirm that it is you, and try again.').waitFor();

        await reset.getByRole('button', { name: 'Reset', exact: true }).click();
        await proof.getByLabel('Code or backup code').fill('000000');
        await proof.getByRole('button', { name: 'Confirm' }).click();
        await proof.getByText('This code is wrong.').waitFor();
        await proof.getByLabel('Code or backup code').fill(await olga.app!.code(later));
        await proof.getByRole('button', { name: 'Confirm' }).click();
        await reset.waitFor({ state: 'detached' });
        await row(page, ulf).getByText('Reset requested').waitFor();
        await gateway.mail.wait(ulf.email, 'MFA reset request');
      } finally {
        await gateway.setClock('+0s');
      }
    });

    it('asks whoever has no MFA for the password, in German as well', async () => {
      const { gateway, url } = onStage();
      const cast = new Cast('Password Step Ltd');
      const olga = cast.add('Olga Owner', 'OWNER', { mfa: false });
      await gateway.import(cast.rows);
      const { page } = await onStage().visitor(GERMAN);
      await page.goto(`${url}/login`);
      await page.getByLabel('E-Mail').fill(olga.email);
      await page.getByLabel('Passwort', { exact: true }).fill(PASSWORD);
      await page.getByRole('button', { name: 'Anmelden' }).click();
      await page.getByRole('button', { name: 'Abmelden' }).waitFor();
      await gateway.setClock('+10m');
      try {
        await page.getByRole('link', { name: 'MFA-Richtlinie' }).click();
        await page.getByRole('button', { name: 'Speichern' }).click();
        const proof = page.getByRole('dialog', { name: 'Bestätigen Sie, dass Sie es sind' });
        await proof.getByLabel('Passwort', { exact: true }).fill(PASSWORD);
        await proof.getByRole('button', { name: 'Bestätigen' }).click();
        await page.getByText('Die MFA-Richtlinie ist gespeichert.').waitFor();
      } finally {
        await gateway.setClock('+0s');
      }
    });
  });
}
