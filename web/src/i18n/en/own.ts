// English: oneself, from signing up to another password.
import type {
  ChangePasswordRejectionReason,
  RequestPasswordResetRejectionReason,
  ResetPasswordRejectionReason,
  SignUpRejectionReason,
  UpdateProfileRejectionReason,
  VerifyEmailRejectionReason,
} from '../../gql/graphql';
import type { Labels } from '../labels';

const passwordRejected = {
  PASSWORD_TOO_SHORT: 'This password is too short: take at least 12 characters.',
  PASSWORD_TOO_LONG: 'This password is too long.',
  PASSWORD_TOO_GUESSABLE: 'This password is easy to guess. Take another, such as four unrelated words.',
};

const own = {
  signUp: {
    title: 'Sign up',
    explained:
      'You get an account of your own and become its Owner. You were invited to one? Use the link in that e-mail.',
    name: 'Your name',
    email: 'E-mail',
    accountName: 'Name of the account',
    accountNameHint: 'Your company or team, as its people know it.',
    password: 'Choose a password',
    submit: 'Sign up',
    haveUser: 'You have signed up already? Log in',
    doneTitle: 'Look into your mail',
    done: (email: string) =>
      `We sent an e-mail to ${email}. Open the link in it to confirm the address; then you can log in. Nothing there after a few minutes? Look into the spam folder, then sign up again.`,
    rejected: {
      ...passwordRejected,
      SIGN_UP_CLOSED: 'Nobody can sign up here. Ask an Owner or Admin for an invitation.',
      TOO_MANY_ATTEMPTS: 'Too many attempts.',
    } as Labels<SignUpRejectionReason>,
  },
  verify: {
    title: 'Confirm your e-mail address',
    explained: 'Press the button to show that you read mail at this address. You log in with it from then on.',
    submit: 'Confirm the address',
    doneTitle: 'The address is confirmed',
    done: (email: string) => `You can log in with ${email} now.`,
    goOn: 'Continue',
    rejected: {
      EXPIRED: 'The link is too old. Sign up again, or ask for the other address again, and use the newest e-mail.',
      INVALID: 'The link was used already, or a newer e-mail took its place. Use the link in the newest e-mail.',
      EMAIL_TAKEN: 'Somebody else has this address by now. Take another one.',
    } as Labels<VerifyEmailRejectionReason>,
  },
  password: {
    hint: 'At least 12 characters that nobody can guess.',
    new: 'New password',
    forgotTitle: 'Forgot your password?',
    forgotExplained: 'Enter your e-mail address. We send you a link to set a new password; it works for an hour.',
    forgotSubmit: 'Send the link',
    notTheFactor: 'You lost your phone instead? Ask an Owner or Admin of your account to reset your MFA.',
    backToLogIn: 'Back to log-in',
    askedTitle: 'Look into your mail',
    asked: (email: string) =>
      `If somebody has a user with ${email}, an e-mail with a link is on its way. Nothing there after a few minutes? Check the address and look into the spam folder.`,
    chooseTitle: 'Set a new password',
    chooseExplained: 'All your sessions end. Multi-factor authentication (MFA) stays as it is.',
    chooseSubmit: 'Set the password',
    resetTitle: 'The new password counts',
    reset: (email: string) => `Log in as ${email} with the new password. Every earlier session has ended.`,
    linkExpired: 'The link worked for an hour. Ask for another one.',
    linkInvalid: 'The link was used already, or a newer e-mail took its place. Use the newest one, or ask again.',
    askAgain: 'Ask for another link',
    rejected: {
      ...passwordRejected,
      WRONG_PASSWORD: 'The current password is wrong.',
      HELD: 'A reset of your MFA was asked for lately. For your safety, the password cannot be reset by e-mail until then.',
      TOO_MANY_ATTEMPTS: 'Too many attempts.',
    } as Labels<ChangePasswordRejectionReason | RequestPasswordResetRejectionReason | ResetPasswordRejectionReason>,
  },
  profile: {
    title: 'Profile',
    about: 'About you',
    name: 'Name',
    mailLanguage: 'Language of e-mails',
    defaultLanguage: 'English (nothing chosen)',
    timeZone: 'Time zone of e-mails',
    timeZoneHint: 'Times in e-mails are given in it.',
    defaultTimeZone: 'UTC (nothing chosen)',
    save: 'Save',
    saved: 'Your profile is saved.',
    email: 'E-mail address',
    emailNow: (email: string) => `You log in with ${email}.`,
    emailPending: (email: string) =>
      `${email} waits to be confirmed: open the link in the e-mail that we sent there. Until then the old address counts.`,
    newEmail: 'New e-mail address',
    passwordForEmail: 'Your password, as proof',
    changeEmail: 'Change the address',
    emailAsked: (email: string) => `We sent an e-mail to ${email}. The address counts once its link is used.`,
    password: 'Password',
    passwordExplained: 'Every other session of yours ends when you change it.',
    currentPassword: 'Current password',
    changePassword: 'Change the password',
    passwordChanged: (sessions: number) =>
      sessions === 0
        ? 'Your password is changed.'
        : sessions === 1
          ? 'Your password is changed; one other session has ended.'
          : `Your password is changed; ${sessions} other sessions have ended.`,
    rejected: {
      PASSWORD_REQUIRED: 'Enter your password.',
      WRONG_PASSWORD: 'This password is wrong.',
      TOO_MANY_ATTEMPTS: 'Too many attempts.',
    } as Labels<UpdateProfileRejectionReason>,
  },
};

export default own;
