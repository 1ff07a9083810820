// What a newcomer finds in the editor: how to log in, who one is then, and the main job.
export const defaultQuery = `# Welcome to Latchkey.
#
# 1. Put an e-mail and a password into the variables below and run LogIn.
#    ("latchkey dev" printed demo people, their passwords and TOTP secrets where it was started.)
#    The session travels in a cookie that no script can read: there is nothing to copy.
# 2. If it answers MfaChallenge, paste challengeToken and a code into the variables and run AnswerMfaChallenge.
#    If it answers MfaEnrollmentRequired, set MFA up at /login first.
# 3. Run WhoAmI. Everything you run now, subscriptions included, runs as that person.
#
# Ctrl-Enter runs the operation under the cursor. The folder icon on the left builds queries by clicking.

mutation LogIn($email: String!, $password: String!) {
  logIn(input: { email: $email, password: $password }) {
    __typename
    ... on LoggedIn { viewer { user { id name email } } }
    ... on MfaChallenge { challengeToken methods expiresAt }
    ... on MfaEnrollmentRequired { expiresAt }
    ... on LogInRejected { reason message retryAt }
  }
}

mutation AnswerMfaChallenge($challengeToken: String!, $code: String!) {
  answerMfaChallenge(input: { challengeToken: $challengeToken, code: $code }) {
    __typename
    ... on LoggedIn { viewer { user { id name email } } }
    ... on AnswerMfaChallengeRejected { reason message retryAt }
  }
}

query WhoAmI {
  viewer {
    user { id name email mfa { enabled required } }
    accounts(first: 10) {
      edges {
        role
        node {
          id
          name
          users(first: 25) {
            edges {
              role
              node { id name email mfaResetEligibility { allowed reason } }
            }
          }
        }
      }
    }
  }
}

# The main job: the user gets the mail "MFA reset request" (in development: /dev/mailbox).
mutation ResetUserMfa($userId: ID!) {
  resetUserMfa(input: { userId: $userId, reason: "Lost the phone" }) {
    __typename
    ... on MfaResetRequested { mfaReset { id state expiresAt delivery } }
    ... on ResetUserMfaRejected { reason message retryAt }
  }
}

mutation LogOut {
  logOut { __typename }
}
`;

export const defaultVariables = `{
  "email": "",
  "password": "",
  "challengeToken": "",
  "code": "",
  "userId": ""
}
`;
