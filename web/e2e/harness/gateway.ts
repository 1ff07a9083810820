// The real gateway with its embedded mongod, a real SMTP server and a clock that tests move.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { MailServer } from './mail';

const ROOT = resolve(fileURLToPath(new URL('../../..', import.meta.url)));
const BINARY = process.env['E2E_GATEWAY'] ?? join(ROOT, 'target', 'debug', 'latchkey');
const START_WITHIN = 180_000;

export type Row = Record<string, unknown>;

export class Gateway {
  private output = '';
  private imports = 0;

  private constructor(
    readonly url: string,
    readonly mail: MailServer,
    private readonly folder: string,
    private readonly child: ChildProcess,
    private readonly environment: NodeJS.ProcessEnv,
  ) {
    const keep = (chunk: Buffer) => {
      this.output += chunk.toString();
    };
    child.stdout?.on('data', keep);
    child.stderr?.on('data', keep);
  }

  static async start(settings: Record<string, string> = {}): Promise<Gateway> {
    if (!existsSync(BINARY)) throw new Error(`${BINARY} is missing; run cargo build, or set E2E_GATEWAY`);
    const folder = await mkdtemp(join(tmpdir(), 'latchkey-e2e-'));
    const port = await freePort();
    const mail = await MailServer.start();
    const url = `http://127.0.0.1:${port}`;
    await writeFile(join(folder, 'clock'), '+0s');
    const environment = {
      ...environmentOfOthers(),
      LATCHKEY_LISTEN: `127.0.0.1:${port}`,
      LATCHKEY_PUBLIC_URL: url,
      LATCHKEY_SMTP_URL: mail.url,
      LATCHKEY_WEB_DIR: join(ROOT, 'web', 'dist'),
      LATCHKEY_TEST_CLOCK_FILE: join(folder, 'clock'),
      // One Owner asks for the resets of a whole suite.
      LATCHKEY_RESET_BURST: '1000',
      ...settings,
    };
    const child = spawn(BINARY, ['dev', '--data', join(folder, 'data'), '--empty'], {
      cwd: ROOT,
      env: environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const gateway = new Gateway(url, mail, folder, child, environment);
    await gateway.ready();
    return gateway;
  }

  private async ready(): Promise<void> {
    const until = Date.now() + START_WITHIN;
    while (!this.output.includes('Latchkey is ready')) {
      if (this.child.exitCode !== null) throw new Error(`the gateway ended:\n${this.output}`);
      if (Date.now() > until) throw new Error(`the gateway does not start:\n${this.output}`);
      await sleep(100);
    }
    for (;;) {
      const answer = await fetch(`${this.url}/readyz`).catch(() => null);
      if (answer?.ok) return;
      if (Date.now() > until) throw new Error(`the gateway does not answer:\n${this.output}`);
      await sleep(100);
    }
  }

  /** Everything that the gateway has written so far. */
  log(): string {
    return this.output;
  }

  /** Moves the gateway's clock, for instance "+12h1m" from now. */
  async setClock(offset: string): Promise<void> {
    await writeFile(join(this.folder, 'clock'), offset);
    await sleep(1_500);
  }

  async import(rows: Row[]): Promise<void> {
    const mongodb = /mongodb:\/\/\S+/.exec(this.output)?.[0];
    if (!mongodb) throw new Error(`the gateway names no MongoDB:\n${this.output}`);
    const file = join(this.folder, `rows-${(this.imports += 1)}.jsonl`);
    await writeFile(file, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
    await promisify(execFile)(BINARY, ['import', file], {
      cwd: ROOT,
      env: {
        ...this.environment,
        LATCHKEY_MONGODB_URI: mongodb,
        LATCHKEY_KEYS_FILE: join(this.folder, 'data', 'keys.toml'),
      },
    });
  }

  async stop(): Promise<void> {
    if (this.child.exitCode === null) {
      const ended = new Promise((done) => this.child.once('exit', done));
      this.child.kill('SIGINT');
      await ended;
    }
    await this.mail.stop();
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** The gateway is configured by the test alone, but for where mongod is. */
function environmentOfOthers(): NodeJS.ProcessEnv {
  const kept = ['LATCHKEY_MONGOD', 'LATCHKEY_TOOLS_DIR'];
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.startsWith('LATCHKEY_') || kept.includes(name)),
  );
}

export function freePort(): Promise<number> {
  return new Promise((done, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => (address && typeof address === 'object' ? done(address.port) : reject(new Error('no port'))));
    });
  });
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((done) => setTimeout(done, milliseconds));
}
