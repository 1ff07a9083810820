// The way back of an Owner whom nobody else can help: contacts named, a day later the phone is gone.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Page } from 'playwright-core';
import { recoveryLink, resetLink } from '../harness/mail';
import { Cast, type Person } from '../harness/people';
import type { OnStage } from '../harness/stage';
import { enterPassword, logIn } from '../harness/steps';

const ASKED = 'You are asked to vouch for somebody';
const TOLD = 'Your recovery contacts are asked';

export function recovery(onStage: OnStage): void {
  async function scene(accountName: string) {
    const { gateway, url } = onStage();
    const cast = new Cast(accountName);
    const olga = cast.add('Olga Owner', 'OWNER');
    const contacts = ['Carl Contact', 'Cora Contact', 'Cuno Contact'].map((name) =>
      cast.add(name, 'ANALYST', { mfa: false }),
    );
    await gateway.import(cast.rows);
    const owner = (await onStage().visitor()).page;
    await logIn(owner, url, olga);
    await owner.getByRole('link', { name: 'General' }).click();
    return { gateway, url, olga, contacts, owner };
  }

  async function name(owner: Page, people: Person[]) {
    const dialog = owner.getByRole('dialog');
    for (const [place, { name, email }] of people.entries()) {
      await dialog.getByLabel(`Contact ${place + 1}`).selectOption({ label: `${name} (${email})` });
    }
    await dialog.getByRole('button', { name: 'Name them' }).click();
    await dialog.waitFor({ state: 'detached' });
  }

  const part = (owner: Page) => owner.getByRole('region', { name: 'Recovery contacts' });

  describe('recovery contacts', () => {
    it('bring an Owner back: named, asked from the code step, confirmed by two', async () => {
      const { gateway, url, olga, contacts, owner } = await scene('Recovery Ltd');
      await part(owner).getByText('You have named nobody yet.').waitFor();
      await part(owner).getByRole('button', { name: 'Name contacts…' }).click();
      await name(owner, contacts);
      await part(owner).getByText('Carl Contact').waitFor();
      await gateway.mail.wait(olga.email, 'The recovery contacts of an account change');

      await gateway.setClock('+24h1m');
      try {
        const lost = (await onStage().visitor()).page;
        await enterPassword(lost, url, olga);
        await lost.getByRole('link', { name: 'Ask your recovery contacts' }).click();
        await lost.getByRole('heading', { name: 'Ask your recovery contacts' }).waitFor();
        await lost.getByLabel('E-mail').fill(olga.email);
        await lost.getByRole('button', { name: 'Ask them' }).click();
        await lost.getByRole('heading', { name: 'If you named recovery contacts, they are asked now' }).waitFor();

        const says = ['Another contact has to confirm as well.', 'Two contacts have confirmed'];
        for (const [turn, text] of says.entries()) {
          const page = (await onStage().visitor()).page;
          const link = recoveryLink(await gateway.mail.wait(contacts[turn]?.email ?? '', ASKED));
          await page.goto(link);
          await page.getByRole('heading', { name: 'Is it Olga Owner who asks?' }).waitFor();
          assert.equal(await page.evaluate(() => window.location.href), `${url}/recovery`, 'the token is nowhere');
          await page.getByRole('button', { name: /confirm$/ }).click();
          await page.getByText(text).waitFor();
          await page.goto('about:blank');
          await page.goto(link);
          await page.getByText('You have confirmed already.').waitFor();
        }
        const late = (await onStage().visitor()).page;
        await late.goto(recoveryLink(await gateway.mail.wait(contacts[2]?.email ?? '', ASKED)));
        await late.getByText('There is nothing left to confirm').waitFor();

        await lost.goto(resetLink(await gateway.mail.wait(olga.email, 'MFA reset request')));
        await lost
          .getByText('Carl Contact, Cora Contact asked to reset the MFA of your user in Recovery Ltd.')
          .waitFor();
        await lost.getByRole('button', { name: 'Accept' }).click();
        await lost.getByRole('heading', { name: 'Your MFA is reset' }).waitFor();
        await enterPassword(lost, url, olga);
        await lost.getByRole('button', { name: 'Log out' }).waitFor();
      } finally {
        await gateway.setClock('+0s');
      }
    });

    it('are stopped by the Owner, who did not ask', async () => {
      const { gateway, url, olga, contacts, owner } = await scene('Stopped Ltd');
      await part(owner).getByRole('button', { name: 'Name contacts…' }).click();
      await name(owner, contacts.slice(0, 2));
      await gateway.mail.wait(olga.email, 'The recovery contacts of an account change');
      await gateway.setClock('+24h1m');
      try {
        const stranger = (await onStage().visitor()).page;
        await stranger.goto(`${url}/recovery`);
        await stranger.getByLabel('E-mail').fill(olga.email);
        await stranger.getByRole('button', { name: 'Ask them' }).click();
        const page = (await onStage().visitor()).page;
        const link = recoveryLink(await gateway.mail.wait(olga.email, TOLD));
        await page.goto(link);
        await page.getByRole('button', { name: 'This wasn’t me' }).click();
        await page.getByRole('heading', { name: 'It is stopped' }).waitFor();
        const contact = (await onStage().visitor()).page;
        await contact.goto(recoveryLink(await gateway.mail.wait(contacts[0]?.email ?? '', ASKED)));
        await contact.getByText('There is nothing left to confirm').waitFor();
      } finally {
        await gateway.setClock('+0s');
      }
    });

    it('stay as they are when the Owner takes a change back', async () => {
      const { gateway, olga, contacts, owner } = await scene('Kept Ltd');
      await part(owner).getByRole('button', { name: 'Name contacts…' }).click();
      // One alone could never be two.
      const dialog = owner.getByRole('dialog');
      const [carl] = contacts;
      await dialog.getByLabel('Contact 1').selectOption({ label: `${carl?.name} (${carl?.email})` });
      assert.ok(await dialog.getByRole('button', { name: 'Name them' }).isDisabled());
      await name(owner, contacts.slice(0, 2));
      await part(owner).getByRole('button', { name: 'Take the change back' }).click();
      await part(owner).getByText('You have named nobody yet.').waitFor();
      await gateway.mail.wait(olga.email, 'The recovery contacts of an account stay as they are');
    });
  });
}
