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

/** Somebody with an address that no other test uses, and what the import needs to know. */
function newPerson(name: string, key: string, options: { mfa?: boolean }): [Person, Row] {
  const email = `${name.toLowerCase().replaceAll(/[^a-z]+/g, '.')}.${key}@example.com`;
  const secret = options.mfa === false ? null : newSecret();
  const backupCodes = secret ? [newBackupCode()] : [];
  const row = { kind: 'user', email, name, password: PASSWORD, ...(secret && { totpSecret: secret, backupCodes }) };
  return [{ name, email, app: secret ? new Authenticator(secret) : null, backupCodes }, row];
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
    const [person, row] = newPerson(name, this.key, options);
    this.rows.push(row, { kind: 'accountUser', account: this.key, email: person.email, role });
    return person;
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

/** A portfolio, its accounts and all their people. */
export class PortfolioCast {
  readonly rows: Row[] = [];
  private readonly key = randomBytes(4).toString('hex');
  private accounts = 0;

  constructor(readonly name: string) {
    this.rows.push({ kind: 'portfolio', key: this.key, name });
  }

  /** A linked account, or one that stands alone; its key. */
  account(name: string, options: { linked?: boolean } = {}): string {
    const key = `${this.key}-${(this.accounts += 1)}`;
    this.rows.push({ kind: 'account', key, name, ...(options.linked !== false && { portfolio: this.key }) });
    return key;
  }

  /** Somebody with a role in the portfolio's team, in accounts by their keys, or both. */
  add(
    name: string,
    roles: { team?: string; accounts?: Record<string, string> },
    options: { mfa?: boolean } = { mfa: false },
  ): Person {
    const [person, row] = newPerson(name, this.key, options);
    const { email } = person;
    this.rows.push(row);
    if (roles.team) this.rows.push({ kind: 'portfolioUser', portfolio: this.key, email, role: roles.team });
    for (const [account, role] of Object.entries(roles.accounts ?? {})) {
      this.rows.push({ kind: 'accountUser', account, email, role });
    }
    return person;
  }
}

/** An address that no other test uses, for somebody who is no user yet. */
export function somebody(name: string): Person {
  const email = `${name.toLowerCase().replaceAll(' ', '.')}.${randomBytes(4).toString('hex')}@example.com`;
  return { name, email, app: null, backupCodes: [] };
}

function newSecret(): string {
  return [...randomBytes(32)].map((byte) => ALPHABET[byte % 32]).join('');
}

function newBackupCode(): string {
  const crockford = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
  const letters = [...randomBytes(16)].map((byte) => crockford[byte % 32]).join('');
  return letters.replaceAll(/(.{4})(?=.)/g, '$1-');
}
