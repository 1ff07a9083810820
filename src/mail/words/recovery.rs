//! What mails about recovery contacts and recoveries have to say.

use time::OffsetDateTime;

use super::Person;

/// What there is to say about recovery contacts and recoveries. Nobody is there if the user is gone, and no name of the
/// account if it is.
#[derive(Clone, PartialEq, Eq)]
pub enum RecoveryNews {
    /// The Owner named others.
    ContactsNamed {
        /// The account's name.
        account: Option<String>,
        /// Who they are to be.
        contacts: Vec<Option<Person>>,
        /// When they count, if that is so still.
        effective_at: Option<OffsetDateTime>,
        /// Whether the reader is the Owner.
        own: bool,
        /// The Owner.
        owner: Option<Person>,
    },
    /// The Owner took a change back.
    ContactsKept {
        /// The account's name.
        account: Option<String>,
        /// Whether the reader is the Owner.
        own: bool,
        /// The Owner.
        owner: Option<Person>,
    },
    /// To the Owner, with a link to stop it: the contacts are asked.
    Requested {
        /// The account's name.
        account: Option<String>,
        /// Who is asked.
        contacts: Vec<Option<Person>>,
        /// Until when.
        until: OffsetDateTime,
    },
    /// To a contact, with a link to confirm.
    Asked {
        /// The Owner.
        owner: Option<Person>,
        /// The account's name.
        account: Option<String>,
        /// Until when.
        until: OffsetDateTime,
    },
    /// The Owner said "this wasn't me".
    Stopped {
        /// The Owner.
        owner: Option<Person>,
        /// The account's name.
        account: Option<String>,
    },
}
