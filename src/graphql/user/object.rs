//! The User object. What is secret about a person is decided field by field.

use std::sync::Arc;

use async_graphql::{Context, ContextSelectionSet, Guard, ID, Object, Result, Value};

use super::membership::memberships_at_once;
use super::mfa::enforced_over;
use super::standing::may_at_once;
use super::{AccountMembership, MfaResetEligibility, UserMfa, may, visible_memberships};
use crate::domain;
use crate::domain::Action;
use crate::graphql::context::request;
use crate::graphql::guard::OnThisUser;
use crate::graphql::mfa_reset::{MfaReset, MfaResetFreeze, ResetUserMfaRejectionReason, freezes};
use crate::graphql::ready::{AtOnce, object};
use crate::graphql::scalar::DateTime;
use crate::service::directory::sight::too_many_resets;

/// Memberships that a user's own field shows at most.
const MEMBERSHIPS_MAX: usize = 100;

/// A person. Who may see it: the person, members of a shared account or portfolio, and whoever manages the person.
#[derive(Clone)]
pub struct User(Arc<domain::User>);

impl User {
    /// Shows what was loaded; fields below are guarded by themselves.
    pub fn new(inner: impl Into<Arc<domain::User>>) -> Self {
        Self(inner.into())
    }

    async fn eligibility(&self, ctx: &Context<'_>) -> Result<Option<ResetUserMfaRejectionReason>> {
        use ResetUserMfaRejectionReason as Reason;
        let request = request(ctx)?;
        if request.caller().actor.user_id() == Some(self.0.id) {
            return Ok(Some(Reason::SelfReset));
        }
        if may(ctx, Action::ResetUserMfa, self.0.id).await?.is_err() {
            return Ok(Some(Reason::NotPermitted));
        }
        let viewer = match request.caller().actor.user_id() {
            Some(id) => request.loaders().users.one(id).await?,
            None => None,
        };
        if let Some(viewer) = viewer {
            if viewer.asking_frozen(request.services.clock_now()).is_some() {
                return Ok(Some(Reason::ActorFrozen));
            }
            if viewer.mfa.is_none() && enforced_over(ctx, self.0.id).await? {
                return Ok(Some(Reason::ActorMfaRequired));
            }
        }
        if self.0.mfa.is_none() {
            return Ok(Some(Reason::MfaNotEnabled));
        }
        if self.0.resets_frozen(request.services.clock_now()).is_some() {
            return Ok(Some(Reason::Frozen));
        }
        if request.services.mfa_reset_held(&self.0).is_some() {
            return Ok(Some(Reason::Held));
        }
        let recent = request.loaders().recent_resets.one(self.0.id).await?;
        Ok(too_many_resets(recent).then_some(Reason::TooManyResets))
    }

    async fn pending(&self, ctx: &Context<'_>) -> Result<Option<MfaReset>> {
        OnThisUser { action: Action::ResetUserMfa, id: self.0.id }.check(ctx).await?;
        Ok(request(ctx)?.loaders().pending_resets.one(self.0.id).await?.map(MfaReset::new))
    }
}

impl AtOnce for User {
    fn at_once(&self, ctx: &ContextSelectionSet<'_>) -> Option<Value> {
        object::<Self>(ctx, |field, below| match field {
            "id" => Some(self.0.id.to_string().into()),
            "name" => Some(self.0.name.as_str().into()),
            "email" => Some(self.0.email.as_str().into()),
            "createdAt" => DateTime::from(self.0.created_at).at_once(below),
            "mfa" => match may_at_once(below, Action::ViewUserSecurity, self.0.id)? {
                Ok(()) => UserMfa::new(self.0.clone()).at_once(below),
                Err(_) => Some(Value::Null),
            },
            "memberships" => memberships_at_once(below, self.0.id, MEMBERSHIPS_MAX)?.at_once(below),
            _ => None,
        })
    }
}

/// A person. Who may see it: the person, members of a shared account or portfolio, and whoever manages the person.
#[Object]
impl User {
    /// The global id: user_…
    pub async fn id(&self) -> ID {
        self.0.id.to_string().into()
    }

    /// The e-mail address as typed.
    fn email(&self) -> &str {
        &self.0.email
    }

    /// The name as typed.
    fn name(&self) -> &str {
        &self.0.name
    }

    /// Since when the user exists.
    fn created_at(&self) -> DateTime {
        self.0.created_at.into()
    }

    /// The last completed log-in. Null unless the viewer is the user, manages them (rule ManagesUser), or holds MFA_RESET
    /// in an account of theirs.
    async fn last_log_in_at(&self, ctx: &Context<'_>) -> Option<Result<DateTime>> {
        let at = self.0.last_log_in_at?;
        match may(ctx, Action::ViewUserSecurity, self.0.id).await {
            Ok(allowed) => allowed.ok().map(|()| Ok(at.into())),
            Err(error) => Some(Err(error)),
        }
    }

    /// The second factor. Null unless the viewer is the user, manages them (rule ManagesUser), or holds MFA_RESET in an
    /// account of theirs.
    async fn mfa(&self, ctx: &Context<'_>) -> Option<Result<UserMfa>> {
        match may(ctx, Action::ViewUserSecurity, self.0.id).await {
            Ok(allowed) => allowed.ok().map(|()| Ok(UserMfa::new(self.0.clone()))),
            Err(error) => Some(Err(error)),
        }
    }

    /// What is frozen about resets of the user's MFA, and about resets that the user asks for; empty as a rule. Null unless
    /// the viewer is the user, manages them (rule ManagesUser), or holds MFA_RESET in an account of theirs.
    async fn mfa_reset_freezes(&self, ctx: &Context<'_>) -> Option<Result<Vec<MfaResetFreeze>>> {
        match may(ctx, Action::ViewUserSecurity, self.0.id).await {
            Ok(Ok(())) => Some(freezes(ctx, &self.0).await),
            Ok(Err(_)) => None,
            Err(error) => Some(Err(error)),
        }
    }

    /// The memberships that the viewer may see: those in shared accounts and in accounts that the viewer manages (all of
    /// them for oneself); by account name, at most 100.
    async fn memberships(&self, ctx: &Context<'_>) -> Result<Vec<AccountMembership>> {
        visible_memberships(ctx, self.0.id, |_| true, MEMBERSHIPS_MAX).await
    }

    /// Whether the viewer may call `resetUserMfa` on this user now; if not, why.
    async fn mfa_reset_eligibility(&self, ctx: &Context<'_>) -> Result<MfaResetEligibility> {
        Ok(self.eligibility(ctx).await?.into())
    }

    /// The reset that is waiting, if any. Who may see it: rule ManagesUser; for everybody else, the user included, null
    /// and the error FORBIDDEN.
    async fn pending_mfa_reset(&self, ctx: &Context<'_>) -> Option<Result<MfaReset>> {
        self.pending(ctx).await.transpose()
    }
}
