//! The rows that are not about portfolios' people: see `portfolio_rows.rs` for those.

/// The rows: a name, and the document that asks. `$account`, `$portfolio`, `$user`, `$role`, `$reset`, `$invitation` and
/// `$session` are ids.
pub(super) const ROWS: &[(&str, &str)] = &[
    ("Query.node", "query($user: ID!) { node(id: $user) { id } }"),
    ("Query.nodes", "query($user: ID!) { nodes(ids: [$user]) { id } }"),
    ("Query.viewer", "{ viewer { user { id } } }"),
    ("Query.user", "query($user: ID!) { user(id: $user) { id } }"),
    ("Query.account", "query($account: ID!) { account(id: $account) { id } }"),
    ("Query.portfolio", "query($portfolio: ID!) { portfolio(id: $portfolio) { id } }"),
    ("Query.staticRoles", "{ staticRoles { role } }"),
    ("Query.node(role)", "query($role: ID!) { node(id: $role) { id } }"),
    ("Query.invitationByToken", "{ invitationByToken(token: \"lki_x\") { state } }"),
    ("Query.mfaResetByToken", "{ mfaResetByToken(token: \"lkr_x\") { state } }"),
    ("Query.recoveryByToken", "{ recoveryByToken(token: \"lkn_x\") { state } }"),
    (
        "Mutation.resetUserMfa",
        "mutation($user: ID!) { resetUserMfa(input: { userId: $user }) { __typename ... on ResetUserMfaRejected { reason } } }",
    ),
    (
        "Mutation.liftMfaResetFreeze",
        "mutation($user: ID!) { liftMfaResetFreeze(input: { userId: $user }) { __typename ... on LiftMfaResetFreezeRejected { reason } } }",
    ),
    (
        "Mutation.cancelMfaReset",
        "mutation($reset: ID!) { cancelMfaReset(input: { mfaResetId: $reset }) { __typename ... on CancelMfaResetRejected { reason } } }",
    ),
    (
        "Mutation.approveMfaReset",
        "mutation($reset: ID!) { approveMfaReset(input: { mfaResetId: $reset }) { __typename ... on ApproveMfaResetRejected { reason } } }",
    ),
    (
        "Mutation.acceptMfaReset",
        "mutation { acceptMfaReset(input: { token: \"lkr_x\" }) { __typename ... on AcceptMfaResetRejected { reason } } }",
    ),
    (
        "Mutation.declineMfaReset",
        "mutation { declineMfaReset(input: { token: \"lkr_x\" }) { __typename ... on DeclineMfaResetRejected { reason } } }",
    ),
    (
        "Mutation.setAccountMfaPolicy",
        "mutation($account: ID!) { setAccountMfaPolicy(input: { accountId: $account, resetAcceptance: LINK }) { __typename } }",
    ),
    // Nobody: the account must stay as it is for the rows below.
    (
        "Mutation.setAccountSecurityContact",
        "mutation($account: ID!) { setAccountSecurityContact(input: { accountId: $account, userId: \"user_01jd0000000000000000000000\" }) { __typename ... on SetAccountSecurityContactRejected { reason } } }",
    ),
    // Nobody: the account must stay as it is for the rows below.
    (
        "Mutation.setRecoveryContacts",
        "mutation($account: ID!) { setRecoveryContacts(input: { accountId: $account, userIds: [\"user_01jd0000000000000000000000\", \"user_01jd0000000000000000000001\"] }) { __typename ... on SetRecoveryContactsRejected { reason } } }",
    ),
    (
        "Mutation.cancelRecoveryContactsChange",
        "mutation($account: ID!) { cancelRecoveryContactsChange(input: { accountId: $account }) { __typename ... on CancelRecoveryContactsChangeRejected { reason } } }",
    ),
    (
        "Mutation.requestRecovery",
        "mutation { requestRecovery(input: { email: \"nobody@example.test\" }) { __typename ... on RequestRecoveryRejected { reason } } }",
    ),
    (
        "Mutation.confirmRecovery",
        "mutation { confirmRecovery(input: { token: \"lkn_x\" }) { __typename ... on ConfirmRecoveryRejected { reason } } }",
    ),
    (
        "Mutation.stopRecovery",
        "mutation { stopRecovery(input: { token: \"lkx_x\" }) { __typename ... on StopRecoveryRejected { reason } } }",
    ),
    (
        "Mutation.setPortfolioMfaPolicy",
        "mutation($portfolio: ID!) { setPortfolioMfaPolicy(input: { portfolioId: $portfolio, resetAcceptance: LINK }) { __typename } }",
    ),
    (
        "Mutation.createAccount",
        "mutation { createAccount(input: { name: \"New\" }) { __typename ... on CreateAccountRejected { reason } } }",
    ),
    (
        "Mutation.inviteUser",
        "mutation($account: ID!) { inviteUser(input: { accountId: $account, email: \"new@example.test\", role: ANALYST }) { __typename ... on InviteUserRejected { reason } } }",
    ),
    (
        "Mutation.createCustomRole",
        "mutation($account: ID!) { createCustomRole(input: { accountId: $account, name: \"Admin\", base: ANALYST, permissions: [USERS_VIEW] }) { __typename ... on CreateCustomRoleRejected { reason } } }",
    ),
    (
        "Mutation.updateCustomRole",
        "mutation($role: ID!) { updateCustomRole(input: { customRoleId: $role, version: 1 }) { __typename ... on UpdateCustomRoleRejected { reason } } }",
    ),
    (
        "Mutation.deleteCustomRole",
        "mutation($role: ID!) { deleteCustomRole(input: { customRoleId: $role }) { __typename ... on DeleteCustomRoleRejected { reason } } }",
    ),
    (
        "Mutation.createWebhook",
        "mutation($account: ID!) { createWebhook(input: { accountId: $account, url: \"http://hooks.example.com/\" }) { __typename ... on CreateWebhookRejected { reason } } }",
    ),
    (
        "Mutation.updateWebhook",
        "mutation($webhook: ID!) { updateWebhook(input: { webhookId: $webhook, version: 7 }) { __typename ... on UpdateWebhookRejected { reason } } }",
    ),
    (
        "Mutation.deleteWebhook",
        "mutation($webhook: ID!) { deleteWebhook(input: { webhookId: $webhook }) { __typename ... on DeleteWebhookRejected { reason } } }",
    ),
    (
        "Mutation.rotateWebhookSecret",
        "mutation($webhook: ID!) { rotateWebhookSecret(input: { webhookId: $webhook }) { __typename ... on RotateWebhookSecretRejected { reason } } }",
    ),
    (
        "Mutation.sendTestWebhook",
        "mutation($webhook: ID!) { sendTestWebhook(input: { webhookId: $webhook }) { __typename ... on SendTestWebhookRejected { reason } } }",
    ),
    (
        "Mutation.replayWebhookDeliveries",
        "mutation($webhook: ID!) { replayWebhookDeliveries(input: { webhookId: $webhook, since: \"2026-01-01T00:00:00Z\" }) { __typename ... on ReplayWebhookDeliveriesRejected { reason } } }",
    ),
    (
        "Mutation.resendInvitation",
        "mutation($invitation: ID!) { resendInvitation(input: { invitationId: $invitation }) { __typename ... on ResendInvitationRejected { reason } } }",
    ),
    (
        "Mutation.revokeInvitation",
        "mutation($invitation: ID!) { revokeInvitation(input: { invitationId: $invitation }) { __typename ... on RevokeInvitationRejected { reason } } }",
    ),
    (
        "Mutation.acceptInvitation",
        "mutation { acceptInvitation(input: { token: \"lki_x\" }) { __typename ... on AcceptInvitationRejected { reason } } }",
    ),
    (
        "Mutation.changeUserRole",
        "mutation($account: ID!, $user: ID!) { changeUserRole(input: { accountId: $account, userId: $user, role: ANALYST }) { __typename ... on ChangeUserRoleRejected { reason } } }",
    ),
    // Nobody: the account must stay as it is for the rows below.
    (
        "Mutation.removeUser",
        "mutation($account: ID!) { removeUser(input: { accountId: $account, userId: \"user_01jd0000000000000000000000\" }) { __typename ... on RemoveUserRejected { reason } } }",
    ),
    (
        "Mutation.transferAccountOwnership",
        "mutation($account: ID!) { transferAccountOwnership(input: { accountId: $account, userId: \"user_01jd0000000000000000000000\" }) { __typename ... on TransferAccountOwnershipRejected { reason } } }",
    ),
    (
        "Mutation.closeAccount",
        "mutation($account: ID!) { closeAccount(input: { accountId: $account, name: \"?\" }) { __typename ... on CloseAccountRejected { reason } } }",
    ),
    (
        "Mutation.logIn",
        "mutation { logIn(input: { email: \"a@b.c\", password: \"x\" }) { __typename ... on LogInRejected { reason } } }",
    ),
    (
        "Mutation.answerDeviceChallenge",
        "mutation { answerDeviceChallenge(input: { challengeToken: \"lkc_x\", code: \"00000000\" }) { __typename ... on AnswerDeviceChallengeRejected { reason } } }",
    ),
    (
        "Mutation.answerMfaChallenge",
        "mutation { answerMfaChallenge(input: { challengeToken: \"x\", code: \"1\" }) { __typename ... on AnswerMfaChallengeRejected { reason } } }",
    ),
    ("Mutation.stepUp", "mutation { stepUp(input: {}) { __typename ... on StepUpRejected { reason } } }"),
    (
        "Mutation.beginTotpEnrollment",
        "mutation { beginTotpEnrollment(input: {}) { __typename ... on BeginTotpEnrollmentRejected { reason } } }",
    ),
    (
        "Mutation.confirmTotpEnrollment",
        "mutation { confirmTotpEnrollment(input: { code: \"1\" }) { __typename ... on ConfirmTotpEnrollmentRejected { reason } } }",
    ),
    (
        "Mutation.regenerateBackupCodes",
        "mutation { regenerateBackupCodes(input: { code: \"1\" }) { __typename ... on RegenerateBackupCodesRejected { reason } } }",
    ),
    (
        "Mutation.disableMfa",
        "mutation { disableMfa(input: { code: \"1\" }) { __typename ... on DisableMfaRejected { reason } } }",
    ),
    (
        "Mutation.revokeSession",
        "mutation($session: ID!) { revokeSession(input: { sessionId: $session }) { __typename ... on RevokeSessionRejected { reason } } }",
    ),
    (
        "Mutation.signUp",
        "mutation { signUp(input: { email: \"a@b.example\", password: \"x\", name: \"A\", accountName: \"B\" }) { __typename ... on SignUpRejected { reason } } }",
    ),
    (
        "Mutation.verifyEmail",
        "mutation { verifyEmail(input: { token: \"lkv_x\" }) { __typename ... on VerifyEmailRejected { reason } } }",
    ),
    (
        "Mutation.requestPasswordReset",
        "mutation { requestPasswordReset(input: { email: \"nobody@b.example\" }) { __typename ... on RequestPasswordResetRejected { reason } } }",
    ),
    (
        "Mutation.resetPassword",
        "mutation { resetPassword(input: { token: \"lkp_x\", newPassword: \"x\" }) { __typename ... on ResetPasswordRejected { reason } } }",
    ),
    (
        "Mutation.changePassword",
        "mutation { changePassword(input: { currentPassword: \"x\", newPassword: \"x\" }) { __typename ... on ChangePasswordRejected { reason } } }",
    ),
    (
        "Mutation.updateProfile",
        "mutation { updateProfile(input: { locale: \"en\" }) { __typename ... on UpdateProfileRejected { reason } } }",
    ),
    ("Mutation.revokeOtherSessions", "mutation { revokeOtherSessions { __typename } }"),
    ("Mutation.logOut", "mutation { logOut { __typename } }"),
    (
        "Subscription.mfaResetChanged",
        "subscription($account: ID) { mfaResetChanged(accountId: $account) { id } }",
    ),
    ("Subscription.serverTime", "subscription { serverTime(count: 1) }"),
    ("User.mfa", "query($user: ID!) { user(id: $user) { mfa { enabled } } }"),
    ("User.lastLogInAt", "query($user: ID!) { user(id: $user) { email lastLogInAt } }"),
    ("User.pendingMfaReset", "query($user: ID!) { user(id: $user) { pendingMfaReset { id } } }"),
    (
        "User.mfaResetEligibility",
        "query($user: ID!) { user(id: $user) { mfaResetEligibility { allowed reason } } }",
    ),
    (
        "User.mfa.backupCodesRemaining",
        "query($user: ID!) { user(id: $user) { mfa { backupCodesRemaining } } }",
    ),
    ("User.mfaResetFreezes", "query($user: ID!) { user(id: $user) { mfaResetFreezes { kind } } }"),
    (
        "Account.securityContact",
        "query($account: ID!) { account(id: $account) { name securityContact { id } } }",
    ),
    (
        "Account.recoveryContacts",
        "query($account: ID!) { account(id: $account) { name recoveryContacts { contacts { id } } } }",
    ),
    (
        "Account.users",
        "query($account: ID!) { account(id: $account) { users(first: 1) { edges { role } } } }",
    ),
    (
        "Account.users(mfaEnabled)",
        "query($account: ID!) { account(id: $account) { users(first: 1, mfaEnabled: true) { edges { role } } } }",
    ),
    (
        "Account.customRoles",
        "query($account: ID!) { account(id: $account) { customRoles(first: 1) { edges { cursor } } } }",
    ),
    ("Account.viewerPermissions", "query($account: ID!) { account(id: $account) { viewerPermissions } }"),
    ("Account.webhooks", "query($account: ID!) { account(id: $account) { webhooks { id } } }"),
    (
        "Account.mfaResets",
        "query($account: ID!) { account(id: $account) { mfaResets(first: 1) { edges { cursor } } } }",
    ),
    (
        "Account.invitations",
        "query($account: ID!) { account(id: $account) { invitations(first: 1) { edges { cursor } } } }",
    ),
    (
        "Account.auditLog",
        "query($account: ID!) { account(id: $account) { auditLog(first: 1) { edges { cursor } } } }",
    ),
    (
        "Account.mfaCoverage",
        "query($account: ID!) { account(id: $account) { mfaCoverage { current { members } } } }",
    ),
    (
        "Viewer.accessToken",
        "query($account: ID!) { viewer { accessToken(audience: \"https://api.test\", accountId: $account) { token } } }",
    ),
    ("Account.portfolio", "query($account: ID!) { account(id: $account) { portfolio { id } } }"),
    (
        "Portfolio.accounts",
        "query($portfolio: ID!) { portfolio(id: $portfolio) { accounts(first: 1) { edges { node { id } } } } }",
    ),
    (
        "Portfolio.users",
        "query($portfolio: ID!) { portfolio(id: $portfolio) { users(first: 1) { edges { role } } } }",
    ),
    (
        "Portfolio.users(mfaEnabled)",
        "query($portfolio: ID!) { portfolio(id: $portfolio) { users(first: 1, mfaEnabled: true) { edges { role } } } }",
    ),
    (
        "Portfolio.accountUsers",
        "query($portfolio: ID!) { portfolio(id: $portfolio) { accountUsers(first: 1) { edges { node { id } } } } }",
    ),
    (
        "Portfolio.mfaResets",
        "query($portfolio: ID!) { portfolio(id: $portfolio) { mfaResets(first: 1) { edges { cursor } } } }",
    ),
    (
        "Portfolio.auditLog",
        "query($portfolio: ID!) { portfolio(id: $portfolio) { auditLog(first: 1) { edges { cursor } } } }",
    ),
    (
        "Portfolio.mfaCoverage",
        "query($portfolio: ID!) { portfolio(id: $portfolio) { mfaCoverage { current { members } } } }",
    ),
];
