// The life of a reset, seen from the Users tab.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { WebSocketRoute } from 'playwright-core';
import { resetLink } from '../harness/mail';
import { Cast } from '../harness/people';
import type { OnStage } from '../harness/stage';
import { logIn, resetMfa, row } from '../harness/steps';

const SUBJECT = 'MFA reset request';
/** What a gateway says that is replaced by a newer one. */
const SERVICE_RESTART = 1012;
const HALF_A_DAY = 12 * 3_600_000 + 60_000;

export function resets(onStage: OnStage): void {
  async function scene(accountName: string) {
    const { gateway, url } = onStage();
    const cast = new Cast(accountName);
    const olga = cast.add('Olga Owner', 'OWNER', { mfa: false });
    const ulf = cast.add('Ulf User', 'ANALYST');
    await gateway.import(cast.rows);
    const owner = (await onStage().visitor()).page;
    const user = (await onStage().visitor()).page;
    await logIn(owner, url, olga);
    await resetMfa(owner, ulf);
    await row(owner, ulf).getByText('Reset requested, expires in 11 h 59 min').waitFor();
    return { gateway, url, olga, ulf, owner, user };
  }

  describe('a reset', () => {
    it('is declined: “this wasn’t me” changes nothing and the row says so', async () => {
      const { gateway, ulf, owner, user, url } = await scene('Decline Ltd');
      await user.goto(resetLink(await gateway.mail.wait(ulf.email, SUBJECT)));
      await user.getByRole('button', { name: 'This wasn’t me' }).click();
      await user.getByRole('heading', { name: 'Thank you for telling us' }).waitFor();
      await row(owner, ulf).getByText('Declined at').waitFor();
      await owner.getByText('Ulf User declined the MFA reset.').waitFor();
      await logIn(user, url, ulf);
    });

    it('is cancelled: the link works no more', async () => {
      const { gateway, ulf, owner, user } = await scene('Cancel Ltd');
      const link = resetLink(await gateway.mail.wait(ulf.email, SUBJECT));
      await owner.getByRole('button', { name: 'Cancel: MFA reset of Ulf User' }).click();
      await row(owner, ulf).getByText('Reset cancelled at').waitFor();
      await user.goto(link);
      await user.getByRole('heading', { name: 'This link does not work' }).waitFor();
    });

    it('is sent again: only the newest link works', async () => {
      const { gateway, ulf, owner, user } = await scene('Again Ltd');
      const first = resetLink(await gateway.mail.wait(ulf.email, SUBJECT));
      await owner.getByRole('button', { name: 'Send again: e-mail to Ulf User' }).click();
      const second = resetLink(await gateway.mail.wait(ulf.email, SUBJECT, 2));
      await user.goto(first);
      await user.getByRole('heading', { name: 'This link does not work' }).waitFor();
      // The same tab: only the fragment changes.
      await user.goto(second);
      await user.getByRole('button', { name: 'Accept' }).click();
      await user.getByRole('heading', { name: 'Your MFA is reset' }).waitFor();
      await row(owner, ulf).getByText('Reset accepted at').waitFor();
    });

    it('is seen by another tab of the Owner as it happens', async () => {
      const { gateway, ulf, owner, user } = await scene('Live Ltd');
      const second = await owner.context().newPage();
      await second.goto(owner.url());
      await row(second, ulf).getByText('Reset requested').waitFor();
      await user.goto(resetLink(await gateway.mail.wait(ulf.email, SUBJECT)));
      await user.getByRole('button', { name: 'Accept' }).click();
      await row(owner, ulf).getByText('Reset accepted at').waitFor();
      await row(second, ulf).getByText('Reset accepted at').waitFor();
    });

    it('catches up after the network was lost', async () => {
      const { gateway, ulf, owner, user } = await scene('Loss Ltd');
      await owner.context().setOffline(true);
      await user.goto(resetLink(await gateway.mail.wait(ulf.email, SUBJECT)));
      await user.getByRole('button', { name: 'Accept' }).click();
      await user.getByRole('heading', { name: 'Your MFA is reset' }).waitFor();
      await owner.context().setOffline(false);
      await owner.reload();
      await row(owner, ulf).getByText('Off', { exact: true }).waitFor();
      assert.equal(await row(owner, ulf).getByText('Reset requested').count(), 0);
    });

    it('catches up by itself after the live connection was lost, and says so meanwhile', async () => {
      const { gateway, ulf, owner, user } = await scene('Socket Ltd');
      const sockets: WebSocketRoute[] = [];
      let down = false;
      await owner.routeWebSocket(/\/graphql\/ws$/, (socket) => {
        if (down) return void socket.close({ code: SERVICE_RESTART });
        socket.connectToServer();
        sockets.push(socket);
        return undefined;
      });
      await owner.reload();
      await row(owner, ulf).getByText('Reset requested').waitFor();
      const notice = owner.getByText('Live updates are interrupted; trying to connect again.');
      while (sockets.length === 0) await owner.waitForTimeout(50);
      assert.equal(await notice.count(), 0);

      down = true;
      for (const socket of sockets) await socket.close({ code: SERVICE_RESTART });
      await notice.waitFor();
      await user.goto(resetLink(await gateway.mail.wait(ulf.email, SUBJECT)));
      await user.getByRole('button', { name: 'Accept' }).click();
      await user.getByRole('heading', { name: 'Your MFA is reset' }).waitFor();
      await row(owner, ulf).getByText('Reset requested').waitFor();
      down = false;
      await row(owner, ulf).getByText('Off', { exact: true }).waitFor();
      await notice.waitFor({ state: 'detached' });
    });

    it('expires after twelve hours, and the page says whom to ask', async () => {
      const { gateway, ulf, user } = await scene('Expiry Ltd');
      const link = resetLink(await gateway.mail.wait(ulf.email, SUBJECT));
      await gateway.setClock('+12h1m');
      try {
        await user.clock.setSystemTime(Date.now() + HALF_A_DAY);
        await user.goto(link);
        await user.getByRole('heading', { name: 'This link has expired' }).waitFor();
        await user.getByText('Ask your Owner or Admin to restart the reset.').waitFor();
      } finally {
        await gateway.setClock('+0s');
      }
    });
  });
}
