//! The deliveries of a webhook.

use std::sync::Arc;

use async_graphql::{Context, Result};

use super::WebhookDelivery;
use crate::connection;
use crate::domain;
use crate::domain::DeliveryState;
use crate::graphql::connection::{List, PageArgs, Total, paged};
use crate::graphql::context::request;
use crate::graphql::loader::apart;

connection! {
    /// Deliveries of a webhook, newest first. Who may see it: whoever may see the webhook.
    WebhookDeliveryConnection {
        /// How many there are on all pages, counted up to 10,000. Counted only when selected.
        total_count,
    }
    /// A delivery of a webhook.
    WebhookDeliveryEdge {
        /// The delivery.
        node: WebhookDelivery,
    }
}

/// A page of a webhook's deliveries, for whoever was found to be allowed to see it.
pub async fn deliveries(
    ctx: &Context<'_>,
    of: (Arc<domain::Webhook>, Arc<domain::Account>),
    states: Vec<DeliveryState>,
    page: PageArgs,
) -> Result<WebhookDeliveryConnection> {
    let request = request(ctx)?;
    let wanted = page.check(List::WebhookDeliveries)?;
    let (services, caller) = (request.services.clone(), request.caller());
    let ((webhook, account), only) = (of.clone(), states.clone());
    let found = apart(request, async move {
        services.list_webhook_deliveries(&caller, (&webhook, &account), &only, &wanted).await
    })
    .await?;
    let page = paged(
        List::WebhookDeliveries,
        found.map(|delivery| {
            let id = delivery.id;
            (delivery, id)
        }),
    );
    let edges = page
        .items
        .into_iter()
        .map(|(delivery, cursor)| WebhookDeliveryEdge { cursor, node: WebhookDelivery::new(delivery) });
    let total = Total::new(move |services, caller| {
        let ((webhook, account), states) = (of.clone(), states.clone());
        async move { services.count_webhook_deliveries(&caller, (&webhook, &account), &states).await }
    });
    Ok(WebhookDeliveryConnection::new(edges.collect(), page.info, total))
}
