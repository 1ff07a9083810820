//! What the link of a mail hangs on: a reset, an invitation, or a one-time link of a person. The worker asks it whether it
//! still waits,
//! which token to mint and until when, and has it keep the token's hash.

use time::OffsetDateTime;

use crate::crypto::{TokenHash, TokenKind};
use crate::domain::{
    Invitation, InvitationState, MailDelivery, MailLink, MailLinkKind, MailLinkState, MfaReset,
    MfaResetState, Notification,
};
use crate::store::invitations::InvitationKey;
use crate::store::mfa_resets::ResetKey;
use crate::store::{Store, StoreError};

/// What the link of a mail hangs on.
pub enum Carried {
    /// A reset of somebody's MFA.
    Reset(MfaReset),
    /// An invitation to an account or portfolio.
    Invitation(Invitation),
    /// A link about an address or a password.
    Link(MailLink),
}

/// Why a mail is not sent, and what its delivery says then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Closed {
    /// SENT where only a mailed link can have closed it.
    pub delivery: MailDelivery,
    /// For the log.
    pub why: &'static str,
}

impl Carried {
    /// The kind of token that the link carries.
    pub fn token_kind(&self) -> TokenKind {
        match self {
            Self::Reset(_) => TokenKind::MfaReset,
            Self::Invitation(_) => TokenKind::Invitation,
            Self::Link(link) => match link.kind {
                MailLinkKind::VerifyEmail | MailLinkKind::ChangeEmail => TokenKind::EmailVerification,
                MailLinkKind::ResetPassword => TokenKind::PasswordReset,
            },
        }
    }

    /// After that the link is of no use.
    pub fn expires_at(&self) -> OffsetDateTime {
        match self {
            Self::Reset(reset) => reset.expires_at,
            Self::Invitation(invitation) => invitation.expires_at,
            Self::Link(link) => link.expires_at,
        }
    }

    /// Why no mail goes out any more; nothing while it waits.
    pub fn closed(&self, now: OffsetDateTime) -> Option<Closed> {
        use MailDelivery::{Failed, Sent};
        let (delivery, why) = match self {
            Self::Reset(reset) => match reset.state_at(now) {
                MfaResetState::Pending => return None,
                MfaResetState::Accepted => (Sent, "not sent again: the reset was accepted"),
                MfaResetState::Declined => (Sent, "not sent again: the reset was declined"),
                MfaResetState::Cancelled => (Failed, "not sent: the reset was cancelled"),
                MfaResetState::Superseded => (Failed, "not sent: a newer reset replaced this one"),
                MfaResetState::Expired => (Failed, "not sent: the reset expired"),
            },
            Self::Invitation(invitation) => match invitation.state_at(now) {
                InvitationState::Pending => return None,
                InvitationState::Accepted => (Sent, "not sent again: the invitation was accepted"),
                InvitationState::Revoked => (Failed, "not sent: the invitation was revoked"),
                InvitationState::Expired => (Failed, "not sent: the invitation expired"),
            },
            Self::Link(link) if link.waits(now) => return None,
            Self::Link(link) => match link.state {
                MailLinkState::Used => (Sent, "not sent again: the link was used"),
                MailLinkState::Closed => (Failed, "not sent: the link became void"),
                MailLinkState::Pending => (Failed, "not sent: the link expired"),
            },
        };
        Some(Closed { delivery, why })
    }

    /// Keeps the hash of a token that is about to be mailed: false when nothing waits for it any more.
    pub async fn keep(
        &self,
        store: &Store,
        hash: TokenHash,
        now: OffsetDateTime,
    ) -> Result<bool, StoreError> {
        match self {
            Self::Reset(reset) => store.mfa_resets.add_token(reset.id, hash, now).await,
            Self::Invitation(invitation) => store.invitations.add_token(invitation.id, hash, now).await,
            Self::Link(link) => store.mail_links.add_token(link.id, hash, now).await,
        }
    }

    /// The same, read anew; nothing when it is gone.
    pub async fn again(&self, store: &Store) -> Result<Option<Self>, StoreError> {
        Ok(match self {
            Self::Reset(reset) => store.mfa_resets.find(ResetKey::Id(reset.id)).await?.map(Self::Reset),
            Self::Invitation(invitation) => {
                store.invitations.find(InvitationKey::Id(invitation.id)).await?.map(Self::Invitation)
            }
            Self::Link(link) => store.mail_links.find(link.id).await?.map(Self::Link),
        })
    }
}

/// What a mail is called in logs and metrics.
pub const fn kind(what: Notification) -> &'static str {
    match what {
        Notification::MfaResetRequest { .. } => "mfa_reset_request",
        Notification::MfaResetAccepted { .. } => "mfa_reset_accepted",
        Notification::MfaResetDeclined { .. } => "mfa_reset_declined",
        Notification::MfaResetCancelled { .. } => "mfa_reset_cancelled",
        Notification::MfaEnrolled { .. } => "mfa_enrolled",
        Notification::MfaDisabled { .. } => "mfa_disabled",
        Notification::BackupCodesRegenerated { .. } => "backup_codes_regenerated",
        Notification::BackupCodeUsed { .. } => "backup_code_used",
        Notification::Invitation { .. } => "invitation",
        Notification::InvitationAccepted { .. } => "invitation_accepted",
        Notification::AccountRoleChanged { .. } => "account_role_changed",
        Notification::RemovedFromAccount { .. } => "removed_from_account",
        Notification::AccountOwnershipTransferred { .. } => "account_ownership_transferred",
        Notification::SecurityContactChosen { .. } => "security_contact_chosen",
        Notification::SecurityContactFellBack { .. } => "security_contact_fell_back",
        Notification::AccountClosed { .. } => "account_closed",
        Notification::PortfolioRoleChanged { .. } => "portfolio_role_changed",
        Notification::RemovedFromPortfolio { .. } => "removed_from_portfolio",
        Notification::RemovedFromLinkedAccounts { .. } => "removed_from_linked_accounts",
        Notification::PortfolioOwnershipTransferred { .. } => "portfolio_ownership_transferred",
        Notification::PortfolioClosed { .. } => "portfolio_closed",
        Notification::AccountLinked { .. } => "account_linked",
        Notification::AccountUnlinked { .. } => "account_unlinked",
        Notification::EmailVerification { .. } => "email_verification",
        Notification::EmailChangeRequested { .. } => "email_change_requested",
        Notification::EmailChanged { .. } => "email_changed",
        Notification::PasswordReset { .. } => "password_reset",
        Notification::SignedUpAgain { .. } => "signed_up_again",
        Notification::PasswordChanged { .. } => "password_changed",
    }
}
