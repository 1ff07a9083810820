//! The AuditEvent object and its connection.

use std::sync::Arc;

use async_graphql::{Context, ID, Object, Result, SimpleObject};

use super::{AuditAction, Credential};
use crate::connection;
use crate::domain;
use crate::domain::UserId;
use crate::graphql::connection::{List, PageArgs, Total, paged};
use crate::graphql::context::request;
use crate::graphql::ids::parse_id;
use crate::graphql::loader::apart;
use crate::graphql::scalar::DateTime;
use crate::graphql::user::User;
use crate::graphql::watched::Watched;
use crate::service::directory::security::{AuditFilter, AuditPlace};

/// One more fact about an event, in plain words; never a secret.
#[derive(SimpleObject, Clone)]
pub struct AuditDetail {
    /// What it is about, such as `reason`.
    name: String,
    /// What it is.
    value: String,
}

/// One entry of an account's or portfolio's log. Who may see it: whoever may see the log. Holds no secret, no code and no
/// token.
pub struct AuditEvent(Arc<domain::AuditEvent>);

impl crate::graphql::ready::AtOnce for AuditEvent {}

impl AuditEvent {
    /// For whoever was found to be allowed to see the log.
    pub fn new(inner: impl Into<Arc<domain::AuditEvent>>) -> Self {
        Self(inner.into())
    }
}

async fn person(ctx: &Context<'_>, id: Option<UserId>) -> Option<Result<User>> {
    let loaders = match request(ctx) {
        Ok(request) => request.loaders(),
        Err(error) => return Some(Err(error)),
    };
    loaders.users.one(id?).await.map(|user| user.map(User::new)).transpose()
}

/// One entry of an account's or portfolio's log. Who may see it: whoever may see the log. Holds no secret, no code and no
/// token.
#[Object]
impl AuditEvent {
    /// The id: audit_…; later events sort after earlier ones.
    fn id(&self) -> ID {
        self.0.id.to_string().into()
    }

    /// When it happened.
    fn at(&self) -> DateTime {
        self.0.at.into()
    }

    /// What happened.
    fn action(&self) -> AuditAction {
        self.0.action.into()
    }

    /// Who did it; null when that is not known, or when the user exists no more.
    async fn actor(&self, ctx: &Context<'_>) -> Option<Result<User>> {
        person(ctx, self.0.actor_id).await
    }

    /// Whom it concerns; null when nobody in particular, or when the user exists no more.
    async fn target(&self, ctx: &Context<'_>) -> Option<Result<User>> {
        person(ctx, self.0.target_id).await
    }

    /// What proved who did it; null when nothing did.
    fn credential(&self) -> Option<Credential> {
        self.0.credential.map(Credential::from)
    }

    /// The session that it was done in; null when in none.
    fn session_id(&self) -> Option<ID> {
        self.0.session_id.map(|id| id.to_string().into())
    }

    /// The address that it was done from.
    fn ip(&self) -> Option<String> {
        self.0.ip.map(|ip| ip.to_string())
    }

    /// The browser or client that it was done with.
    fn user_agent(&self) -> Option<&str> {
        self.0.user_agent.as_deref()
    }

    /// More about it.
    fn details(&self) -> Vec<AuditDetail> {
        let detail =
            |(name, value): &(String, String)| AuditDetail { name: name.clone(), value: value.clone() };
        self.0.details.iter().map(detail).collect()
    }
}

connection! {
    /// An audit log, newest first. Who may see it: Owner and Admin of the account, holders of AUDIT_VIEW there,
    /// Portfolio Owner and Portfolio Admin.
    AuditEventConnection {
        /// How many events there are on all pages, counted up to 10,000. Counted only when selected.
        total_count,
    }
    /// An entry of an audit log.
    AuditEventEdge {
        /// The event.
        node: AuditEvent,
    }
}

/// What a log is narrowed by, as given.
#[derive(Default)]
pub struct LogArgs {
    /// `actions`.
    pub actions: Option<Vec<AuditAction>>,
    /// `actorId`.
    pub actor_id: Option<ID>,
    /// `targetId`.
    pub target_id: Option<ID>,
    /// `since`.
    pub since: Option<DateTime>,
    /// `until`.
    pub until: Option<DateTime>,
}

impl LogArgs {
    /// People are not looked up: whoever may see the log sees what it says of anybody, and no more of anybody else.
    fn check(self) -> Result<AuditFilter> {
        Ok(AuditFilter {
            actions: self.actions.unwrap_or_default().into_iter().map(domain::AuditAction::from).collect(),
            actor: self.actor_id.map(|id| parse_id(&id, "actorId")).transpose()?,
            target: self.target_id.map(|id| parse_id(&id, "targetId")).transpose()?,
            since: self.since.map(|at| at.0),
            until: self.until.map(|at| at.0),
        })
    }
}

/// A page of a log, for whoever was found to be allowed to see it.
pub async fn audit_log(
    ctx: &Context<'_>,
    of: Watched,
    narrowed: LogArgs,
    page: PageArgs,
) -> Result<AuditEventConnection> {
    let request = request(ctx)?;
    let wanted = page.check(List::AuditLog)?;
    let filter = narrowed.check()?;
    let (services, caller) = (request.services.clone(), request.caller());
    let (place, only) = (of.clone(), filter.clone());
    let found =
        apart(request, async move { services.list_audit_log(&caller, place.of(), &only, &wanted).await })
            .await?;
    let page = paged(
        List::AuditLog,
        found.map(|event| {
            let place = AuditPlace(event.at, event.id);
            (event, place)
        }),
    );
    let edges =
        page.items.into_iter().map(|(event, cursor)| AuditEventEdge { cursor, node: AuditEvent::new(event) });
    let total = Total::new(move |services, caller| {
        let (of, filter) = (of.clone(), filter.clone());
        async move { services.count_audit_log(&caller, of.of(), &filter).await }
    });
    Ok(AuditEventConnection::new(edges.collect(), page.info, total))
}
