// The main job: an Owner resets a person's MFA; the person accepts, logs in and sets MFA up again.
import { Gateway } from './gateway.js';
import {
  AcceptMfaResetDocument,
  AnswerMfaChallengeDocument,
  BeginTotpEnrollmentDocument,
  ConfirmTotpEnrollmentDocument,
  LogInDocument,
  MfaResetByTokenDocument,
  PeopleDocument,
  ResetUserMfaDocument,
} from './gql/graphql.js';
import { totp } from './totp.js';

const OWNER = 'olivia@harbor.example';
/** A demo code, good for one run. */
const BACKUP_CODE = process.env['LATCHKEY_BACKUP_CODE'] ?? 'HRTJ-52R2-D2R6-RKNT';
const PERSON = 'mina@harbor.example';
const PASSWORD = 'lantern-orbit-seven-moss';

const gateway = new Gateway(process.env['LATCHKEY_URL'] ?? 'http://127.0.0.1:4000');

interface Mail {
  number: number;
  recipient: string;
  subject: string;
  text: string;
}

async function mailbox(): Promise<Mail[]> {
  const response = await fetch(`${gateway.url}/dev/mailbox.json`);
  return (await response.json()) as Mail[];
}

/** The token of the newest mail since `after`: it stands in the link's fragment, which no server ever sees. */
async function resetToken(after: number): Promise<string> {
  for (let tries = 0; tries < 100; tries += 1) {
    const mail = (await mailbox()).find(
      ({ number, recipient, subject }) =>
        number > after && recipient.includes(PERSON) && subject === 'MFA reset request',
    );
    const token = mail && /#token=([\w-]+)/.exec(mail.text)?.[1];
    if (token) return token;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('the mail does not come');
}

/** Narrows a result to the type that is hoped for; anything else is said and ends the program. */
function expect<Result extends { __typename?: string }, Name extends NonNullable<Result['__typename']>>(
  result: Result,
  name: Name,
): Extract<Result, { __typename?: Name }> {
  if (result.__typename !== name) throw new Error(`expected ${name}, got ${JSON.stringify(result)}`);
  return result as Extract<Result, { __typename?: Name }>;
}

const { logIn } = await gateway.run(LogInDocument, { input: { email: OWNER, password: PASSWORD } });
const { challengeToken } = expect(logIn, 'MfaChallenge');
const { answerMfaChallenge } = await gateway.run(AnswerMfaChallengeDocument, {
  input: { challengeToken, code: BACKUP_CODE },
});
const { sessionToken } = expect(answerMfaChallenge, 'LoggedIn');
const owner = gateway.as(sessionToken ?? '');

const { viewer } = await owner.run(PeopleDocument, { search: PERSON });
console.log(`logged in as ${viewer?.user.name}`);
const people = viewer?.accounts.edges.flatMap(({ node }) => node.users?.edges ?? []).map(({ node }) => node) ?? [];
const person = people.find(({ email }) => email === PERSON);
if (!person?.mfaResetEligibility.allowed) throw new Error(`not now: ${person?.mfaResetEligibility.reason}`);

const seen = Math.max(0, ...(await mailbox()).map(({ number }) => number));
const { resetUserMfa } = await owner.run(ResetUserMfaDocument, {
  input: { userId: person.id, reason: 'Lost the phone' },
});
console.log(`reset requested until ${expect(resetUserMfa, 'MfaResetRequested').mfaReset.expiresAt}`);

const token = await resetToken(seen);
const { mfaResetByToken } = await gateway.run(MfaResetByTokenDocument, { token });
console.log(`${mfaResetByToken?.requestedByName} asked, for ${mfaResetByToken?.scopeName}`);
const { acceptMfaReset } = await gateway.run(AcceptMfaResetDocument, { input: { token } });
expect(acceptMfaReset, 'MfaResetAccepted');

const again = await gateway.run(LogInDocument, { input: { email: PERSON, password: PASSWORD } });
const { enrollmentToken } = expect(again.logIn, 'MfaEnrollmentRequired');
const begun = await gateway.run(BeginTotpEnrollmentDocument, { input: { enrollmentToken } });
const { secret } = expect(begun.beginTotpEnrollment, 'TotpEnrollmentStarted');
const { confirmTotpEnrollment } = await gateway.run(ConfirmTotpEnrollmentDocument, {
  input: { enrollmentToken, code: totp(secret) },
});
const enrolled = expect(confirmTotpEnrollment, 'TotpEnrolled');
console.log(`back in, with ${enrolled.backupCodes.length} backup codes`);
