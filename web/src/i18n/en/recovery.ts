// English: recovery contacts, and the way back of an Owner whom nobody else can help.
import type {
  CancelRecoveryContactsChangeRejectionReason,
  ConfirmRecoveryRejectionReason,
  RequestRecoveryRejectionReason,
  SetRecoveryContactsRejectionReason,
  StopRecoveryRejectionReason,
} from '../../gql/graphql';
import type { Labels } from '../labels';
import notNow from './notNow';

const recovery = {
  contacts: {
    title: 'Recovery contacts',
    explained:
      'When you are locked out and nobody else can help, two of them confirm that it is you, and you get a mail to reset your MFA. They see and manage nothing because of that.',
    none: 'You have named nobody yet.',
    are: (people: string) => `Now: ${people}.`,
    willBe: (people: string, when: string) => `From ${when}: ${people}.`,
    willBeNone: (when: string) => `From ${when}: nobody.`,
    name: 'Name contacts…',
    change: 'Change…',
    keep: 'Take the change back',
    kept: 'Your recovery contacts stay as they are.',
    dialogTitle: (account: string) => `Recovery contacts of ${account}`,
    dialogExplained:
      'Choose two or three people of the account whom you can reach without logging in. The first ones count after 24 hours, others after 72; everybody concerned is told by e-mail.',
    pick: 'Nobody',
    place: (number: number) => `Contact ${number}`,
    submit: 'Name them',
    takeAway: 'Take them away',
    named: 'Everybody concerned was told by e-mail.',
    rejected: {
      ...notNow,
      NOT_A_MEMBER: 'One of them does not belong to the account any more.',
      ONESELF: 'You cannot be a contact of your own.',
      SUPPORT: 'Support cannot be a recovery contact.',
      NOTHING_WAITS: 'The change counts already. Name other contacts instead.',
    } as Labels<SetRecoveryContactsRejectionReason | CancelRecoveryContactsChangeRejectionReason>,
  },
  link: 'You are the Owner, and nobody can? Ask your recovery contacts',
  ask: {
    title: 'Ask your recovery contacts',
    explained:
      'If you are the Owner of an account and named recovery contacts in advance, they can confirm that it is you. Two of them have to.',
    submit: 'Ask them',
    askedTitle: 'If you named recovery contacts, they are asked now',
    asked: (email: string) =>
      `Whether anybody is asked is not told here. ${email} gets a mail about it, too. Call your contacts: they have 24 hours, and when two have confirmed, you get a mail to reset your MFA.`,
    back: 'Back to log-in',
    rejected: {
      TOO_MANY_ATTEMPTS: 'Too many attempts. Your contacts may have been asked already.',
    } as Labels<RequestRecoveryRejectionReason>,
  },
  confirm: {
    title: (owner: string) => `Is it ${owner} who asks?`,
    asked: (owner: string, account: string) =>
      `Somebody who says to be ${owner}, the Owner of ${account}, is locked out. You are one of the recovery contacts.`,
    care: 'Confirm only when you have spoken with the Owner, by telephone or in person, and not because of a mail or a message.',
    owner: 'Owner',
    account: 'Account',
    when: 'Asked at',
    until: 'Valid until',
    submit: 'I have spoken with the Owner: confirm',
    doneTitle: 'You have confirmed',
    done: 'Another contact has to confirm as well.',
    complete: 'Two contacts have confirmed: the Owner gets a mail to reset MFA.',
    already: 'You have confirmed already. There is nothing left for you to do.',
    rejected: {
      EXPIRED: 'This link has expired. The Owner has to ask again.',
      INVALID: 'There is nothing left to confirm: it was stopped, or others have confirmed.',
      ALREADY_CONFIRMED: 'You have confirmed already. There is nothing left for you to do.',
      NOT_COUNTED:
        'Your word does not count now: you are no contact any more, or your own address, password or MFA changed a short while ago.',
      MFA_NOT_ENABLED: 'The Owner has no MFA, so there is nothing to reset.',
      FROZEN: 'The Owner answered “This wasn’t me” to a reset a short while ago.',
      HELD: 'The Owner’s e-mail address or password changed a short while ago.',
      TOO_MANY_RESETS: 'Too many resets of the Owner were asked for lately.',
    } as Labels<ConfirmRecoveryRejectionReason>,
  },
  stop: {
    title: 'Your recovery contacts are asked',
    asked: (account: string) =>
      `Somebody told us that you are locked out, and the recovery contacts of ${account} are asked to confirm that it is you.`,
    explained: 'If it was not you, stop it: nothing comes of it, your MFA stays on, and your contacts are told.',
    submit: 'This wasn’t me',
    doneTitle: 'It is stopped',
    done: 'Your MFA stays on. For a while nobody can ask your contacts again.',
    rejected: {
      EXPIRED: 'This link has expired, and so has the recovery.',
      INVALID: 'It was stopped already, or the reset that came of it was answered.',
    } as Labels<StopRecoveryRejectionReason>,
  },
};

export default recovery;
