// A real SMTP server on loopback that keeps what it is given.
import PostalMime, { type Email } from 'postal-mime';
import { SMTPServer } from 'smtp-server';

export class MailServer {
  private constructor(
    private readonly server: SMTPServer,
    private readonly mails: Email[],
    readonly url: string,
  ) {}

  static async start(): Promise<MailServer> {
    const received: Email[] = [];
    const server = new SMTPServer({
      authOptional: true,
      disabledCommands: ['AUTH', 'STARTTLS'],
      onData(stream, _session, done) {
        const chunks: Buffer[] = [];
        stream.on('data', (chunk: Buffer) => chunks.push(chunk));
        stream.on('end', () => {
          PostalMime.parse(Buffer.concat(chunks)).then((mail) => {
            received.push(mail);
            done();
          }, done);
        });
      },
    });
    await new Promise<void>((resolve, reject) => {
      server.on('error', reject);
      server.listen(0, '127.0.0.1', resolve);
    });
    const address = server.server.address();
    if (!address || typeof address === 'string') throw new Error('the SMTP server has no port');
    return new MailServer(server, received, `smtp://127.0.0.1:${address.port}`);
  }

  /** The nth mail to this address with this subject, once it has come. */
  async wait(to: string, subject: string, nth = 1): Promise<Email> {
    const until = Date.now() + 20_000;
    for (;;) {
      const found = this.mails.filter(
        (mail) => mail.subject === subject && (mail.to ?? []).some((one) => one.address === to),
      );
      const mail = found[nth - 1];
      if (mail) return mail;
      if (Date.now() > until) throw new Error(`no mail “${subject}” (${nth}) to ${to}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  stop(): Promise<void> {
    return new Promise((resolve) => this.server.close(() => resolve()));
  }
}

/** The link of an "MFA reset request" that the Accept button of the mail opens. */
export const resetLink = (mail: Email) => linkTo('mfa-reset', mail);

/** The link of "You are asked to vouch for somebody" and of "Your recovery contacts are asked". */
export const recoveryLink = (mail: Email) => linkTo('recovery', mail);

/** The link of "You are invited". */
export const invitationLink = (mail: Email) => linkTo('invitation', mail);

/** The link of "Verify your e-mail address" and of "Verify your new e-mail address". */
export const verificationLink = (mail: Email) => linkTo('verify-email', mail);

/** The link of "Set a new password". */
export const passwordLink = (mail: Email) => linkTo('reset-password', mail);

function linkTo(page: string, mail: Email): string {
  const link = new RegExp(`https?://\\S+/${page}#token=[\\w-]+`).exec(mail.text ?? '');
  if (!link) throw new Error(`no link to ${page} in: ${mail.text}`);
  return link[0];
}
