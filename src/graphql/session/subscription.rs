//! The gateway's clock, ticking: for clients to check their socket, and for count-downs that a device's own clock would
//! get wrong.

use std::time::Duration;

use async_graphql::{Context, Result, Subscription};
use futures_util::{Stream, StreamExt};
use tokio_stream::wrappers::IntervalStream;

use crate::graphql::context::request;
use crate::graphql::error::bad_input;
use crate::graphql::scalar::DateTime;

/// Most ticks of one subscription: an hour.
const TICKS_MAX: i32 = 3600;

/// The subscription to the clock.
#[derive(Default)]
pub struct ServerTimeSubscription;

#[Subscription]
impl ServerTimeSubscription {
    /// The gateway's time, once a second, beginning at once. Ends after `count` ticks; an hour's worth when left out.
    /// Who may call: anybody.
    async fn server_time(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many ticks, 1 to 3600.")] count: Option<i32>,
    ) -> Result<impl Stream<Item = DateTime> + use<>> {
        let count = count.unwrap_or(TICKS_MAX);
        if !(1..=TICKS_MAX).contains(&count) {
            return Err(bad_input("count", "a number from 1 to 3600"));
        }
        let services = request(ctx)?.services.clone();
        let ticks = IntervalStream::new(tokio::time::interval(Duration::from_secs(1)));
        let count = usize::try_from(count).unwrap_or(1);
        Ok(ticks.take(count).map(move |_| services.clock_now().into()))
    }
}
