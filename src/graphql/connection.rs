//! Relay's cursor connections: page arguments, opaque cursors, page info, totals that are counted only when selected.
//!
//! A cursor says which kind of list it belongs to and in which version of this format; nothing else is read from it.

use std::sync::Arc;

use async_graphql::{Context, Result, SimpleObject};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::future::BoxFuture;

use super::context::request;
use super::error::bad_input;
use super::loader::apart;
use crate::domain::page::{PAGE_DEFAULT, PAGE_MAX};
use crate::domain::{Page, PageRequest};
use crate::service::{Caller, Error, Services};

/// Where a page stands in its list.
#[derive(SimpleObject, Debug, Clone, Default)]
pub struct PageInfo {
    /// Whether more comes after this page: ask with `after: endCursor`.
    has_next_page: bool,
    /// Whether more comes before this page: ask with `before: startCursor`.
    has_previous_page: bool,
    /// The first edge's cursor; null on an empty page.
    start_cursor: Option<String>,
    /// The last edge's cursor; null on an empty page.
    end_cursor: Option<String>,
}

/// The kinds of lists; a cursor of one means nothing in another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum List {
    /// `Account.users`.
    AccountUsers,
    /// `Portfolio.users`.
    PortfolioUsers,
    /// `Portfolio.accountUsers`.
    PortfolioAccountUsers,
    /// `Portfolio.accounts`.
    PortfolioAccounts,
    /// `Viewer.accounts`.
    ViewerAccounts,
    /// `Viewer.portfolios`.
    ViewerPortfolios,
    /// `Viewer.sessions`.
    Sessions,
    /// `Account.mfaResets` and `Portfolio.mfaResets`.
    MfaResets,
    /// `Account.invitations`.
    Invitations,
    /// `Account.auditLog` and `Portfolio.auditLog`.
    AuditLog,
    /// `Account.customRoles`.
    CustomRoles,
    /// `Webhook.deliveries`.
    WebhookDeliveries,
}

impl List {
    const fn tag(self) -> &'static str {
        match self {
            Self::AccountUsers => "au",
            Self::PortfolioUsers => "pu",
            Self::PortfolioAccountUsers => "pau",
            Self::PortfolioAccounts => "pa",
            Self::ViewerAccounts => "va",
            Self::ViewerPortfolios => "vp",
            Self::Sessions => "s",
            Self::MfaResets => "r",
            Self::Invitations => "i",
            Self::AuditLog => "al",
            Self::CustomRoles => "cr",
            Self::WebhookDeliveries => "wd",
        }
    }
}

/// The format of cursors that this version writes and reads.
const CURSOR_VERSION: u8 = 1;
/// Longer texts are no cursors of ours: a name's key has at most a few hundred characters.
const CURSOR_MAX: usize = 4096;

/// A place in a list, as the parts of a cursor.
pub trait CursorPlace: Sized {
    /// The parts.
    fn parts(&self) -> Vec<String>;
    /// The place, if these are the parts of one.
    fn from_parts(parts: &[String]) -> Option<Self>;
}

/// A place in a list as opaque text.
pub fn cursor(list: List, place: &impl CursorPlace) -> String {
    let json = serde_json::json!([CURSOR_VERSION, list.tag(), place.parts()]);
    URL_SAFE_NO_PAD.encode(json.to_string())
}

fn read_cursor<C: CursorPlace>(list: List, text: &str) -> Option<C> {
    if text.len() > CURSOR_MAX {
        return None;
    }
    let json = URL_SAFE_NO_PAD.decode(text).ok()?;
    let (version, tag, parts): (u8, String, Vec<String>) = serde_json::from_slice(&json).ok()?;
    (version == CURSOR_VERSION && tag == list.tag()).then(|| C::from_parts(&parts)).flatten()
}

/// The arguments of every connection, as given.
#[derive(Debug, Clone, Default)]
pub struct PageArgs {
    /// `first`.
    pub first: Option<i32>,
    /// `after`.
    pub after: Option<String>,
    /// `last`.
    pub last: Option<i32>,
    /// `before`.
    pub before: Option<String>,
}

fn size(argument: &str, value: i32) -> Result<u32> {
    (u32::try_from(value).ok().filter(|value| *value <= PAGE_MAX))
        .ok_or_else(|| bad_input(argument, &format!("a number from 0 to {PAGE_MAX}")))
}

impl PageArgs {
    /// Checks the arguments for one kind of list.
    pub fn check<C: CursorPlace>(&self, list: List) -> Result<PageRequest<C>> {
        let (limit, backward) = match (self.first, self.last) {
            (Some(_), Some(_)) => return Err(bad_input("first", "either first or last, not both")),
            (None, Some(last)) => (size("last", last)?, true),
            (Some(first), None) => (size("first", first)?, false),
            (None, None) => (PAGE_DEFAULT, false),
        };
        let read = |argument, text: &Option<String>| match text {
            None => Ok(None),
            Some(text) => (read_cursor(list, text).map(Some))
                .ok_or_else(|| bad_input(argument, "a cursor that this list gave")),
        };
        Ok(PageRequest {
            after: read("after", &self.after)?,
            before: read("before", &self.before)?,
            limit,
            backward,
        })
    }
}

/// A page with the cursors of its items.
pub struct Paged<T> {
    /// The items, each with its cursor.
    pub items: Vec<(T, String)>,
    /// Where the page stands.
    pub info: PageInfo,
}

/// Gives every item of a page its cursor.
pub fn paged<T, C: CursorPlace>(list: List, page: Page<(T, C)>) -> Paged<T> {
    let (has_next_page, has_previous_page) = (page.has_next, page.has_previous);
    let items: Vec<(T, String)> =
        page.items.into_iter().map(|(item, place)| (item, cursor(list, &place))).collect();
    let info = PageInfo {
        has_next_page,
        has_previous_page,
        start_cursor: items.first().map(|(_, cursor)| cursor.clone()),
        end_cursor: items.last().map(|(_, cursor)| cursor.clone()),
    };
    Paged { items, info }
}

type Counting = BoxFuture<'static, std::result::Result<u64, Error>>;

/// A total that is counted when it is asked for.
#[derive(Clone)]
pub struct Total(Arc<dyn Fn(Services, Arc<Caller>) -> Counting + Send + Sync>);

impl Total {
    /// A total that this counts.
    pub fn new<F, Fut>(count: F) -> Self
    where
        F: Fn(Services, Arc<Caller>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = std::result::Result<u64, Error>> + Send + 'static,
    {
        Self(Arc::new(move |services, caller| Box::pin(count(services, caller))))
    }

    /// Counts.
    pub async fn count(&self, ctx: &Context<'_>) -> Result<i32> {
        let request = request(ctx)?;
        let counted = apart(request, (self.0)(request.services.clone(), request.caller())).await?;
        Ok(i32::try_from(counted).unwrap_or(i32::MAX))
    }
}

/// Declares a connection and its edge. What belongs to the relation rather than to the object stands on the edge.
#[macro_export]
macro_rules! connection {
    (
        $(#[$doc:meta])* $connection:ident {
            $(#[$total_doc:meta])* total_count,
        }
        $(#[$edge_doc:meta])* $edge:ident {
            $(#[$node_doc:meta])* node: $node:ty,
            $($(#[$field_doc:meta])* $field:ident: $type:ty,)*
        }
    ) => {
        $(#[$edge_doc])*
        #[derive(async_graphql::SimpleObject)]
        pub struct $edge {
            /// Where the edge stands in the list; opaque.
            pub cursor: String,
            $(#[$node_doc])*
            pub node: $node,
            $($(#[$field_doc])* pub $field: $type,)*
        }

        impl $crate::graphql::ready::AtOnce for $edge {
            fn at_once(
                &self,
                ctx: &async_graphql::ContextSelectionSet<'_>,
            ) -> Option<async_graphql::Value> {
                use $crate::graphql::ready;
                ready::object::<Self>(ctx, |field, below| match field {
                    "node" => self.node.at_once(below),
                    "cursor" => Some(self.cursor.as_str().into()),
                    $(field if ready::is(stringify!($field), field) => self.$field.at_once(below),)*
                    _ => None,
                })
            }
        }

        $(#[$doc])*
        pub struct $connection {
            edges: Vec<$edge>,
            page_info: $crate::graphql::connection::PageInfo,
            total: $crate::graphql::connection::Total,
        }

        impl $connection {
            /// A page of edges.
            pub fn new(
                edges: Vec<$edge>,
                page_info: $crate::graphql::connection::PageInfo,
                total: $crate::graphql::connection::Total,
            ) -> Self {
                Self { edges, page_info, total }
            }
        }

        $(#[$doc])*
        #[async_graphql::Object]
        impl $connection {
            /// The page, in the list's own order.
            fn edges(&self) -> $crate::graphql::ready::Ready<'_, Vec<$edge>> {
                $crate::graphql::ready::Ready(&self.edges)
            }

            /// Where the page stands in the list.
            fn page_info(&self) -> &$crate::graphql::connection::PageInfo {
                &self.page_info
            }

            $(#[$total_doc])*
            async fn total_count(
                &self,
                ctx: &async_graphql::Context<'_>,
            ) -> async_graphql::Result<i32> {
                self.total.count(ctx).await
            }
        }
    };
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::*;
    use crate::domain::MfaResetId;
    use crate::domain::UserId;
    use crate::service::directory::PersonPlace;
    use crate::service::directory::security::AuditPlace;
    use time::macros::datetime;

    fn person() -> PersonPlace {
        PersonPlace::Name("ana maría|\"x\"".into(), UserId::generate(datetime!(2026-11-24 12:00 UTC)))
    }

    fn check(args: PageArgs) -> Result<PageRequest<PersonPlace>> {
        args.check(List::AccountUsers)
    }

    fn message(args: PageArgs) -> String {
        check(args).unwrap_err().message
    }

    #[test]
    fn cursors_come_back_as_they_were() {
        let place = person();
        let after = Some(cursor(List::AccountUsers, &place));
        let request = check(PageArgs { after, ..Default::default() }).unwrap();
        assert_eq!(request.after, Some(place));
        assert_eq!((request.limit, request.backward), (25, false));
    }

    #[test]
    fn cursors_of_a_log_come_back_as_they_were() {
        let at = datetime!(2026-11-24 12:00:00.123 UTC);
        let place = AuditPlace(at, crate::domain::AuditEventId::generate(at));
        let read: Option<AuditPlace> = read_cursor(List::AuditLog, &cursor(List::AuditLog, &place));
        assert_eq!(read, Some(place));
        let far = vec![i64::MAX.to_string(), place.1.to_string()];
        assert_eq!(AuditPlace::from_parts(&far), None);
    }

    #[test]
    fn a_cursor_of_another_list_is_refused_by_argument() {
        let foreign = Some(cursor(List::PortfolioUsers, &person()));
        let args = PageArgs { after: foreign.clone(), ..Default::default() };
        assert_eq!(message(args), "after: expected a cursor that this list gave");
        let args = PageArgs { before: foreign, last: Some(1), ..Default::default() };
        assert_eq!(message(args), "before: expected a cursor that this list gave");
    }

    #[test]
    fn what_is_no_cursor_is_refused() {
        let id = MfaResetId::generate(datetime!(2026-11-24 12:00 UTC));
        let other_version =
            URL_SAFE_NO_PAD.encode(serde_json::json!([2, "au", person().parts()]).to_string());
        let other_parts = cursor(List::AccountUsers, &id);
        for text in
            ["", "x", "é", "bm90IGpzb24", other_version.as_str(), other_parts.as_str(), &"A".repeat(5000)]
        {
            let args = PageArgs { after: Some(text.to_owned()), ..Default::default() };
            assert_eq!(message(args), "after: expected a cursor that this list gave", "{text:.20}");
        }
    }

    #[test]
    fn sizes_are_bounded() {
        let first = |first| PageArgs { first: Some(first), ..Default::default() };
        let last = |last| PageArgs { last: Some(last), ..Default::default() };
        assert_eq!(check(first(0)).unwrap().limit, 0);
        assert_eq!(check(first(100)).unwrap().limit, 100);
        assert!(check(last(100)).unwrap().backward);
        assert_eq!(message(first(101)), "first: expected a number from 0 to 100");
        assert_eq!(message(first(-1)), "first: expected a number from 0 to 100");
        assert_eq!(message(last(-1)), "last: expected a number from 0 to 100");
        assert_eq!(message(last(101)), "last: expected a number from 0 to 100");
        let both = PageArgs { first: Some(1), last: Some(1), ..Default::default() };
        assert_eq!(message(both), "first: expected either first or last, not both");
    }
}
