//! What the membership collections share: pages of people, by name, searched by prefix.
//!
//! A search lists first whoever's name begins with the text, by name, then whoever only has an address that does, by
//! address: each part is one index range, and so is each page of it.

use bson::{Document, doc};
use futures_util::TryStreamExt;
use mongodb::Collection;
use serde::de::DeserializeOwned;

use super::StoreError;
use super::keyset::{Order, Place, page_query, prefix_end};
use super::mongo::MAX_TIME;
use crate::domain::{Page, PageRequest, UserId};

pub(super) const BY_NAME: Order = Order { first: "name_key", second: "user_id", descending: false };
const BY_EMAIL: Order = Order { first: "email_key", second: "user_id", descending: false };

/// A place in a list of people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PersonPlace {
    /// Among those listed by name.
    Name(String, UserId),
    /// Among those that a search found by address only.
    Email(String, UserId),
}

/// The part of a search's result that a query gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Name,
    Email,
}

fn place_in(part: Part, place: Option<&PersonPlace>) -> Option<Place> {
    match (part, place) {
        (Part::Name, Some(PersonPlace::Name(key, id))) | (Part::Email, Some(PersonPlace::Email(key, id))) => {
            Some(Place(key.as_str().into(), (*id).into()))
        }
        _ => None,
    }
}

/// One page of the members that `base` selects, in the order that the file's head describes. `fields` is what a row shows.
pub(super) async fn page_of_people<D: DeserializeOwned + Send + Sync + Unpin, T>(
    docs: &Collection<Document>,
    base: &Document,
    search: Option<&str>,
    request: &PageRequest<PersonPlace>,
    fields: Document,
    convert: impl Fn(D, bool) -> T,
) -> Result<Page<T>, StoreError> {
    let parts: &[Part] = match (search, request.backward) {
        (None, _) => &[Part::Name],
        (Some(_), false) => &[Part::Name, Part::Email],
        (Some(_), true) => &[Part::Email, Part::Name],
    };
    let wanted = usize::try_from(request.limit).unwrap_or(usize::MAX).saturating_add(1);
    let mut rows = Vec::new();
    for &part in parts {
        // A cursor in the later part rules the earlier one out, and the other way round.
        let starts_later = part == Part::Name && matches!(request.after, Some(PersonPlace::Email(..)));
        let ends_earlier = part == Part::Email && matches!(request.before, Some(PersonPlace::Name(..)));
        let missing = wanted.saturating_sub(rows.len());
        if starts_later || ends_earlier || missing == 0 {
            continue;
        }
        let mut base = base.clone();
        let order = match part {
            Part::Name => BY_NAME,
            Part::Email => {
                let prefix = search.unwrap_or_default();
                // Whoever the first part listed by name is not listed again.
                base.insert("name_key", doc! { "$not": { "$gte": prefix, "$lt": prefix_end(prefix) } });
                BY_EMAIL
            }
        };
        let part_request = PageRequest {
            after: place_in(part, request.after.as_ref()),
            before: place_in(part, request.before.as_ref()),
            limit: u32::try_from(missing.saturating_sub(1)).unwrap_or(u32::MAX),
            backward: request.backward,
        };
        let (filter, options) = page_query(base, order, search, &part_request);
        let cursor = docs
            .clone_with_type::<D>()
            .find(filter)
            .with_options(options)
            .projection(fields.clone())
            .max_time(MAX_TIME)
            .await?;
        let found: Vec<D> = cursor.try_collect().await?;
        rows.extend(found.into_iter().map(|doc| convert(doc, part == Part::Email)));
    }
    Ok(Page::from_rows(rows, request))
}

/// How many members `base` and the search select, counted up to `bound`.
pub(super) async fn count_people(
    docs: &Collection<Document>,
    base: &Document,
    search: Option<&str>,
    bound: u64,
) -> Result<u64, StoreError> {
    let mut filter = base.clone();
    if let Some(prefix) = search {
        let range = doc! { "$gte": prefix, "$lt": prefix_end(prefix) };
        // Each branch carries the equality, so that each is one range of its own index.
        let mut by_name = filter.clone();
        by_name.insert("name_key", range.clone());
        let mut by_email = filter;
        by_email.insert("email_key", range);
        filter = doc! { "$or": [by_name, by_email] };
    }
    Ok(docs.count_documents(filter).limit(bound).max_time(MAX_TIME).await?)
}
