// An authenticator app: RFC 6238 as the gateway expects it (SHA-1, six digits, thirty seconds).
import { createHmac } from 'node:crypto';

const STEP = 30_000;
/** Far more than a test takes from the code to the answer, in milliseconds. */
const TYPING = 10_000;
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** Each code works once, ever: the app hands out every step at most once, as far ahead as the gateway tolerates. */
export class Authenticator {
  private readonly key: Buffer;
  private lastStep = 0;

  constructor(secret: string) {
    this.key = fromBase32(secret);
  }

  static fromUri(uri: string): Authenticator {
    const secret = new URL(uri).searchParams.get('secret');
    if (!secret) throw new Error('the URI holds no secret');
    return new Authenticator(secret);
  }

  async code(now: () => number = Date.now): Promise<string> {
    for (;;) {
      const current = Math.floor(now() / STEP);
      // The step before the current one is accepted as well, but not for as long as typing takes when the current one ends.
      const oldest = Math.floor((now() + TYPING) / STEP) - 1;
      const step = Math.max(this.lastStep + 1, oldest);
      if (step <= current + 1) {
        this.lastStep = step;
        return this.at(step);
      }
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }

  private at(step: number): string {
    const counter = Buffer.alloc(8);
    counter.writeBigUInt64BE(BigInt(step));
    const digest = createHmac('sha1', this.key).update(counter).digest();
    const offset = (digest.at(-1) ?? 0) & 0x0f;
    const number = digest.readUInt32BE(offset) & 0x7fff_ffff;
    return String(number % 1_000_000).padStart(6, '0');
  }
}

function fromBase32(text: string): Buffer {
  let bits = '';
  for (const letter of text.toUpperCase().replaceAll('=', '')) {
    bits += ALPHABET.indexOf(letter).toString(2).padStart(5, '0');
  }
  return Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
}
