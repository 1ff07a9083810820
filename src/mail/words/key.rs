//! Everything that mail says, by key, with the values that each text takes. A language is a file that has a text for every
//! key: the compiler sees to that, a test to the values.

macro_rules! keys {
    ($($key:ident($($value:ident),*);)*) => {
        /// One text.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub(super) enum Key {$(
            #[doc = concat!("`", stringify!($key), "`")]
            $key,
        )*}

        #[cfg(test)]
        impl Key {
            /// Every text.
            pub(super) const ALL: &'static [Self] = &[$(Self::$key),*];

            /// The names of its values: they stand in braces in the text of every language.
            pub(super) const fn values(self) -> &'static [&'static str] {
                match self {$(Self::$key => &[$(stringify!($value)),*],)*}
            }
        }
    };
}

keys! {
    // The frame of every letter. Somebody who is invited may not be known yet.
    Greeting(name);
    GreetingNobody();
    Footer(service);

    // People and places.
    NoName();
    NobodyKnown();
    GonePlace();
    RoleInAccount(role, account);
    RoleInPortfolio(role, portfolio);
    ContactsOfAccount(account);
    Owner();
    Admin();
    Manager();
    Analyst();
    CampaignCoordinator();
    ContentCreator();
    Support();
    PortfolioOwner();
    PortfolioAdmin();
    PortfolioManager();
    PortfolioAnalyst();

    // Names of facts.
    AskedBy();
    AskedAs();
    AskedOn();
    ValidUntil();
    ValidFor();
    AcceptedOn();
    EffectiveOn();
    DeclinedOn();
    TakenBackOn();
    When();
    JoinedOn();
    ChangedOn();
    RemovedOn();
    ClosedOn();
    AddedOn();
    PossibleFrom();
    FrozenUntil();
    LiftedOn();
    CountsFrom();

    // Lengths of time: for the plural category "one" of the language, and for all others.
    MinutesOne(count);
    MinutesOther(count);
    HoursOne(count);
    HoursOther(count);
    DaysOne(count);
    DaysOther(count);

    // The life of a reset.
    ResetRequestSubject();
    ResetRequestWhat(requester, service);
    ResetRequestReason();
    ResetRequestNothingYet();
    ResetRequestBackupCode();
    ResetRequestAcceptIntro();
    ResetRequestAccept();
    ResetRequestDeclineIntro();
    ResetRequestDecline();
    ResetRequestCare(service);
    ApprovalSubject();
    ApprovalWhat(requester, person, service);
    ApprovalNext(service);
    ApprovalCare();
    CoolingSubject();
    CoolingOwnWhat(requester, service);
    CoolingWhat(person, requester, service);
    CoolingNext(service);
    ResetDoneSubject();
    ResetDoneWhat(requester, service);
    ResetDoneNext();
    ResetDoneAlarm(service);
    ResetAcceptedSubject();
    ResetAcceptedWhat(person, requester, service);
    ResetDeclinedSubject();
    ResetDeclinedWhat(person, requester);
    ResetDeclinedNext();
    ResetDeclinedFrozen();
    AcceptedElsewhereWhat(person, service);
    DeclinedElsewhereWhat(person, service);
    DisavowedSubject();
    DisavowedWhat(service);
    DisavowedNext();
    BurstSubject();
    BurstWhat(person, service);
    BurstNext();
    LiftedSubject();
    LiftedWhat(by, person, service);
    LiftedAskingWhat(by, person, service);
    LiftedAlarm();
    ResetCancelledSubject();
    ResetCancelledWhat(requester, service);

    // Recovery contacts.
    ContactsNamedSubject();
    ContactsNamedWhat(owner, account, contacts);
    ContactsTakenAway(owner, account);
    ContactsNamedOwn();
    ContactsKeptSubject();
    ContactsKeptWhat(owner, account);
    RecoveryMeaning();
    RecoveryAlarm();
    RecoveryRequestedSubject();
    RecoveryRequestedWhat(service, account, contacts);
    RecoveryRequestedNext();
    RecoveryStopIntro();
    RecoveryAskedSubject();
    RecoveryAskedWhat(owner, account, service);
    RecoveryAskedCare();
    RecoveryConfirmIntro();
    RecoveryConfirm();
    RecoveryAskedNo();
    RecoveryStoppedSubject();
    RecoveryStoppedWhat(owner, account);

    // The second factor.
    NotYou();
    EnrolledSubject();
    EnrolledWhat(service);
    EnrolledNext();
    DisabledSubject();
    DisabledWhat(service);
    DisabledNext();
    BackupCodesSubject();
    BackupCodesWhat(service);
    BackupCodesNext();
    CodeUsedSubject();
    CodeUsedWhat(service);
    CodesLeftNone();
    CodesLeftOne(count);
    CodesLeftOther(count);

    // Places in accounts and portfolios.
    InvitationSubject();
    InvitationWhat(inviter, service, right);
    InvitationAcceptIntro(service);
    InvitationAccept();
    InvitationNo();
    InvitationAcceptedSubject();
    InvitationAcceptedWhat(person, service, right);
    RoleChangedSubject();
    RoleChangedWhat(right);
    RoleChangedAlarm();
    PortfolioRoleChangedAlarm();
    RemovedSubject();
    RemovedWhat(account, service);
    RemovedFromPortfolioSubject();
    RemovedFromPortfolioWhat(portfolio, service);
    RemovedFromLinkedSubject();
    RemovedFromLinkedWhat(portfolio, service);
    OwnershipSubject();
    OwnershipWhat(from, to, account);
    OwnershipAlarm();
    PortfolioOwnershipSubject();
    PortfolioOwnershipWhat(from, to, portfolio);
    PortfolioOwnershipAlarm();
    ClosedSubject();
    ClosedWhat(by, account, service);
    PortfolioClosedSubject();
    PortfolioClosedWhat(by, portfolio, service);
    LinkedSubject();
    LinkedWhat(by, account, portfolio);
    LinkedNo();
    UnlinkedSubject();
    UnlinkedWhat(by, account, portfolio);
    ContactSubject();
    ContactChosenWhat(by, to, from, account);
    ContactFellBackWhat(to, from, account);
    ContactMeaning();
    ContactAlarm();
    WebhookDisabledSubject();
    WebhookFailedWhat(host, account);
    WebhookGoneWhat(host, account);
    WebhookDisabledNext();

    // Addresses and passwords.
    LinkIsYours();
    VerifySubject();
    VerifyWhat(service);
    VerifyIntro();
    VerifyAction();
    VerifyNo();
    ConfirmSubject();
    ConfirmWhat(service);
    ConfirmIntro();
    ConfirmAction();
    ConfirmNo();
    EmailChangeSubject();
    EmailChangeWhat(service, new);
    EmailChangeNext();
    EmailChangedSubject();
    EmailChangedWhat(service, new);
    EmailChangedNext();
    PasswordResetSubject();
    PasswordResetWhat(service);
    PasswordResetIntro();
    PasswordResetAction();
    PasswordResetNo();
    PasswordHeldSubject();
    PasswordHeldWhy();
    PasswordHeldNext();
    PasswordHeldAlarm();
    KnownSubject();
    KnownWhat(service);
    KnownIntro();
    KnownNo();
    NewDeviceSubject();
    NewDeviceWhat(service);
    NewDeviceCode();
    NewDeviceFrom();
    NewDeviceWith();
    NewDeviceNext();
    NewDeviceCare();
    NewDeviceAlarm();
    PasswordChangedSubject();
    PasswordChangedWhat(service);
    PasswordChangedNext();
}

/// Declares the texts of a language.
macro_rules! texts {
    ($($key:ident: $text:literal,)*) => {
        use super::key::Key;

        /// The text of a key, with the names of its values in braces.
        pub(super) const fn text(key: Key) -> &'static str {
            match key {$(Key::$key => $text,)*}
        }
    };
}

pub(super) use texts;
