// Webhooks in the browser: added with the secret shown once, a test that arrives, sent again, switched off and deleted.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'node:test';
import { Cast } from '../harness/people';
import type { OnStage } from '../harness/stage';
import { logIn } from '../harness/steps';

interface Taken {
  headers: IncomingHttpHeaders;
  body: string;
}

async function receiver() {
  const taken: Taken[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (part: Buffer) => (body += part.toString()));
    request.on('end', () => {
      taken.push({ headers: request.headers, body });
      response.end();
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { taken, server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/in` };
}

function signature(secret: string, { headers, body }: Taken): string {
  const key = Buffer.from(secret.replace('whsec_', ''), 'base64');
  const signed = `${String(headers['webhook-id'])}.${String(headers['webhook-timestamp'])}.${body}`;
  return `v1,${createHmac('sha256', key).update(signed).digest('base64')}`;
}

export function webhooks(onStage: OnStage): void {
  describe('webhooks', () => {
    it('are added, tested, sent to again, switched off and deleted', async () => {
      const { gateway, url } = onStage();
      const { taken, server, url: address } = await receiver();
      try {
        const cast = new Cast('Hooks Ltd');
        const olga = cast.add('Olga Owner', 'OWNER');
        await gateway.import(cast.rows);
        const { page } = await onStage().visitor();
        await logIn(page, url, olga);
        await page.getByRole('link', { name: 'Webhooks', exact: true }).click();
        await page.getByText('This account has no webhooks yet.').waitFor();

        await page.getByRole('button', { name: 'Add a webhook…' }).click();
        const dialog = page.getByRole('dialog');
        await dialog.getByLabel('Address').fill('http://hooks.example.com/');
        await dialog.getByRole('button', { name: 'Add', exact: true }).click();
        await dialog.getByText('Webhooks go to https addresses').waitFor();
        await dialog.getByLabel('Address').fill(address);
        await dialog.getByLabel('Events').selectOption({ label: 'Only these events' });
        await dialog.getByRole('checkbox', { name: 'Custom role defined' }).check();
        await dialog.getByRole('button', { name: 'Add', exact: true }).click();
        const shown = page.getByRole('dialog', { name: 'The secret of this webhook' });
        const secret = await shown.getByText(/^whsec_/).innerText();
        await shown.getByRole('button', { name: 'Close', exact: true }).last().click();
        await shown.waitFor({ state: 'detached' });

        const card = page.getByRole('list', { name: 'Webhooks' }).getByRole('listitem');
        await card.getByText(address).waitFor();
        assert.equal(await page.getByText(secret).count(), 0, 'the secret is shown once');
        await card.getByRole('button', { name: 'Deliveries' }).click();
        await card.getByText('Nothing has been sent yet.').waitFor();
        await card.getByRole('button', { name: 'Send a test' }).click();
        const rows = card.getByRole('table', { name: 'Deliveries' }).getByRole('row');
        await rows.filter({ hasText: 'webhook.TEST' }).waitFor();
        const arrived = async (count: number) => {
          while (taken.length < count) await page.waitForTimeout(100);
          await card.getByRole('button', { name: 'Look again' }).click();
          await rows.filter({ hasText: 'Delivered' }).waitFor();
        };
        await arrived(1);
        assert.equal(taken[0]?.headers['webhook-signature'], signature(secret, taken[0]!));
        await rows.getByRole('button', { name: 'Send again' }).click();
        await page.getByText('1 message is on its way.').waitFor();
        await arrived(2);
        assert.equal(taken[1]?.headers['webhook-id'], taken[0]?.headers['webhook-id']);

        const change = async (button: string, submit: string) => {
          await card.getByRole('button', { name: button }).click();
          await dialog.getByRole('button', { name: submit, exact: true }).click();
          await dialog.waitFor({ state: 'detached' });
        };
        await change('Switch off…', 'Switch off');
        await card.getByText('Switched off.').waitFor();
        await change('Delete…', 'Delete');
        await page.getByText('This account has no webhooks yet.').waitFor();
      } finally {
        server.close();
      }
    });
  });
}
