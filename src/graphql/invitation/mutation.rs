//! Accepting an invitation, taking it back, sending it again.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject, Union};

use super::Invitation;
use crate::domain::{Offer, PasswordFault};
use crate::graphql::context::request;
use crate::graphql::error::OrError;
use crate::graphql::guard::OnInvitation;
use crate::graphql::ids::parse_id;
use crate::rejection;
use crate::service::accept_invitation::{AcceptInvitation, Joined, Registration};
use crate::service::give_role::RoleRefusal;
use crate::service::invitations::{ResendInvitation, RevokeInvitation};

/// The link's token and, for somebody who is no user yet, what the person chooses.
#[derive(InputObject)]
pub struct AcceptInvitationInput {
    /// The token of the link in the e-mail.
    #[graphql(secret)]
    token: String,
    /// The person's name; needed where the preview says `registrationNeeded`, else ignored.
    name: Option<String>,
    /// A password of at least 12 characters; needed where the preview says `registrationNeeded`, else ignored.
    #[graphql(secret)]
    password: Option<String>,
    /// The language of mail, as a language tag such as `de`, for somebody who is no user yet; else ignored.
    locale: Option<String>,
    /// The time zone of mail, such as `Europe/Berlin`, for somebody who is no user yet; else ignored.
    time_zone: Option<String>,
}

/// The person belongs to the account or portfolio. Nobody was logged in by it.
#[derive(SimpleObject)]
pub struct InvitationAccepted {
    /// The account; null for an invitation to a portfolio.
    account_id: Option<ID>,
    /// The portfolio; null for an invitation to an account.
    portfolio_id: Option<ID>,
    /// The account's or portfolio's name.
    scope_name: String,
    /// Who joined: the e-mail address with most of it hidden.
    masked_email: String,
    /// Whether a user was made of the invitation, with the name and password given; else the one who exists joined.
    user_created: bool,
    /// Whether the next log-in asks to set MFA up. Then sessions that began without it have ended.
    enrollment_required: bool,
}

impl From<Joined> for InvitationAccepted {
    fn from(joined: Joined) -> Self {
        let (account_id, portfolio_id) = match joined.offer {
            Offer::Account { account_id, .. } => (Some(account_id.to_string().into()), None),
            Offer::Portfolio { portfolio_id, .. } => (None, Some(portfolio_id.to_string().into())),
        };
        Self {
            account_id,
            portfolio_id,
            scope_name: joined.place_name,
            masked_email: joined.masked_email,
            user_created: joined.user_created,
            enrollment_required: joined.enrollment_required,
        }
    }
}

rejection! {
    /// Nothing has changed.
    AcceptInvitationRejected,
    /// Why an invitation cannot be accepted.
    AcceptInvitationRejectionReason {
        /// The link is too old.
        Expired => "This invitation has expired. Ask for another one.",
        /// The link is unknown, forged, used or taken back; which one is not told.
        Invalid => "This link is not valid, or was used already.",
        /// There is a user with the invited address: log in first, then accept.
        LogInRequired => "You have a user with this e-mail address: log in, then accept the invitation.",
        /// Somebody else than the invited person is logged in.
        AnotherUser => "This invitation is for somebody else. Log out, then open the link again.",
        /// There is no user with the invited address: a name and a password must be chosen.
        RegistrationRequired => "Choose a name and a password.",
        /// Fewer than 12 characters.
        PasswordTooShort => "The password needs at least 12 characters.",
        /// More than 1,024 bytes.
        PasswordTooLong => "The password is longer than 1,024 bytes.",
        /// Too easy to guess for somebody who knows the person.
        PasswordTooGuessable => "This password is too easy to guess. Take a longer or less usual one.",
    }
}

/// What `acceptInvitation` gives.
#[derive(Union)]
pub enum AcceptInvitationResult {
    /// Done.
    Accepted(InvitationAccepted),
    /// Refused.
    Rejected(AcceptInvitationRejected),
}

/// Which invitation to take back.
#[derive(InputObject)]
pub struct RevokeInvitationInput {
    /// The invitation.
    invitation_id: ID,
}

/// Nobody can accept the invitation any more.
#[derive(SimpleObject)]
pub struct InvitationRevoked {
    /// The invitation.
    invitation: Invitation,
}

rejection! {
    /// The invitation is unchanged.
    RevokeInvitationRejected,
    /// Why an invitation cannot be taken back.
    RevokeInvitationRejectionReason {
        /// It was accepted or taken back already.
        NotPending => "This invitation is not waiting any more.",
    }
}

/// What `revokeInvitation` gives.
#[derive(Union)]
pub enum RevokeInvitationResult {
    /// Taken back.
    Revoked(InvitationRevoked),
    /// Refused.
    Rejected(RevokeInvitationRejected),
}

/// Which invitation to send again.
#[derive(InputObject)]
pub struct ResendInvitationInput {
    /// The invitation.
    invitation_id: ID,
}

/// Another e-mail is under way, and the seven days begin anew. Links of earlier e-mails work as well.
#[derive(SimpleObject)]
pub struct InvitationResent {
    /// The invitation.
    invitation: Invitation,
}

rejection! {
    /// No e-mail goes out.
    ResendInvitationRejected,
    /// Why an invitation cannot be sent again.
    ResendInvitationRejectionReason {
        /// It was accepted or taken back already.
        NotPending => "This invitation is not waiting any more.",
        /// The custom role that it offers exists no more.
        NoSuchRole => "The role of this invitation does not exist any more. Invite with another one.",
        /// The role that it offers holds what the viewer does not.
        MoreThanHeld => "The role of this invitation holds permissions that you do not hold.",
        /// Five e-mails to this address within an hour, or 1,000 from this account or portfolio within a day; see
        /// `retryAt`.
        TooManyInvitations => "Too many invitations were sent lately. Try again later.",
    }
}

/// What `resendInvitation` gives.
#[derive(Union)]
pub enum ResendInvitationResult {
    /// Sent again.
    Resent(InvitationResent),
    /// Refused.
    Rejected(ResendInvitationRejected),
}

/// Mutations of an invitation's life.
#[derive(Default)]
pub struct InvitationMutation;

#[Object]
impl InvitationMutation {
    /// Joins an account or portfolio. Somebody who is no user yet chooses a name and a password; a user must be logged in.
    /// Never logs in. Who may call: anybody with the token of the e-mail; for the address of a user, that user with a
    /// live session.
    async fn accept_invitation(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do, and with what.")] input: AcceptInvitationInput,
    ) -> Result<AcceptInvitationResult> {
        let request = request(ctx)?;
        let registration = Registration {
            name: input.name.as_deref(),
            password: input.password.as_deref(),
            locale: input.locale.as_deref(),
            time_zone: input.time_zone.as_deref(),
        };
        let outcome = request.services.accept_invitation(&request.caller(), &input.token, registration).await;
        use AcceptInvitationRejectionReason as Reason;
        let reason = match outcome.or_error(request)? {
            AcceptInvitation::Joined(joined) => {
                return Ok(AcceptInvitationResult::Accepted((*joined).into()));
            }
            AcceptInvitation::Expired => Reason::Expired,
            AcceptInvitation::Invalid => Reason::Invalid,
            AcceptInvitation::LogInRequired => Reason::LogInRequired,
            AcceptInvitation::AnotherUser => Reason::AnotherUser,
            AcceptInvitation::RegistrationRequired => Reason::RegistrationRequired,
            AcceptInvitation::Password(PasswordFault::TooShort) => Reason::PasswordTooShort,
            AcceptInvitation::Password(PasswordFault::TooLong) => Reason::PasswordTooLong,
            AcceptInvitation::Password(PasswordFault::Guessable) => Reason::PasswordTooGuessable,
        };
        Ok(AcceptInvitationResult::Rejected(reason.into()))
    }

    /// Takes an invitation back. Who may call: for an account its Owner or Admin and whoever holds USERS_MANAGE there, for a
    /// portfolio the Portfolio Owner.
    #[graphql(guard = "OnInvitation::new(&input.invitation_id)")]
    async fn revoke_invitation(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do, and with what.")] input: RevokeInvitationInput,
    ) -> Result<RevokeInvitationResult> {
        let request = request(ctx)?;
        let id = parse_id(&input.invitation_id, "invitationId")?;
        let outcome = request.services.revoke_invitation(&request.caller(), id).await;
        Ok(match outcome.or_error(request)? {
            RevokeInvitation::Revoked(invitation) => RevokeInvitationResult::Revoked(InvitationRevoked {
                invitation: Invitation::new(*invitation),
            }),
            RevokeInvitation::NotPending => {
                RevokeInvitationResult::Rejected(RevokeInvitationRejectionReason::NotPending.into())
            }
        })
    }

    /// Sends an invitation again, also one that has expired. Who may call: for an account its Owner or Admin and whoever
    /// holds USERS_MANAGE there and all that the role holds, for a portfolio the Portfolio Owner.
    #[graphql(guard = "OnInvitation::new(&input.invitation_id)")]
    async fn resend_invitation(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do, and with what.")] input: ResendInvitationInput,
    ) -> Result<ResendInvitationResult> {
        let request = request(ctx)?;
        let id = parse_id(&input.invitation_id, "invitationId")?;
        let outcome = request.services.resend_invitation(&request.caller(), id).await;
        use ResendInvitationRejectionReason as Reason;
        Ok(ResendInvitationResult::Rejected(match outcome.or_error(request)? {
            ResendInvitation::Resent(invitation) => {
                let invitation = Invitation::new(*invitation);
                return Ok(ResendInvitationResult::Resent(InvitationResent { invitation }));
            }
            ResendInvitation::NotPending => Reason::NotPending.into(),
            ResendInvitation::Role(RoleRefusal::NoSuchRole) => Reason::NoSuchRole.into(),
            ResendInvitation::Role(RoleRefusal::MoreThanHeld) => Reason::MoreThanHeld.into(),
            ResendInvitation::TooManyInvitations { retry_at } => {
                ResendInvitationRejected::until(Reason::TooManyInvitations, retry_at)
            }
        }))
    }
}
