// The people of a test: an account with an Owner and members, imported as any other data.
import { randomBytes } from 'node:crypto';
import type { Row } from './gateway';
import { Authenticator } from './totp';

export const PASSWORD = 'lantern-orbit-seven-moss';
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

export interface Person {
  name: string;
  email: string;
  app: Authenticator | null;
  backupCodes: string[];
}

export class Cast {
  readonly rows: Row[] = [];
  private readonly key = randomBytes(4).toString('hex');

  constructor(
    readonly accountName: string,
    options: { mfaEnforced?: boolean } = {},
  ) {
    this.rows.push({ kind: 'account', key: this.key, name: accountName, mfaEnforced: options.mfaEnforced ?? false });
  }

  add(name: string, role: string, options: { mfa?: boolean } = {}): Person {
    const email = `${name.toLowerCase().replaceAll(/[^a-z]+/g, '.')}.${this.key}@example.com`;
    const secret = options.mfa === false ? null : newSecret();
    const backupCodes = secret ? [newBackupCode()] : [];
    this.rows.push({
      kind: 'user',
      email,
      name,
      password: PASSWORD,
      ...(secret && { totpSecret: secret, backupCodes }),
    });
    this.rows.push({ kind: 'accountUser', account: this.key, email, role });
    return { name, email, app: secret ? new Authenticator(secret) : null, backupCodes };
  }

  /** Many people, cheaply: they share one prepared hash and nobody of them logs in. */
  addCrowd(count: number, passwordHash: string): void {
    for (let n = 0; n < count; n += 1) {
      const email = `crowd.${n}.${this.key}@example.com`;
      this.rows.push({ kind: 'user', email, name: `Crowd ${String(n).padStart(5, '0')}`, passwordHash });
      this.rows.push({ kind: 'accountUser', account: this.key, email, role: 'ANALYST' });
    }
  }
}

function newSecret(): string {
  return [...randomBytes(32)].map((byte) => ALPHABET[byte % 32]).join('');
}

function newBackupCode(): string {
  const crockford = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
  const letters = [...randomBytes(16)].map((byte) => crockford[byte % 32]).join('');
  return letters.replaceAll(/(.{4})(?=.)/g, '$1-');
}
