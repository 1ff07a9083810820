// The pages behind the links of mails about an address or a password. Opening one changes nothing; only a click does.
import { at, end, show, token } from '/form.js';

const PAGES = {
  '/verify-email': {
    field: 'verifyEmail',
    done: 'EmailVerified',
    query: `mutation VerifyEmail($input: VerifyEmailInput!) {
      verifyEmail(input: $input) {
        __typename
        ... on EmailVerified { maskedEmail }
        ... on VerifyEmailRejected { reason message retryAt }
      }
    }`,
    input: () => ({ token }),
    doneTitle: 'The address is verified',
    doneText: (result) => `You can log in with ${result.maskedEmail} now.`,
  },
  '/reset-password': {
    field: 'resetPassword',
    done: 'PasswordReset',
    query: `mutation ResetPassword($input: ResetPasswordInput!) {
      resetPassword(input: $input) {
        __typename
        ... on PasswordReset { maskedEmail }
        ... on ResetPasswordRejected { reason message retryAt }
      }
    }`,
    input: () => ({ token, newPassword: at('password').value }),
    doneTitle: 'The new password counts',
    doneText: (result) => `Log in as ${result.maskedEmail} with the new password. Every earlier session has ended.`,
  },
};

if (token) {
  show({ ...PAGES[location.pathname], over: ['EXPIRED', 'INVALID', 'EMAIL_TAKEN'] });
} else {
  end('Open the link in your e-mail', 'This page works only when it is opened from the e-mail. If you have reloaded it, open the link in the e-mail again.');
}
