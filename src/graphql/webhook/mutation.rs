//! Registering, changing and deleting webhooks.

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, Result, SimpleObject, Union};
use secrecy::ExposeSecret as _;

use super::Webhook;
use crate::domain;
use crate::domain::Action;
use crate::domain::webhook::UrlFault;
use crate::graphql::account::Account;
use crate::graphql::audit::AuditAction;
use crate::graphql::context::request;
use crate::graphql::error::OrError;
use crate::graphql::guard::{OnAccount, OnWebhook};
use crate::graphql::ids::parse_id;
use crate::graphql::scalar::DateTime;
use crate::rejection;
use crate::service::create_webhook::CreateWebhook;
use crate::service::delete_webhook::DeleteWebhook;
use crate::service::rotate_webhook_secret::RotateWebhookSecret;
use crate::service::update_webhook::{UpdateWebhook, WebhookChange};

fn actions(given: Option<Vec<AuditAction>>) -> Option<Vec<domain::AuditAction>> {
    let mut actions: Vec<domain::AuditAction> = Vec::new();
    for action in given.unwrap_or_default().into_iter().map(domain::AuditAction::from) {
        if !actions.contains(&action) {
            actions.push(action);
        }
    }
    (!actions.is_empty()).then_some(actions)
}

const fn fault_message(fault: UrlFault) -> &'static str {
    match fault {
        UrlFault::Malformed => {
            "This is no address of a receiver. It looks like https://hooks.example.com/path."
        }
        UrlFault::NotHttps => "Webhooks are only sent to addresses that begin with https://.",
        UrlFault::HasCredentials => {
            "The address holds a user name or a password. Leave them out: the signature shows who sends."
        }
        UrlFault::Port => "Webhooks are only sent to port 443 and to ports above 1023.",
        UrlFault::Private => "Webhooks are only sent to hosts on the public internet.",
    }
}

/// The webhook to register.
#[derive(InputObject)]
pub struct CreateWebhookInput {
    /// The account whose events are to be sent.
    account_id: ID,
    /// Where to: an https address on the public internet, without user name, password or fragment, at port 443 or above
    /// 1023; up to 2048 characters.
    url: String,
    /// Which events; all when null, left out or empty.
    actions: Option<Vec<AuditAction>>,
}

/// The webhook exists; what happens from now on is sent to it.
#[derive(SimpleObject)]
pub struct WebhookCreated {
    /// The webhook.
    webhook: Webhook,
    /// The secret that signs, `whsec_…`. It is shown this once.
    secret: String,
}

rejection! {
    /// No webhook was registered.
    CreateWebhookRejected,
    /// Why a webhook cannot be registered.
    CreateWebhookRejectionReason {
        /// The address may not be one; the message says why.
        UrlNotAllowed => "Webhooks are only sent to https addresses on the public internet.",
        /// The account has 10 webhooks.
        TooManyWebhooks => "An account has 10 webhooks at most. Delete one first.",
    } not_now
}

/// What `createWebhook` gives.
#[derive(Union)]
pub enum CreateWebhookResult {
    /// Registered.
    Created(WebhookCreated),
    /// Refused.
    Rejected(CreateWebhookRejected),
}

/// What to change about a webhook; what is left out stays.
#[derive(InputObject)]
pub struct UpdateWebhookInput {
    /// The webhook.
    webhook_id: ID,
    /// Another address, as for `createWebhook`.
    url: Option<String>,
    /// Other events; all when null or empty.
    actions: MaybeUndefined<Vec<AuditAction>>,
    /// Off, or on again. What happens while it is off is sent only when `replayWebhookDeliveries` is called.
    enabled: Option<bool>,
    /// The version that the viewer has seen: the change is refused when it has changed since. Whichever version it is when
    /// left out.
    version: Option<i64>,
}

/// The webhook is changed.
#[derive(SimpleObject)]
pub struct WebhookUpdated {
    /// The webhook.
    webhook: Webhook,
}

rejection! {
    /// The webhook is as it was.
    UpdateWebhookRejected,
    /// Why a webhook cannot be changed.
    UpdateWebhookRejectionReason {
        /// The address may not be one; the message says why.
        UrlNotAllowed => "Webhooks are only sent to https addresses on the public internet.",
        /// Somebody, or the gateway, has changed the webhook since the version that was given.
        ChangedMeanwhile => "This webhook has changed meanwhile. Look at it again.",
    } not_now
}

/// What `updateWebhook` gives.
#[derive(Union)]
pub enum UpdateWebhookResult {
    /// Changed.
    Updated(WebhookUpdated),
    /// Refused.
    Rejected(UpdateWebhookRejected),
}

/// The webhook to delete.
#[derive(InputObject)]
pub struct DeleteWebhookInput {
    /// The webhook.
    webhook_id: ID,
}

/// The webhook is gone; nothing is sent to it any more.
#[derive(SimpleObject)]
pub struct WebhookDeleted {
    /// The webhook that there was.
    webhook_id: ID,
    /// The account.
    account: Account,
}

rejection! {
    /// The webhook is as it was.
    DeleteWebhookRejected,
    /// Why a webhook cannot be deleted.
    DeleteWebhookRejectionReason {} not_now
}

/// What `deleteWebhook` gives.
#[derive(Union)]
pub enum DeleteWebhookResult {
    /// Deleted.
    Deleted(WebhookDeleted),
    /// Refused.
    Rejected(DeleteWebhookRejected),
}

/// The webhook to give another secret.
#[derive(InputObject)]
pub struct RotateWebhookSecretInput {
    /// The webhook.
    webhook_id: ID,
}

/// The webhook has another secret. Until `oldSecretUntil` messages carry two signatures, one by each.
#[derive(SimpleObject)]
pub struct WebhookSecretRotated {
    /// The webhook.
    webhook: Webhook,
    /// The new secret, `whsec_…`. It is shown this once.
    secret: String,
    /// Until when the old one signs as well: 24 hours.
    old_secret_until: DateTime,
}

rejection! {
    /// The secret is as it was.
    RotateWebhookSecretRejected,
    /// Why a secret cannot be replaced.
    RotateWebhookSecretRejectionReason {} not_now
}

/// What `rotateWebhookSecret` gives.
#[derive(Union)]
pub enum RotateWebhookSecretResult {
    /// Replaced.
    Rotated(WebhookSecretRotated),
    /// Refused.
    Rejected(RotateWebhookSecretRejected),
}

/// Mutations of webhooks.
#[derive(Default)]
pub struct WebhookMutation;

#[Object]
impl WebhookMutation {
    /// Has an account's audit events sent to an endpoint, as Standard Webhooks. Who may call: Owner or Admin of the account,
    /// and whoever holds WEBHOOKS_MANAGE and AUDIT_VIEW there. At most 10 an account. Asks for a fresh proof (`stepUp`).
    #[graphql(guard = "OnAccount::new(Action::ManageAccountWebhooks, &input.account_id)")]
    async fn create_webhook(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do, and with what.")] input: CreateWebhookInput,
    ) -> Result<CreateWebhookResult> {
        let request = request(ctx)?;
        let id = parse_id(&input.account_id, "accountId")?;
        let wanted = actions(input.actions);
        let outcome = request.services.create_webhook(&request.caller(), id, &input.url, wanted).await;
        use CreateWebhookRejectionReason as Reason;
        Ok(CreateWebhookResult::Rejected(match outcome.or_error(request)? {
            CreateWebhook::Created(webhook, secret) => {
                let webhook = Webhook::of(ctx, *webhook).await?;
                let secret = secret.expose_secret().to_owned();
                return Ok(CreateWebhookResult::Created(WebhookCreated { webhook, secret }));
            }
            CreateWebhook::NotNow(unready) => unready.into(),
            CreateWebhook::TooManyWebhooks => Reason::TooManyWebhooks.into(),
            CreateWebhook::Url(fault) => {
                let message = fault_message(fault).to_owned();
                CreateWebhookRejected { message, ..Reason::UrlNotAllowed.into() }
            }
        }))
    }

    /// Changes where a webhook goes and what it is for, switches it off, or on again after the gateway has switched it off.
    /// Who may call: Owner or Admin of the account, and whoever holds WEBHOOKS_MANAGE and AUDIT_VIEW there. Asks for a fresh
    /// proof (`stepUp`).
    #[graphql(guard = "OnWebhook::new(&input.webhook_id)")]
    async fn update_webhook(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do, and with what.")] input: UpdateWebhookInput,
    ) -> Result<UpdateWebhookResult> {
        let request = request(ctx)?;
        let id = parse_id(&input.webhook_id, "webhookId")?;
        let change = WebhookChange {
            url: input.url,
            actions: match input.actions {
                MaybeUndefined::Undefined => None,
                MaybeUndefined::Null => Some(None),
                MaybeUndefined::Value(given) => Some(actions(Some(given))),
            },
            enabled: input.enabled,
            version: input.version,
        };
        let outcome = request.services.update_webhook(&request.caller(), id, &change).await;
        use UpdateWebhookRejectionReason as Reason;
        Ok(UpdateWebhookResult::Rejected(match outcome.or_error(request)? {
            UpdateWebhook::Updated(webhook) => {
                let webhook = Webhook::of(ctx, *webhook).await?;
                return Ok(UpdateWebhookResult::Updated(WebhookUpdated { webhook }));
            }
            UpdateWebhook::NotNow(unready) => unready.into(),
            UpdateWebhook::ChangedMeanwhile => Reason::ChangedMeanwhile.into(),
            UpdateWebhook::Url(fault) => {
                let message = fault_message(fault).to_owned();
                UpdateWebhookRejected { message, ..Reason::UrlNotAllowed.into() }
            }
        }))
    }

    /// Deletes a webhook; nothing is sent to it any more, what waits included. Who may call: Owner or Admin of the account,
    /// and whoever holds WEBHOOKS_MANAGE and AUDIT_VIEW there. Asks for a fresh proof (`stepUp`).
    #[graphql(guard = "OnWebhook::new(&input.webhook_id)")]
    async fn delete_webhook(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do, and with what.")] input: DeleteWebhookInput,
    ) -> Result<DeleteWebhookResult> {
        let request = request(ctx)?;
        let id: domain::WebhookId = parse_id(&input.webhook_id, "webhookId")?;
        let outcome = request.services.delete_webhook(&request.caller(), id).await;
        Ok(match outcome.or_error(request)? {
            DeleteWebhook::Deleted(account) => DeleteWebhookResult::Deleted(WebhookDeleted {
                webhook_id: id.to_string().into(),
                account: Account::new(*account),
            }),
            DeleteWebhook::NotNow(unready) => DeleteWebhookResult::Rejected(unready.into()),
        })
    }

    /// Gives a webhook another secret. The old one signs beside it for 24 hours. Who may call: Owner or Admin of the account,
    /// and whoever holds WEBHOOKS_MANAGE and AUDIT_VIEW there. Asks for a fresh proof (`stepUp`).
    #[graphql(guard = "OnWebhook::new(&input.webhook_id)")]
    async fn rotate_webhook_secret(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do, and with what.")] input: RotateWebhookSecretInput,
    ) -> Result<RotateWebhookSecretResult> {
        let request = request(ctx)?;
        let id = parse_id(&input.webhook_id, "webhookId")?;
        let outcome = request.services.rotate_webhook_secret(&request.caller(), id).await;
        Ok(match outcome.or_error(request)? {
            RotateWebhookSecret::Rotated(webhook, secret, until) => {
                RotateWebhookSecretResult::Rotated(WebhookSecretRotated {
                    webhook: Webhook::of(ctx, *webhook).await?,
                    secret: secret.expose_secret().to_owned(),
                    old_secret_until: until.into(),
                })
            }
            RotateWebhookSecret::NotNow(unready) => RotateWebhookSecretResult::Rejected(unready.into()),
        })
    }
}
