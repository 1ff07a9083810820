//! What the link or code of a mail hangs on: a reset, an invitation, a one-time link of a person, a log-in. The worker asks
//! it whether it still waits, has it draw the token or code, and keep the hash of that.

use time::OffsetDateTime;

use crate::crypto::{Keyring, MailCode, Token, TokenKind};
use crate::domain::{
    DeviceChallenge, Invitation, InvitationState, MailDelivery, MailLink, MailLinkKind, MailLinkState,
    MfaReset, MfaResetState, Notification, Recovery, RecoveryState, UserId,
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
    /// A log-in from an unknown browser.
    Device(DeviceChallenge),
    /// A recovery, of a contact who is asked.
    RecoveryAsked(Recovery, UserId),
    /// A recovery, of the Owner who can stop it.
    RecoveryTold(Recovery),
}

/// What is drawn as a mail is written, and exists nowhere else.
pub enum Drawn {
    /// What its link carries.
    Token(Token),
    /// What the reader types.
    Code(MailCode),
}

impl Drawn {
    /// The token, if it is one.
    pub fn token(&self) -> Option<&Token> {
        match self {
            Self::Token(token) => Some(token),
            Self::Code(_) => None,
        }
    }

    /// The code, if it is one.
    pub fn code(&self) -> Option<&MailCode> {
        match self {
            Self::Token(_) => None,
            Self::Code(code) => Some(code),
        }
    }
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
    /// Draws the token of the link, or the code.
    pub fn draw(&self) -> Drawn {
        let kind = match self {
            Self::Reset(_) => TokenKind::MfaReset,
            Self::Invitation(_) => TokenKind::Invitation,
            Self::Link(link) => match link.kind {
                MailLinkKind::VerifyEmail | MailLinkKind::ChangeEmail => TokenKind::EmailVerification,
                MailLinkKind::ResetPassword => TokenKind::PasswordReset,
            },
            Self::RecoveryAsked(..) => TokenKind::RecoveryConfirm,
            Self::RecoveryTold(_) => TokenKind::RecoveryStop,
            Self::Device(_) => return Drawn::Code(MailCode::generate()),
        };
        Drawn::Token(Token::generate(kind))
    }

    /// After that the link is of no use.
    pub fn expires_at(&self) -> OffsetDateTime {
        match self {
            Self::Reset(reset) => reset.effective_at.unwrap_or(reset.expires_at),
            Self::Invitation(invitation) => invitation.expires_at,
            Self::Link(link) => link.expires_at,
            Self::Device(challenge) => challenge.expires_at,
            Self::RecoveryAsked(recovery, _) | Self::RecoveryTold(recovery) => recovery.expires_at,
        }
    }

    /// Why no mail goes out any more; nothing while it waits.
    pub fn closed(&self, now: OffsetDateTime) -> Option<Closed> {
        use MailDelivery::{Failed, Sent};
        let (delivery, why) = match self {
            Self::Reset(reset) => match reset.state_at(now) {
                MfaResetState::Pending | MfaResetState::CoolingOff => return None,
                MfaResetState::AwaitingApproval => (Failed, "not sent: the reset awaits approval"),
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
            Self::Device(challenge) if challenge.waits(now) => return None,
            Self::Device(challenge) if challenge.used_at.is_some() => {
                (Sent, "not sent again: the code was used")
            }
            Self::Device(_) => (Failed, "not sent: the log-in took too long"),
            Self::RecoveryAsked(recovery, contact) if recovery.confirmed().contains(contact) => {
                (Sent, "not sent again: the contact confirmed")
            }
            Self::RecoveryTold(recovery) | Self::RecoveryAsked(recovery, _) => {
                match recovery.state_at(now) {
                    RecoveryState::Pending => return None,
                    RecoveryState::Confirmed => match self {
                        // The reset that came of it can be stopped as well.
                        Self::RecoveryTold(_) if now < recovery.expires_at => return None,
                        _ => (Failed, "not sent: others confirmed the recovery"),
                    },
                    RecoveryState::Stopped => (Failed, "not sent: the recovery was stopped"),
                    RecoveryState::Expired => (Failed, "not sent: the recovery expired"),
                }
            }
        };
        Some(Closed { delivery, why })
    }

    /// Keeps the hash of what is about to be mailed: false when nothing waits for it any more, or it is of the wrong kind.
    pub async fn keep(
        &self,
        store: &Store,
        keyring: &Keyring,
        drawn: &Drawn,
        now: OffsetDateTime,
    ) -> Result<bool, StoreError> {
        match (self, drawn) {
            (Self::Reset(reset), Drawn::Token(token)) => {
                store.mfa_resets.add_token(reset.id, token.hash(), now).await
            }
            (Self::Invitation(invitation), Drawn::Token(token)) => {
                store.invitations.add_token(invitation.id, token.hash(), now).await
            }
            (Self::Link(link), Drawn::Token(token)) => {
                store.mail_links.add_token(link.id, token.hash(), now).await
            }
            (Self::Device(challenge), Drawn::Code(code)) => {
                let hash = code.hash(keyring, challenge.id.uuid().as_bytes());
                store.device_challenges.add_code(challenge.id, hash, now).await
            }
            (Self::RecoveryAsked(recovery, contact), Drawn::Token(token)) => {
                store.recoveries.add_token(recovery.id, *contact, token.hash(), now).await
            }
            (Self::RecoveryTold(recovery), Drawn::Token(token)) => {
                store.recoveries.add_stop_token(recovery.id, token.hash(), now).await
            }
            (Self::Reset(_) | Self::Invitation(_) | Self::Link(_), Drawn::Code(_))
            | (Self::RecoveryAsked(..) | Self::RecoveryTold(_), Drawn::Code(_))
            | (Self::Device(_), Drawn::Token(_)) => Ok(false),
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
            Self::Device(challenge) => store.device_challenges.find(challenge.id).await?.map(Self::Device),
            Self::RecoveryAsked(recovery, contact) => {
                let found = store.recoveries.find(recovery.id).await?;
                found.map(|recovery| Self::RecoveryAsked(recovery, *contact))
            }
            Self::RecoveryTold(recovery) => store.recoveries.find(recovery.id).await?.map(Self::RecoveryTold),
        })
    }
}

/// What a mail is called in logs and metrics.
pub const fn kind(what: Notification) -> &'static str {
    match what {
        Notification::MfaResetRequest { .. } => "mfa_reset_request",
        Notification::MfaResetApprovalAsked { .. } => "mfa_reset_approval_asked",
        Notification::MfaResetCoolingOff { .. } => "mfa_reset_cooling_off",
        Notification::MfaResetAccepted { .. } => "mfa_reset_accepted",
        Notification::MfaResetDeclined { .. } => "mfa_reset_declined",
        Notification::MfaResetCancelled { .. } => "mfa_reset_cancelled",
        Notification::MfaResetAcceptedElsewhere { .. } => "mfa_reset_accepted_elsewhere",
        Notification::MfaResetDeclinedElsewhere { .. } => "mfa_reset_declined_elsewhere",
        Notification::MfaResetDisavowed { .. } => "mfa_reset_disavowed",
        Notification::MfaResetBurst { .. } => "mfa_reset_burst",
        Notification::MfaResetFreezeLifted { .. } => "mfa_reset_freeze_lifted",
        Notification::RecoveryContactsNamed { .. } => "recovery_contacts_named",
        Notification::RecoveryContactsKept { .. } => "recovery_contacts_kept",
        Notification::RecoveryRequested { .. } => "recovery_requested",
        Notification::RecoveryAsked { .. } => "recovery_asked",
        Notification::RecoveryStopped { .. } => "recovery_stopped",
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
        Notification::WebhookDisabled { .. } => "webhook_disabled",
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
        Notification::NewDeviceCode { .. } => "new_device_code",
        Notification::PasswordChanged { .. } => "password_changed",
    }
}
