//! What is written down about every log-in, refusal, reset step, policy and credential change.

use std::fmt;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::{AccountId, AuditEventId, PortfolioId, SessionId, UserId};

/// Whose log an event stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// An account's log.
    Account(AccountId),
    /// A portfolio's log.
    Portfolio(PortfolioId),
    /// A person's own log: what concerns nobody's account, such as a log-in of somebody without one.
    User(UserId),
    /// The deployment's log: what concerns nobody that we know.
    Deployment,
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Account(id) => id.fmt(f),
            Self::Portfolio(id) => id.fmt(f),
            Self::User(id) => id.fmt(f),
            Self::Deployment => f.write_str("deployment"),
        }
    }
}

/// A stored scope that is none.
#[derive(Debug, thiserror::Error)]
#[error("not a scope")]
pub struct ScopeError;

impl std::str::FromStr for Scope {
    type Err = ScopeError;

    fn from_str(text: &str) -> Result<Self, ScopeError> {
        if text == "deployment" {
            return Ok(Self::Deployment);
        }
        (text.parse().map(Self::Account))
            .or_else(|_| text.parse().map(Self::Portfolio))
            .or_else(|_| text.parse().map(Self::User))
            .map_err(|_| ScopeError)
    }
}

impl Serialize for Scope {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Scope {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

macro_rules! actions {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        /// What happened.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum AuditAction {$(
            $(#[$doc])*
            #[serde(rename = $text)]
            $name,
        )*}

        impl AuditAction {
            /// Every action.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The name as stored, and in the schema.
            pub const fn as_str(self) -> &'static str {
                match self {$(Self::$name => $text,)*}
            }
        }
    };
}

/// Hands the list of actions, with their descriptions, to another macro: the schema's enum is made of it.
#[macro_export]
macro_rules! audit_actions {
    ($then:ident) => {
        $then! {
            /// Somebody logged in.
            LoggedIn = "LOGGED_IN",
            /// A password or a code was wrong, or the log-in was refused otherwise.
            LogInRefused = "LOG_IN_REFUSED",
            /// The password was right and a second factor was asked for.
            MfaChallenged = "MFA_CHALLENGED",
            /// The password was right and, from an unknown browser, a mailed code was asked for.
            DeviceChallenged = "DEVICE_CHALLENGED",
            /// A mailed code was right; the browser is known from then on.
            DeviceKnown = "DEVICE_KNOWN",
            /// Somebody logged out.
            LoggedOut = "LOGGED_OUT",
            /// A session was ended by its owner from elsewhere.
            SessionRevoked = "SESSION_REVOKED",
            /// MFA was set up.
            MfaEnrolled = "MFA_ENROLLED",
            /// Setting MFA up was refused: a wrong code, nothing that waits for one, or MFA is on already.
            MfaEnrollmentRefused = "MFA_ENROLLMENT_REFUSED",
            /// MFA was switched off by its owner.
            MfaDisabled = "MFA_DISABLED",
            /// A backup code was used.
            BackupCodeUsed = "BACKUP_CODE_USED",
            /// New backup codes replaced the old ones.
            BackupCodesRegenerated = "BACKUP_CODES_REGENERATED",
            /// Somebody signed in proved again who they are: with a code, or with the password where they have no MFA.
            SteppedUp = "STEPPED_UP",
            /// An Owner or Admin asked to reset somebody's MFA.
            MfaResetRequested = "MFA_RESET_REQUESTED",
            /// Asking, taking back, or lifting a freeze, was refused.
            MfaResetRefused = "MFA_RESET_REFUSED",
            /// A second person approved a request that awaited it; the e-mail goes out.
            MfaResetApproved = "MFA_RESET_APPROVED",
            /// A newer request replaced a waiting one.
            MfaResetSuperseded = "MFA_RESET_SUPERSEDED",
            /// The person accepted; MFA goes off when the time that a policy asks for has passed.
            MfaResetCoolingOff = "MFA_RESET_COOLING_OFF",
            /// The person accepted; MFA went off.
            MfaResetAccepted = "MFA_RESET_ACCEPTED",
            /// Accepting or declining by the link was refused.
            MfaResetAcceptRefused = "MFA_RESET_ACCEPT_REFUSED",
            /// The person said "this wasn't me".
            MfaResetDeclined = "MFA_RESET_DECLINED",
            /// An Owner or Admin took the request back.
            MfaResetCancelled = "MFA_RESET_CANCELLED",
            /// Somebody asked for too many resets in a short time, and may ask for none for a while.
            MfaResetBurst = "MFA_RESET_BURST",
            /// An Owner or Portfolio Owner lifted a freeze of resets.
            MfaResetFreezeLifted = "MFA_RESET_FREEZE_LIFTED",
            /// The Owner of an account named other recovery contacts; the details say who they will be, and from when.
            RecoveryContactsNamed = "RECOVERY_CONTACTS_NAMED",
            /// The Owner of an account took a change of its recovery contacts back before it counted.
            RecoveryContactsKept = "RECOVERY_CONTACTS_KEPT",
            /// Naming recovery contacts, or taking that back, was refused.
            RecoveryContactsRefused = "RECOVERY_CONTACTS_REFUSED",
            /// Somebody asked for the recovery of an Owner who is locked out: the recovery contacts were asked, or nobody,
            /// for the reason in the details.
            RecoveryRequested = "RECOVERY_REQUESTED",
            /// A recovery contact confirmed.
            RecoveryConfirmed = "RECOVERY_CONFIRMED",
            /// The Owner said "this wasn't me" to a recovery.
            RecoveryStopped = "RECOVERY_STOPPED",
            /// Asking for a recovery, confirming or stopping one was refused.
            RecoveryRefused = "RECOVERY_REFUSED",
            /// An account's or portfolio's MFA policy changed.
            MfaPolicyChanged = "MFA_POLICY_CHANGED",
            /// Somebody asked for what their role does not allow.
            AccessDenied = "ACCESS_DENIED",
            /// A change was refused for a reason that its answer told; the details say which change, and why.
            ChangeRefused = "CHANGE_REFUSED",
            /// An account was created.
            AccountCreated = "ACCOUNT_CREATED",
            /// Somebody was invited to an account or portfolio.
            UserInvited = "USER_INVITED",
            /// An invitation was sent again.
            InvitationResent = "INVITATION_RESENT",
            /// An invitation was taken back.
            InvitationRevoked = "INVITATION_REVOKED",
            /// The invited person joined.
            InvitationAccepted = "INVITATION_ACCEPTED",
            /// Accepting an invitation was refused.
            InvitationAcceptRefused = "INVITATION_ACCEPT_REFUSED",
            /// A change of somebody's place in an account or portfolio was refused: the Owner's place is changed by nobody, and
            /// ownership is only ever handed over.
            UserChangeRefused = "USER_CHANGE_REFUSED",
            /// Somebody's role in an account changed.
            UserRoleChanged = "USER_ROLE_CHANGED",
            /// Somebody was taken out of an account.
            UserRemoved = "USER_REMOVED",
            /// Somebody left an account.
            UserLeft = "USER_LEFT",
            /// An account has another Owner.
            AccountOwnershipTransferred = "ACCOUNT_OWNERSHIP_TRANSFERRED",
            /// An account has another security contact.
            SecurityContactChanged = "SECURITY_CONTACT_CHANGED",
            /// Choosing a security contact was refused: only the Owner and Admins can be it.
            SecurityContactRefused = "SECURITY_CONTACT_REFUSED",
            /// An account was closed.
            AccountClosed = "ACCOUNT_CLOSED",
            /// A portfolio was created.
            PortfolioCreated = "PORTFOLIO_CREATED",
            /// Somebody's role in a portfolio changed.
            PortfolioUserRoleChanged = "PORTFOLIO_USER_ROLE_CHANGED",
            /// Somebody was taken out of a portfolio.
            PortfolioUserRemoved = "PORTFOLIO_USER_REMOVED",
            /// Somebody left a portfolio.
            PortfolioUserLeft = "PORTFOLIO_USER_LEFT",
            /// A custom role was defined.
            CustomRoleCreated = "CUSTOM_ROLE_CREATED",
            /// A custom role was changed.
            CustomRoleChanged = "CUSTOM_ROLE_CHANGED",
            /// A custom role was deleted.
            CustomRoleDeleted = "CUSTOM_ROLE_DELETED",
            /// Defining, changing or deleting a custom role was refused.
            CustomRoleRefused = "CUSTOM_ROLE_REFUSED",
            /// A webhook was registered.
            WebhookCreated = "WEBHOOK_CREATED",
            /// A webhook was changed.
            WebhookChanged = "WEBHOOK_CHANGED",
            /// A webhook was deleted.
            WebhookDeleted = "WEBHOOK_DELETED",
            /// A webhook got a new secret.
            WebhookSecretRotated = "WEBHOOK_SECRET_ROTATED",
            /// Somebody had a test sent to a webhook.
            WebhookTested = "WEBHOOK_TESTED",
            /// Somebody had events sent to a webhook again.
            WebhookReplayed = "WEBHOOK_REPLAYED",
            /// The gateway switched a webhook off: it failed for days, or said that it is gone.
            WebhookDisabled = "WEBHOOK_DISABLED",
            /// A portfolio has another Owner.
            PortfolioOwnershipTransferred = "PORTFOLIO_OWNERSHIP_TRANSFERRED",
            /// A portfolio was closed; its accounts stay.
            PortfolioClosed = "PORTFOLIO_CLOSED",
            /// An account was added to a portfolio.
            AccountLinked = "ACCOUNT_LINKED",
            /// An account was taken out of a portfolio.
            AccountUnlinked = "ACCOUNT_UNLINKED",
            /// Somebody signed up.
            SignedUp = "SIGNED_UP",
            /// Signing up was refused.
            SignUpRefused = "SIGN_UP_REFUSED",
            /// Somebody showed to read mail sent to their address.
            EmailVerified = "EMAIL_VERIFIED",
            /// Verifying an address was refused.
            EmailVerificationRefused = "EMAIL_VERIFICATION_REFUSED",
            /// Somebody asked for another e-mail address; it must be verified first.
            EmailChangeRequested = "EMAIL_CHANGE_REQUESTED",
            /// An e-mail address was replaced.
            EmailChanged = "EMAIL_CHANGED",
            /// Somebody asked to set a new password by mail.
            PasswordResetRequested = "PASSWORD_RESET_REQUESTED",
            /// A new password was set by mail.
            PasswordReset = "PASSWORD_RESET",
            /// Setting a new password by mail was refused.
            PasswordResetRefused = "PASSWORD_RESET_REFUSED",
            /// Somebody changed their password.
            PasswordChanged = "PASSWORD_CHANGED",
            /// Changing a password or an address was refused: the current password was wrong.
            PasswordRefused = "PASSWORD_REFUSED",
            /// Somebody changed their name, language or time zone.
            ProfileChanged = "PROFILE_CHANGED",
            /// All that is stored about somebody was handed out to them, by whoever runs the gateway.
            UserExported = "USER_EXPORTED",
            /// Somebody was erased, by whoever runs the gateway; the id that is left names nobody.
            UserErased = "USER_ERASED",
        }
    };
}

audit_actions!(actions);

/// What somebody proved who they are with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Credential {
    /// A password.
    Password,
    /// A code of an authenticator app.
    Totp,
    /// A backup code.
    BackupCode,
    /// A live session.
    Session,
    /// The link of an e-mail.
    MailLink,
    /// A token that log-in gave to whoever must set MFA up.
    EnrollmentToken,
    /// A code of an e-mail.
    MailCode,
}

/// One entry of one scope's log. Holds no secret, no code and no token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEvent {
    /// The id; later events sort after earlier ones.
    pub id: AuditEventId,
    /// When.
    pub at: OffsetDateTime,
    /// Whose log.
    pub scope: Scope,
    /// What.
    pub action: AuditAction,
    /// Who did it, if that is known.
    pub actor_id: Option<UserId>,
    /// Whom it concerns, if anybody.
    pub target_id: Option<UserId>,
    /// Which credential proved it.
    pub credential: Option<Credential>,
    /// The session it was done in.
    pub session_id: Option<SessionId>,
    /// From which address.
    pub ip: Option<std::net::IpAddr>,
    /// By which browser or client.
    pub user_agent: Option<String>,
    /// More, in plain words that hold no personal data: names of fields, reasons, ids.
    pub details: Vec<(String, String)>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_keep_their_kind_as_text() {
        let now = time::macros::datetime!(2026-11-24 12:00 UTC);
        for scope in [
            Scope::Account(AccountId::generate(now)),
            Scope::Portfolio(PortfolioId::generate(now)),
            Scope::User(UserId::generate(now)),
            Scope::Deployment,
        ] {
            assert_eq!(scope.to_string().parse::<Scope>().unwrap(), scope);
        }
        assert!("somewhere".parse::<Scope>().is_err());
    }
}
