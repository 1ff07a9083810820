//! What people are told by mail. A row of the outbox holds one of these: ids, never a token and never an address.

use serde::{Deserialize, Serialize};

use super::recovery::CONTACTS_MAX;
use super::{
    AccountId, AccountRole, DeviceChallengeId, InvitationId, MailLinkId, MfaResetId, PortfolioId,
    PortfolioRole, RecoveryId, RoleId, UserId, WebhookId,
};

/// One mail to one person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Notification {
    /// "MFA reset request": the link to accept or decline. Its token is minted by the worker as it sends.
    MfaResetRequest {
        /// The reset.
        reset_id: MfaResetId,
    },
    /// To whoever may approve it: a reset awaits a second person.
    MfaResetApprovalAsked {
        /// The reset.
        reset_id: MfaResetId,
    },
    /// To the person, with a link to say no, and to those who can stop it: it was accepted, and takes effect later.
    MfaResetCoolingOff {
        /// The reset.
        reset_id: MfaResetId,
    },
    /// To the person, the requester and the security contacts: it was accepted, MFA is off.
    MfaResetAccepted {
        /// The reset.
        reset_id: MfaResetId,
    },
    /// To the requester, the security contacts and the Owners: the person said "this wasn't me".
    MfaResetDeclined {
        /// The reset.
        reset_id: MfaResetId,
    },
    /// To the security contacts of the person's places that had nothing to do with the reset: it was accepted, MFA is off.
    MfaResetAcceptedElsewhere {
        /// The reset.
        reset_id: MfaResetId,
    },
    /// To the security contacts and Owners of the person's places that had nothing to do with the reset: the person said
    /// "this wasn't me".
    MfaResetDeclinedElsewhere {
        /// The reset.
        reset_id: MfaResetId,
    },
    /// To the person, who said "this wasn't me": nobody can ask for another reset for a while.
    MfaResetDisavowed {
        /// The reset.
        reset_id: MfaResetId,
    },
    /// To the person, and to the security contacts and Owners of the places where the person may ask for resets: there were
    /// too many.
    MfaResetBurst {
        /// Who asked.
        user_id: UserId,
    },
    /// To the person, and to the security contacts and Owners of the person's places: a freeze of resets was lifted.
    MfaResetFreezeLifted {
        /// Whose.
        user_id: UserId,
        /// Who lifted it.
        by: UserId,
        /// Whether it was one of asking for resets, rather than of being reset.
        asking: bool,
    },
    /// To the Owner of an account, and to its recovery contacts, those who are and those who are to be: the Owner named
    /// others.
    RecoveryContactsNamed {
        /// The account.
        account_id: AccountId,
        /// Who they are to be.
        contacts: [Option<UserId>; CONTACTS_MAX],
    },
    /// To the same: they stay as they are.
    RecoveryContactsKept {
        /// The account.
        account_id: AccountId,
    },
    /// To the Owner: the recovery contacts are asked. With a link to say no, whose token is minted by the worker as it sends;
    /// so is that of the next one.
    RecoveryRequested {
        /// The recovery.
        recovery_id: RecoveryId,
    },
    /// To a recovery contact, with a link to confirm: is it the Owner who asks?
    RecoveryAsked {
        /// The recovery.
        recovery_id: RecoveryId,
    },
    /// To the Owner and the recovery contacts: the Owner said "this wasn't me".
    RecoveryStopped {
        /// The recovery.
        recovery_id: RecoveryId,
    },
    /// To the person: the request was taken back.
    MfaResetCancelled {
        /// The reset.
        reset_id: MfaResetId,
    },
    /// To the person: MFA was set up.
    MfaEnrolled {
        /// The person.
        user_id: UserId,
    },
    /// To the person: MFA was switched off.
    MfaDisabled {
        /// The person.
        user_id: UserId,
    },
    /// To the person: new backup codes replaced the old ones.
    BackupCodesRegenerated {
        /// The person.
        user_id: UserId,
    },
    /// To the invited address: the link to accept. Its token is minted by the worker as it sends.
    Invitation {
        /// The invitation.
        invitation_id: InvitationId,
    },
    /// To whoever invited: the person joined.
    InvitationAccepted {
        /// The invitation.
        invitation_id: InvitationId,
    },
    /// To the person: a backup code was used to log in.
    BackupCodeUsed {
        /// The person.
        user_id: UserId,
    },
    /// To the person: another role in an account.
    AccountRoleChanged {
        /// The account.
        account_id: AccountId,
        /// The new role. For a custom role, its base.
        role: AccountRole,
        /// The custom role, where it is one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        custom_role_id: Option<RoleId>,
    },
    /// To the person: taken out of an account by somebody else.
    RemovedFromAccount {
        /// The account.
        account_id: AccountId,
    },
    /// To the former and to the new Owner: an account has another Owner.
    AccountOwnershipTransferred {
        /// The account.
        account_id: AccountId,
        /// The former Owner.
        from: UserId,
        /// The new Owner.
        to: UserId,
    },
    /// To the former and to the new security contact of an account: somebody chose another one.
    SecurityContactChosen {
        /// The account.
        account_id: AccountId,
        /// The former one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<UserId>,
        /// The new one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<UserId>,
        /// Who chose.
        by: UserId,
    },
    /// To the former security contact, who left the account or its Admins, and to the Owner, who is it again.
    SecurityContactFellBack {
        /// The account.
        account_id: AccountId,
        /// The former one.
        from: UserId,
        /// The Owner.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<UserId>,
    },
    /// To whoever was Owner or Admin: an account was closed.
    AccountClosed {
        /// The account.
        account_id: AccountId,
        /// Who closed it.
        by: UserId,
    },
    /// To the Owner and the security contact of an account: the gateway sends nothing to a webhook any more.
    WebhookDisabled {
        /// The account.
        account_id: AccountId,
        /// The webhook.
        webhook_id: WebhookId,
        /// Whether the receiver said that it is gone, rather than failing for days.
        gone: bool,
    },
    /// To the person: another role in a portfolio.
    PortfolioRoleChanged {
        /// The portfolio.
        portfolio_id: PortfolioId,
        /// The new role.
        role: PortfolioRole,
    },
    /// To the person: taken out of a portfolio by somebody else.
    RemovedFromPortfolio {
        /// The portfolio.
        portfolio_id: PortfolioId,
    },
    /// To the person: taken out of all accounts that a portfolio links, by somebody else.
    RemovedFromLinkedAccounts {
        /// The portfolio.
        portfolio_id: PortfolioId,
    },
    /// To the former and to the new Portfolio Owner: a portfolio has another Owner.
    PortfolioOwnershipTransferred {
        /// The portfolio.
        portfolio_id: PortfolioId,
        /// The former Portfolio Owner.
        from: UserId,
        /// The new Portfolio Owner.
        to: UserId,
    },
    /// To whoever was Portfolio Owner or Portfolio Admin: a portfolio was closed.
    PortfolioClosed {
        /// The portfolio.
        portfolio_id: PortfolioId,
        /// Who closed it.
        by: UserId,
    },
    /// To the Owner and the security contact of the account: a portfolio links it, so its Owner and Admins manage the account's users.
    AccountLinked {
        /// The account.
        account_id: AccountId,
        /// The portfolio.
        portfolio_id: PortfolioId,
        /// Who added it.
        by: UserId,
    },
    /// To the Owner and the security contact of the account and to the Portfolio Owner: the portfolio does not link the account any more.
    AccountUnlinked {
        /// The account.
        account_id: AccountId,
        /// The portfolio.
        portfolio_id: PortfolioId,
        /// Who took it out.
        by: UserId,
    },
    /// To the address that is to be verified: of somebody who signed up, or the new one of somebody who changes it. The
    /// token is minted by the worker as it sends; so are those of the two mails below that carry a link.
    EmailVerification {
        /// The link.
        link_id: MailLinkId,
    },
    /// To the address that is still in use: another one is to replace it.
    EmailChangeRequested {
        /// The link that went to the new one.
        link_id: MailLinkId,
    },
    /// To the address that was in use: another one has replaced it.
    EmailChanged {
        /// The link that went to the new one.
        link_id: MailLinkId,
    },
    /// To the person: the link to set a new password; or, while that is held, until when.
    PasswordReset {
        /// The link.
        link_id: MailLinkId,
    },
    /// To somebody who exists and whose address was signed up once more.
    SignedUpAgain {
        /// A link to set a new password.
        link_id: MailLinkId,
    },
    /// To the person: a code to log in from an unknown browser. It is drawn by the worker as it sends.
    NewDeviceCode {
        /// The log-in that waits for it.
        challenge_id: DeviceChallengeId,
    },
    /// To the person: the password was changed.
    PasswordChanged {
        /// The person.
        user_id: UserId,
    },
}
