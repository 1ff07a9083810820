//! The words of each mail. What a letter holds, and in which order, is said once for all languages (`letters`); a language
//! is one file with a text for every `key`. Another language is one more file, one more variant of [`Language`], its texts in
//! `speech` and its dates in `dates`; layout and facts stay as they are.

mod dates;
mod de;
mod en;
mod es;
mod fr;
mod key;
mod ko;
mod language;
mod letters;
mod recovery;
mod speech;

#[cfg(test)]
mod tests;

use time::OffsetDateTime;

use super::letter::Letter;
use crate::domain::{AccountRole, PortfolioRole};

pub use dates::Zone;
pub use language::Language;
pub use recovery::RecoveryNews;

/// Somebody, as a mail names them.
#[derive(Clone, PartialEq, Eq)]
pub struct Person {
    /// The name as typed; empty where the reader is not to be called by one.
    pub name: String,
    /// The address as typed.
    pub email: String,
}

/// The role by which somebody asked, and where it is held: the account's or portfolio's name, if it still exists.
#[derive(Clone, PartialEq, Eq)]
pub enum Right {
    /// In an account.
    Account(AccountRole, Option<String>),
    /// In an account, by a role that it has defined: its name.
    Custom(String, Option<String>),
    /// In a portfolio.
    Portfolio(PortfolioRole, Option<String>),
    /// None: the recovery contacts of an account were asked.
    RecoveryContacts(Option<String>),
}

/// What a mail about a reset may say.
#[derive(Clone, PartialEq, Eq)]
pub struct ResetFacts {
    /// Whose MFA; nobody if the user is gone.
    pub person: Option<Person>,
    /// Who asked; nobody if the user is gone.
    pub requester: Option<Person>,
    /// The recovery contact who confirmed as well, where it was them.
    pub second: Option<Person>,
    /// By what right.
    pub right: Right,
    /// Why, in the requester's words.
    pub reason: Option<String>,
    /// When it was asked for.
    pub requested_at: OffsetDateTime,
    /// Since when the link works, or would: the request, or its approval.
    pub valid_since: OffsetDateTime,
    /// Until when it can be accepted.
    pub expires_at: OffsetDateTime,
}

/// The links of a mail that asks for something.
pub struct Links {
    /// Where it is done.
    pub accept: String,
    /// Where it is declined, for what can be.
    pub decline: String,
}

/// What there is to say.
#[derive(Clone, PartialEq, Eq)]
pub enum Content {
    /// "MFA reset request".
    ResetRequest(ResetFacts),
    /// A reset awaits the approval of somebody like the reader.
    ResetApprovalAsked(ResetFacts),
    /// A reset was accepted, and takes effect later. To the person with a link.
    ResetCoolingOff {
        /// Which.
        reset: ResetFacts,
        /// Whether the reader is the person whose MFA goes off.
        own: bool,
        /// When.
        effective_at: OffsetDateTime,
    },
    /// A reset was accepted.
    ResetAccepted {
        /// Which.
        reset: ResetFacts,
        /// Whether the reader is the person whose MFA went off.
        own: bool,
    },
    /// A reset was declined.
    ResetDeclined(ResetFacts),
    /// A reset was taken back.
    ResetCancelled(ResetFacts),
    /// MFA was set up.
    Enrolled,
    /// MFA was switched off.
    Disabled,
    /// New backup codes.
    BackupCodesRegenerated,
    /// A backup code was used.
    BackupCodeUsed {
        /// How many are left as the mail is written.
        left: usize,
    },
    /// About a place in an account or portfolio.
    Place(PlaceNews),
    /// About an address or a password.
    Person(PersonNews),
    /// About recovery contacts, or a recovery.
    Recovery(RecoveryNews),
    /// About a freeze of resets, or a reset of somebody who belongs to the reader's place as well.
    Freeze(FreezeNews),
}

/// What there is to say about freezes, and about resets in places that are not the reader's. Nobody is there if the user is
/// gone.
#[derive(Clone, PartialEq, Eq)]
pub enum FreezeNews {
    /// Somebody accepted a reset that was asked for elsewhere. Where, and by whom, is nothing to the reader.
    AcceptedElsewhere(Option<Person>),
    /// Somebody said "this wasn't me" to a reset that was asked for elsewhere.
    DeclinedElsewhere {
        /// Who.
        person: Option<Person>,
        /// Until when nobody can ask again, if that is so still.
        until: Option<OffsetDateTime>,
    },
    /// The reader said "this wasn't me".
    Disavowed {
        /// Until when nobody can ask again, if that is so still.
        until: Option<OffsetDateTime>,
    },
    /// Somebody asked for too many resets.
    Burst {
        /// Who.
        person: Option<Person>,
        /// Until when they can ask for none, if that is so still.
        until: Option<OffsetDateTime>,
    },
    /// A freeze was lifted.
    Lifted {
        /// Whose.
        person: Option<Person>,
        /// Who lifted it.
        by: Option<Person>,
        /// Whether it was one of asking for resets, rather than of being reset.
        asking: bool,
    },
}

/// What there is to say about a place in an account or portfolio. A place's name is absent when it is gone.
#[derive(Clone, PartialEq, Eq)]
pub enum PlaceNews {
    /// An invitation, with a link. The reader's name is empty for somebody who is not known yet.
    Invitation {
        /// Who invited; nobody if the user is gone.
        inviter: Option<Person>,
        /// What the reader becomes, and where.
        right: Right,
        /// Until when it can be accepted.
        until: OffsetDateTime,
    },
    /// Somebody whom the reader invited joined.
    InvitationAccepted {
        /// Who; nobody if the user is gone.
        person: Option<Person>,
        /// What the person became, and where.
        right: Right,
    },
    /// The reader has another role.
    RoleChanged(Right),
    /// The reader was taken out of an account.
    Removed {
        /// Its name.
        account: Option<String>,
    },
    /// An account has another Owner. The reader is one of both.
    OwnershipTransferred {
        /// Its name.
        account: Option<String>,
        /// The former Owner.
        from: Option<Person>,
        /// The new Owner.
        to: Option<Person>,
    },
    /// An account was closed.
    Closed {
        /// Its name.
        account: Option<String>,
        /// Who closed it.
        by: Option<Person>,
    },
    /// The reader was taken out of a portfolio.
    RemovedFromPortfolio {
        /// Its name.
        portfolio: Option<String>,
    },
    /// The reader was taken out of all accounts that a portfolio links.
    RemovedFromLinkedAccounts {
        /// Its name.
        portfolio: Option<String>,
    },
    /// A portfolio has another Owner. The reader is one of both.
    PortfolioOwnershipTransferred {
        /// Its name.
        portfolio: Option<String>,
        /// The former Portfolio Owner.
        from: Option<Person>,
        /// The new Portfolio Owner.
        to: Option<Person>,
    },
    /// A portfolio was closed.
    PortfolioClosed {
        /// Its name.
        portfolio: Option<String>,
        /// Who closed it.
        by: Option<Person>,
    },
    /// A portfolio links an account.
    Linked {
        /// The account's name.
        account: Option<String>,
        /// The portfolio's name.
        portfolio: Option<String>,
        /// Who added it.
        by: Option<Person>,
    },
    /// Somebody chose another security contact for an account. The reader is the former or the new one.
    ContactChosen {
        /// The account's name.
        account: Option<String>,
        /// The former one.
        from: Option<Person>,
        /// The new one.
        to: Option<Person>,
        /// Who chose.
        by: Option<Person>,
    },
    /// The security contact of an account left it or its Admins, so it is the Owner again. The reader is one of both.
    ContactFellBack {
        /// The account's name.
        account: Option<String>,
        /// The former one.
        from: Option<Person>,
        /// The Owner.
        to: Option<Person>,
    },
    /// Nothing is sent to a webhook of an account any more.
    WebhookDisabled {
        /// The account's name.
        account: Option<String>,
        /// The receiver's host.
        host: String,
        /// Whether the receiver said that it is gone, rather than failing for days.
        gone: bool,
    },
    /// A portfolio links an account no more.
    Unlinked {
        /// The account's name.
        account: Option<String>,
        /// The portfolio's name.
        portfolio: Option<String>,
        /// Who took it out.
        by: Option<Person>,
    },
}

/// What there is to say about an address or a password.
#[derive(Clone, PartialEq, Eq)]
pub enum PersonNews {
    /// To an address that somebody signed up with, with a link: verify it. Nobody knows yet who reads it.
    VerifyEmail {
        /// Until when the link works.
        until: OffsetDateTime,
    },
    /// To an address that is to replace another one, with a link: verify it. Nobody knows yet who reads it.
    ConfirmNewEmail {
        /// Until when the link works.
        until: OffsetDateTime,
    },
    /// To the address that another one is to replace.
    EmailChangeRequested {
        /// The new one, masked.
        new: String,
    },
    /// To the address that another one has replaced.
    EmailChanged {
        /// The new one, masked.
        new: String,
    },
    /// A new password can be set, with a link.
    PasswordReset {
        /// Until when the link works.
        until: OffsetDateTime,
    },
    /// A new password was asked for, and cannot be set yet: an MFA reset was asked for a short while ago.
    PasswordResetHeld {
        /// Not before then.
        until: OffsetDateTime,
    },
    /// Somebody signed up with the address of the reader, who is a user already.
    SignedUpAgain {
        /// Until when the link to set a new password works; there is none while that is held.
        link_until: Option<OffsetDateTime>,
    },
    /// Somebody logs in from an unknown browser: a code to type there.
    NewDeviceCode {
        /// Until when the code works.
        until: OffsetDateTime,
        /// The address that the log-in came from.
        ip: Option<String>,
        /// What the browser calls itself.
        user_agent: Option<String>,
    },
    /// The password was changed.
    PasswordChanged,
}

/// What every mail knows.
pub struct Setting<'a> {
    /// The language that it is written in.
    pub language: Language,
    /// Where the reader's clocks hang.
    pub zone: &'a Zone,
    /// What the service is called.
    pub service: &'a str,
    /// Who reads it.
    pub reader: &'a Person,
    /// When what it tells happened.
    pub at: OffsetDateTime,
    /// The links, where there are any.
    pub links: Option<&'a Links>,
    /// The code to type, where there is one.
    pub code: Option<&'a str>,
}

/// Puts it in words.
pub fn letter(setting: &Setting<'_>, content: &Content) -> Letter {
    letters::letter(setting, content)
}
