//! What the membership collections share: pages of people, by name, searched by prefix.
//!
//! A search lists first whoever's name begins with the text, by name, then whoever only has an address that does, by
//! address. Whatever a list is narrowed by, each part of it is made of ranges of one index, and so is each page: where a
//! question leaves a leading field of the index open, the ranges of all its values are merged. What must not be listed by
//! address, since it was listed by name, is told by `alike` (see `domain::key::alike`), so that no page reads past it.

use bson::{Bson, Document, RawDocument, doc};
use futures_util::TryStreamExt;
use mongodb::Collection;
use mongodb::options::Hint;
use serde::Deserialize;

use super::StoreError;
use super::deadline::max_time;
use super::keyset::{Order, Place, any_of, page_query_of, prefix_range};
use super::raw;
use crate::domain::key::{ALIKE_MAX, EmailKey, alike};
use crate::domain::{Page, PageRequest, UserId};

const BY_NAME: Order = Order { first: "name_key", second: "user_id", descending: false };
/// No two people have the same address.
const BY_EMAIL: Order = Order { first: "email_key", second: "email_key", descending: false };

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

/// The fields of the indexes that serve the lists of people in one kind of place. The first field of each names the place.
pub(super) struct PeopleIndexes {
    /// …, `name_key`, `user_id`, and all that a page shows, so that it reads no document.
    pub by_name: &'static [&'static str],
    /// …, `mfa_enabled`, `name_key`, `user_id`.
    pub by_mfa: &'static [&'static str],
    /// …, `mfa_enabled`, `alike`, `email_key`.
    pub by_email: &'static [&'static str],
    /// Those for lists that may be narrowed by role.
    pub by_role: Option<RoleIndexes>,
}

/// The same, by role first.
pub(super) struct RoleIndexes {
    /// …, `role`, `mfa_enabled`, `name_key`, `user_id`.
    pub by_name: &'static [&'static str],
    /// …, `role`, `mfa_enabled`, `alike`, `email_key`.
    pub by_email: &'static [&'static str],
}

/// An index's key, ascending.
pub(super) fn ascending(fields: &[&str]) -> Document {
    fields.iter().map(|field| ((*field).to_owned(), Bson::Int32(1))).collect()
}

/// Whom a list or a count is about.
pub(super) struct People<'a> {
    /// The memberships.
    pub docs: &'a Collection<Document>,
    /// The indexes for this kind of place.
    pub indexes: &'static PeopleIndexes,
    /// The place: an equality on the first field of the indexes.
    pub place: Document,
    /// What a row shows.
    pub fields: Document,
    /// Only these roles; empty for all.
    pub roles: Vec<&'static str>,
    /// Only with or without MFA.
    pub mfa_enabled: Option<bool>,
    /// A prefix of the name or of the address, already a key.
    pub search: Option<&'a str>,
}

/// Every combination of the points with the values of one more field.
fn with_each(points: Vec<Document>, field: &str, values: &[Bson]) -> Vec<Document> {
    let with = |point: &Document, value: &Bson| {
        let mut point = point.clone();
        point.insert(field, value.clone());
        point
    };
    points.iter().flat_map(|point| values.iter().map(move |value| with(point, value))).collect()
}

fn place_in(part: Part, place: Option<&PersonPlace>) -> Option<Place> {
    match (part, place) {
        (Part::Name, Some(PersonPlace::Name(key, id))) => Some(Place(key.as_str().into(), (*id).into())),
        (Part::Email, Some(PersonPlace::Email(key, _))) => {
            Some(Place(key.as_str().into(), key.as_str().into()))
        }
        _ => None,
    }
}

/// How much a name and an address begin alike, as stored.
pub(super) fn alike_of(name_key: &str, email: &EmailKey) -> i32 {
    i32::try_from(alike(name_key, email)).unwrap_or(i32::MAX)
}

impl People<'_> {
    /// The index that serves a part, and the points of it that hold the part.
    fn points(&self, part: Part) -> (Hint, Vec<Document>) {
        let by_role = self.indexes.by_role.as_ref().filter(|_| !self.roles.is_empty());
        let mut points = vec![self.place.clone()];
        if by_role.is_some() {
            let roles: Vec<Bson> = self.roles.iter().map(|role| Bson::from(*role)).collect();
            points = with_each(points, "role", &roles);
        }
        let index = match (part, by_role) {
            (Part::Name, Some(by_role)) => by_role.by_name,
            (Part::Email, Some(by_role)) => by_role.by_email,
            (Part::Email, None) => self.indexes.by_email,
            (Part::Name, None) if self.mfa_enabled.is_some() => self.indexes.by_mfa,
            (Part::Name, None) => self.indexes.by_name,
        };
        if by_role.is_some() || part == Part::Email || self.mfa_enabled.is_some() {
            let either = [Bson::Boolean(false), Bson::Boolean(true)];
            let only = self.mfa_enabled.map(|enabled| vec![Bson::Boolean(enabled)]);
            points = with_each(points, "mfa_enabled", only.as_deref().unwrap_or(&either));
        }
        if let (Part::Email, Some(prefix)) = (part, self.search) {
            // Below the bound `alike` says it all. Absent, it was written by an earlier version; then, and at the bound,
            // the name itself is looked at.
            let shorter = prefix.chars().count().min(ALIKE_MAX.saturating_add(1));
            let values: Vec<Bson> = (0..shorter)
                .map(|alike| i32::try_from(alike).map_or(Bson::Null, Bson::Int32))
                .chain([Bson::Null])
                .collect();
            points = with_each(points, "alike", &values);
            for point in &mut points {
                point.insert("name_key", doc! { "$not": prefix_range(prefix) });
            }
        }
        (Hint::Keys(ascending(index)), points)
    }

    /// One page, in the order that the file's head describes.
    pub async fn page<T>(
        &self,
        request: &PageRequest<PersonPlace>,
        read: impl Fn(&RawDocument, bool) -> Result<T, StoreError>,
    ) -> Result<Page<T>, StoreError> {
        let parts: &[Part] = match (self.search, request.backward) {
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
            let part_request = PageRequest {
                after: place_in(part, request.after.as_ref()),
                before: place_in(part, request.before.as_ref()),
                limit: u32::try_from(missing.saturating_sub(1)).unwrap_or(u32::MAX),
                backward: request.backward,
            };
            let (index, points) = self.points(part);
            let order = if part == Part::Name { BY_NAME } else { BY_EMAIL };
            let (filter, options) = page_query_of(&points, order, self.search, &part_request);
            let cursor = self
                .docs
                .find(filter)
                .with_options(options)
                .hint(index)
                .projection(self.fields.clone())
                .max_time(max_time())
                .await?;
            rows.extend(raw::rows(cursor, |row| read(row, part == Part::Email)).await?);
        }
        Ok(Page::from_rows(rows, request))
    }

    /// What each part of the answer is: its index and its filter.
    fn counted(&self) -> Vec<(Hint, Document)> {
        let parts: &[Part] = if self.search.is_some() { &[Part::Name, Part::Email] } else { &[Part::Name] };
        let filter = |part: &Part| {
            let (index, points) = self.points(*part);
            let field = if *part == Part::Name { "name_key" } else { "email_key" };
            let range = self.search.map(|prefix| doc! { field: prefix_range(prefix) }).unwrap_or_default();
            (index, any_of(&points, &[range]))
        };
        parts.iter().map(filter).collect()
    }

    /// How many memberships there are, counted up to `bound`.
    pub async fn count(&self, bound: u64) -> Result<u64, StoreError> {
        let mut count = 0_u64;
        for (index, filter) in self.counted() {
            let rest = bound.saturating_sub(count);
            if rest > 0 {
                let counting = self.docs.count_documents(filter).hint(index).limit(rest);
                count = count.saturating_add(counting.max_time(max_time()).await?);
            }
        }
        Ok(count)
    }

    /// How many people there are, each once, among the first memberships up to `bound`.
    pub async fn count_once_each(&self, bound: u64) -> Result<u64, StoreError> {
        #[derive(Deserialize)]
        struct Counted {
            people: i64,
            memberships: i64,
        }
        let (mut people, mut rest) = (0_i64, i64::try_from(bound).unwrap_or(i64::MAX));
        for (index, filter) in self.counted() {
            if rest <= 0 {
                break;
            }
            let pipeline = [
                doc! { "$match": filter },
                doc! { "$limit": rest },
                doc! { "$group": { "_id": "$user_id", "memberships": { "$sum": 1_i64 } } },
                doc! { "$group": { "_id": null, "people": { "$sum": 1_i64 }, "memberships": { "$sum": "$memberships" } } },
            ];
            let counting =
                self.docs.aggregate(pipeline).hint(index).max_time(max_time()).with_type::<Counted>();
            if let Some(counted) = counting.await?.try_next().await? {
                people = people.saturating_add(counted.people);
                rest = rest.saturating_sub(counted.memberships);
            }
        }
        Ok(u64::try_from(people).unwrap_or(0))
    }
}
