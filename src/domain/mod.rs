//! Pure types and pure rules. This room imports no other room, reads no clock and does no I/O,
//! so that everything decided here can be shown in a table of tests.

pub mod account;
pub mod actor;
pub mod audit;
pub mod custom_role;
pub mod device;
pub mod erasure;
pub mod id;
pub mod invitation;
pub mod key;
pub mod mail_link;
pub mod membership;
pub mod mfa_coverage;
pub mod mfa_reset;
pub mod moment;
pub mod notification;
pub mod page;
pub mod password;
pub mod permission;
pub mod policy;
pub mod portfolio;
pub mod preferences;
pub mod presence;
pub mod public_address;
pub mod recovery;
pub mod role;
pub mod session;
pub mod step_up;
pub mod trace_parent;
pub mod user;
pub mod webhook;

pub use account::{Account, MfaPolicy, ResetAcceptance, ResetApproval};
pub use actor::{Actor, Restriction, SignedIn};
pub use audit::{AuditAction, AuditEvent, Credential, Scope};
pub use custom_role::{CustomRole, RoleChoice};
pub use device::{Device, DeviceChallenge};
pub use id::{
    AccountId, AuditEventId, DeviceChallengeId, DeviceId, InvitationId, MailId, MailLinkId, MfaResetId,
    PortfolioId, RecoveryId, RoleId, SessionId, UserId, WebhookDeliveryId, WebhookId,
};
pub use invitation::{Invitation, InvitationState, Offer};
pub use mail_link::{MailLink, MailLinkKind, MailLinkState};
pub use membership::{AccountMembership, Memberships, PortfolioMembership};
pub use mfa_coverage::{CoverageCount, CoveragePoint};
pub use mfa_reset::{Authority, MailDelivery, MfaReset, MfaResetState};
pub use notification::Notification;
pub use page::{Page, PageRequest};
pub use password::{PasswordFault, check_password};
pub use permission::{Permission, Permissions};
pub use policy::{Action, Decision, Denial, Resource};
pub use portfolio::Portfolio;
pub use preferences::Preferences;
pub use recovery::{Recovery, RecoveryContacts, RecoveryState};
pub use role::{AccountRole, PortfolioRole};
pub use session::{RequestMeta, Session};
pub use step_up::Unready;
pub use trace_parent::TraceParent;
pub use user::{Disavowal, MfaMethod, MfaState, User};
pub use webhook::{DeliveryFault, DeliveryState, Webhook, WebhookDelivery, WebhookState};
