//! Signing up, and verifying an address.

use async_graphql::{Context, InputObject, Object, Result, SimpleObject, Union};

use crate::domain::PasswordFault;
use crate::graphql::context::request;
use crate::graphql::error::OrError;
use crate::rejection;
use crate::service::sign_up::{SignUp, SignUpCommand};
use crate::service::verify_email::VerifyEmail;

/// Who signs up, and for what account.
#[derive(InputObject)]
pub struct SignUpInput {
    /// The e-mail address; it must be verified before the first log-in.
    email: String,
    /// The password: at least 12 characters, at most 1024 bytes, not easy to guess.
    #[graphql(secret)]
    password: String,
    /// The person's name, 1 to 200 characters.
    name: String,
    /// The account's name, 1 to 200 characters. The person becomes its Owner.
    account_name: String,
    /// The language of mail, as a language tag such as `de`: English, French, German, Spanish or Korean, whichever comes
    /// closest; English when none does.
    locale: Option<String>,
    /// The time zone of dates in mail, a name of the IANA database such as `Europe/Berlin`; UTC when left out.
    time_zone: Option<String>,
}

/// A mail is on its way. The answer is the same whether somebody has the address already or not; the mail says which.
#[derive(SimpleObject)]
pub struct SignedUp {
    /// Where the mail goes, as typed.
    email: String,
}

rejection! {
    /// Nobody was signed up, and no mail was sent.
    SignUpRejected,
    /// Why signing up is refused.
    SignUpRejectionReason {
        /// This deployment takes no sign-ups: ask an Owner or Admin for an invitation.
        SignUpClosed => "Signing up is switched off here. Ask an Owner or Admin of your account to invite you.",
        /// Fewer than 12 characters.
        PasswordTooShort => "The password is too short. Use at least 12 characters.",
        /// More than 1024 bytes.
        PasswordTooLong => "The password is too long. Use at most 1024 bytes.",
        /// Too easy to guess for somebody who knows the person.
        PasswordTooGuessable => "The password is too easy to guess. Use a longer or a less usual one, without your name or address.",
        /// Too many sign-ups for this address or from this network; see `retryAt`.
        TooManyAttempts => "Too many attempts. Try again later.",
    }
}

impl From<PasswordFault> for SignUpRejectionReason {
    fn from(fault: PasswordFault) -> Self {
        match fault {
            PasswordFault::TooShort => Self::PasswordTooShort,
            PasswordFault::TooLong => Self::PasswordTooLong,
            PasswordFault::Guessable => Self::PasswordTooGuessable,
        }
    }
}

/// What `signUp` gives.
#[derive(Union)]
pub enum SignUpResult {
    /// A mail is on its way.
    SignedUp(SignedUp),
    /// Refused.
    Rejected(SignUpRejected),
}

/// The link's token.
#[derive(InputObject)]
pub struct VerifyEmailInput {
    /// The token of the link in the e-mail, 47 characters that begin with `lkv_`.
    #[graphql(secret)]
    token: String,
}

/// The address counts from now on: log in with it.
#[derive(SimpleObject)]
pub struct EmailVerified {
    /// Which, with most of it hidden.
    masked_email: String,
}

rejection! {
    /// Nothing has changed.
    VerifyEmailRejected,
    /// Why an address cannot be verified. INVALID covers unknown, forged, used and void alike.
    VerifyEmailRejectionReason {
        /// The link is too old: 24 hours.
        Expired => "This link has expired. Log in, and a new one is sent; or change your address once more.",
        /// The link is not valid, or not any more.
        Invalid => "This link is not valid. It may have been used already: try to log in.",
        /// Somebody else has the address meanwhile.
        EmailTaken => "Another user has this e-mail address. Choose another one.",
    }
}

/// What `verifyEmail` gives.
#[derive(Union)]
pub enum VerifyEmailResult {
    /// Verified.
    Verified(EmailVerified),
    /// Refused.
    Rejected(VerifyEmailRejected),
}

/// Mutations of people who are not signed in yet.
#[derive(Default)]
pub struct SignUpMutation;

#[Object]
impl SignUpMutation {
    /// Signs up: creates an account, and its Owner, who must verify the address before the first log-in. Whether the
    /// address is known is not told. Never logs in. Who may call: anybody, unless the deployment takes no sign-ups.
    async fn sign_up(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who signs up.")] input: SignUpInput,
    ) -> Result<SignUpResult> {
        let request = request(ctx)?;
        let command = SignUpCommand {
            email: &input.email,
            password: &input.password,
            name: &input.name,
            account_name: &input.account_name,
            locale: input.locale.as_deref(),
            time_zone: input.time_zone.as_deref(),
        };
        use SignUpRejectionReason as Reason;
        let outcome = request.services.sign_up(&request.caller(), &command).await;
        Ok(SignUpResult::Rejected(match outcome.or_error(request)? {
            SignUp::MailSent => return Ok(SignUpResult::SignedUp(SignedUp { email: input.email })),
            SignUp::Closed => Reason::SignUpClosed.into(),
            SignUp::Password(fault) => Reason::from(fault).into(),
            SignUp::TooManyAttempts { retry_at } => SignUpRejected::until(Reason::TooManyAttempts, retry_at),
        }))
    }

    /// Verifies an e-mail address: after signing up, or after `updateProfile` asked for another one, which then takes the
    /// place of the old one. Never logs in. Who may call: anybody with the token of the e-mail; the token is the proof.
    async fn verify_email(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The link's token.")] input: VerifyEmailInput,
    ) -> Result<VerifyEmailResult> {
        let request = request(ctx)?;
        use VerifyEmailRejectionReason as Reason;
        let outcome = request.services.verify_email(&request.caller(), &input.token).await;
        Ok(VerifyEmailResult::Rejected(match outcome.or_error(request)? {
            VerifyEmail::Verified { masked_email } => {
                return Ok(VerifyEmailResult::Verified(EmailVerified { masked_email }));
            }
            VerifyEmail::Expired => Reason::Expired.into(),
            VerifyEmail::Invalid => Reason::Invalid.into(),
            VerifyEmail::EmailTaken => Reason::EmailTaken.into(),
        }))
    }
}
