//! Pages by key, never by offset: each page is one index range, as cheap deep in a list as at its start.

use bson::{Bson, Document, doc};
use mongodb::options::FindOptions;

use crate::domain::PageRequest;

/// A list's order: two fields, the second one unique within the first, both ascending or both descending.
#[derive(Debug, Clone, Copy)]
pub struct Order {
    /// The field that is sorted by.
    pub first: &'static str,
    /// The field that makes the order strict; the same as `first` where that one is unique.
    pub second: &'static str,
    /// Newest or highest first.
    pub descending: bool,
}

/// A place in a list: the values of the order's two fields.
#[derive(Debug, Clone, PartialEq)]
pub struct Place(pub Bson, pub Bson);

/// The smallest text that is greater than every text with this prefix.
pub fn prefix_end(prefix: &str) -> String {
    format!("{prefix}\u{10FFFF}")
}

/// Filter and options of the query for one page. `base` is an equality on the index's leading fields; it may narrow the
/// order's first field by `$gt` and `$lt`.
///
/// The range on `first` stands beside the tie-break instead of in an `$or` of two ranges, so that the planner sees one
/// interval of the index; only rows that share the boundary's `first` value are read in vain.
pub fn page_query(
    mut base: Document,
    order: Order,
    prefix: Option<&str>,
    request: &PageRequest<Place>,
) -> (Document, FindOptions) {
    let mut range = match base.remove(order.first) {
        Some(Bson::Document(narrowed)) => narrowed,
        _ => Document::new(),
    };
    if let Some(prefix) = prefix {
        range.insert("$gte", prefix);
        range.insert("$lt", prefix_end(prefix));
    }
    let mut ties = Vec::new();
    let mut bound = |place: &Place, comes_after: bool| {
        let up = comes_after != order.descending;
        // A cursor from outside the prefix must not widen it.
        if up && prefix.is_some_and(|prefix| place.0.as_str().is_some_and(|at| at < prefix)) {
            return;
        }
        let (inclusive, strict) = if up { ("$gte", "$gt") } else { ("$lte", "$lt") };
        if order.first == order.second {
            range.insert(strict, place.0.clone());
            return;
        }
        range.insert(inclusive, place.0.clone());
        ties.push(doc! { "$or": [
            { order.first: { strict: place.0.clone() } },
            { order.second: { strict: place.1.clone() } },
        ] });
    };
    if let Some(place) = &request.after {
        bound(place, true);
    }
    if let Some(place) = &request.before {
        bound(place, false);
    }
    let mut filter = base;
    if !range.is_empty() {
        filter.insert(order.first, range);
    }
    if !ties.is_empty() {
        filter.insert("$and", ties);
    }
    let direction = if order.descending == request.backward { 1 } else { -1 };
    let mut sort = doc! { order.first: direction };
    sort.insert(order.second, direction);
    // One more than asked for says whether more follows; the batch holds all of them, so there is no second round trip.
    let rows = request.limit.saturating_add(1);
    let options =
        FindOptions::builder().sort(sort).limit(i64::from(rows)).batch_size(rows.saturating_add(1)).build();
    (filter, options)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BY_NAME: Order = Order { first: "name_key", second: "_id", descending: false };
    const NEWEST: Order = Order { first: "_id", second: "_id", descending: true };

    #[test]
    fn a_forward_page_starts_strictly_after_its_cursor() {
        let request = PageRequest { after: Some(Place("b".into(), 2.into())), ..PageRequest::first(10) };
        let (filter, options) = page_query(doc! { "a": 1 }, BY_NAME, None, &request);
        let expected = doc! { "a": 1, "name_key": { "$gte": "b" }, "$and": [
            { "$or": [{ "name_key": { "$gt": "b" } }, { "_id": { "$gt": 2 } }] },
        ] };
        assert_eq!(filter, expected);
        assert_eq!(options.sort, Some(doc! { "name_key": 1, "_id": 1 }));
        assert_eq!(options.limit, Some(11));
    }

    #[test]
    fn a_backward_page_runs_the_other_way() {
        let request =
            PageRequest { before: Some(Place(7.into(), 7.into())), backward: true, ..PageRequest::first(1) };
        let (filter, options) = page_query(doc! {}, NEWEST, None, &request);
        assert_eq!(filter, doc! { "_id": { "$gt": 7 } });
        assert_eq!(options.sort, Some(doc! { "_id": 1 }));
    }

    #[test]
    fn a_cursor_narrows_what_is_narrowed_already() {
        let base = doc! { "a": 1, "name_key": { "$gt": "a", "$lt": "m" } };
        let request = PageRequest { after: Some(Place("z".into(), 1.into())), ..PageRequest::first(10) };
        let (filter, _) = page_query(base, BY_NAME, None, &request);
        assert_eq!(filter.get_document("name_key").unwrap(), &doc! { "$gt": "a", "$lt": "m", "$gte": "z" });
    }

    #[test]
    fn a_cursor_narrows_a_prefix() {
        let request = PageRequest { after: Some(Place("anb".into(), 1.into())), ..PageRequest::first(10) };
        let (filter, _) = page_query(doc! {}, BY_NAME, Some("an"), &request);
        assert_eq!(filter.get_document("name_key").unwrap(), &doc! { "$gte": "anb", "$lt": "an\u{10FFFF}" });
        let outside = PageRequest { after: Some(Place("aa".into(), 1.into())), ..PageRequest::first(10) };
        let (filter, _) = page_query(doc! {}, BY_NAME, Some("an"), &outside);
        assert_eq!(filter, doc! { "name_key": { "$gte": "an", "$lt": "an\u{10FFFF}" } });
    }
}
