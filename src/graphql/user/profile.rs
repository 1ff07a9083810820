//! The viewer's own profile.

use async_graphql::{Context, InputObject, MaybeUndefined, Object, Result, SimpleObject, Union};

use super::User;
use crate::graphql::context::request;
use crate::graphql::error::OrError;
use crate::graphql::guard::SignedIn;
use crate::rejection;
use crate::service::change_password::OwnPassword;
use crate::service::update_profile::{ProfileChange, UpdateProfile};

/// What to change; what is left out stays.
#[derive(InputObject)]
pub struct UpdateProfileInput {
    /// The name, 1 to 200 characters.
    name: Option<String>,
    /// Another e-mail address. It takes the place of the old one once it is verified; both are told.
    email: Option<String>,
    /// The current password; needed for another e-mail address.
    #[graphql(secret)]
    current_password: Option<String>,
    /// The language of mail, as a language tag such as `de`: English, French, German, Spanish or Korean, whichever comes
    /// closest; English when none does. Null takes it away.
    locale: MaybeUndefined<String>,
    /// The time zone of dates in mail, a name of the IANA database such as `Europe/Berlin`. Null takes it away: UTC.
    time_zone: MaybeUndefined<String>,
}

/// Changed, but for the address.
#[derive(SimpleObject)]
pub struct ProfileUpdated {
    /// The viewer.
    user: User,
    /// The address that takes the place of the old one once it is verified; null when none waits.
    pending_email: Option<String>,
}

rejection! {
    /// Nothing has changed.
    UpdateProfileRejected,
    /// Why a profile cannot be changed.
    UpdateProfileRejectionReason {
        /// Another address needs the current password.
        PasswordRequired => "Enter your current password to change your e-mail address.",
        /// The current password is wrong.
        WrongPassword => "The current password is wrong.",
        /// Too many wrong passwords, or other addresses within an hour; see `retryAt`.
        TooManyAttempts => "Too many attempts. Try again later.",
    }
}

/// What `updateProfile` gives.
#[derive(Union)]
pub enum UpdateProfileResult {
    /// Changed.
    Updated(ProfileUpdated),
    /// Refused.
    Rejected(UpdateProfileRejected),
}

fn change(value: &MaybeUndefined<String>) -> Option<Option<&str>> {
    match value {
        MaybeUndefined::Undefined => None,
        MaybeUndefined::Null => Some(None),
        MaybeUndefined::Value(value) => Some(Some(value)),
    }
}

/// Mutations of profiles.
#[derive(Default)]
pub struct ProfileMutation;

#[Object]
impl ProfileMutation {
    /// Changes the viewer's own name, language and time zone, and asks for another e-mail address, which is verified
    /// first. Whether somebody else has that address is not told. Who may call: rule SignedIn.
    #[graphql(guard = "SignedIn")]
    async fn update_profile(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to change.")] input: UpdateProfileInput,
    ) -> Result<UpdateProfileResult> {
        let request = request(ctx)?;
        let wanted = ProfileChange {
            name: input.name.as_deref(),
            email: input.email.as_deref(),
            current_password: input.current_password.as_deref(),
            locale: change(&input.locale),
            time_zone: change(&input.time_zone),
        };
        let outcome = request.services.update_profile(&request.caller(), &wanted).await;
        use UpdateProfileRejectionReason as Reason;
        let too_many = |retry_at| UpdateProfileRejected::until(Reason::TooManyAttempts, retry_at);
        Ok(UpdateProfileResult::Rejected(match outcome.or_error(request)? {
            UpdateProfile::Updated { user, pending_email } => {
                let user = User::new(*user);
                return Ok(UpdateProfileResult::Updated(ProfileUpdated { user, pending_email }));
            }
            UpdateProfile::PasswordRequired => Reason::PasswordRequired.into(),
            UpdateProfile::Refused(OwnPassword::Wrong) => Reason::WrongPassword.into(),
            UpdateProfile::Refused(OwnPassword::TooManyAttempts(retry_at))
            | UpdateProfile::TooManyAttempts { retry_at } => too_many(retry_at),
        }))
    }
}
