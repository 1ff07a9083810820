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
/// order's first field as well.
pub fn page_query(
    base: Document,
    order: Order,
    prefix: Option<&str>,
    request: &PageRequest<Place>,
) -> (Document, FindOptions) {
    page_query_of(&[base], order, prefix, request)
}

/// The same over several points of an index at once, each an equality on its leading fields: MongoDB merges their ranges.
///
/// A page reads no row in vain, however many rows share the boundary's `first` value: each of its ranges is one interval
/// of the index. Every branch of the `$or` is spelled out, since MongoDB merges by order only branches that are one
/// interval each; an `$in` inside one would make it sort in memory.
pub fn page_query_of(
    points: &[Document],
    order: Order,
    prefix: Option<&str>,
    request: &PageRequest<Place>,
) -> (Document, FindOptions) {
    let direction = if order.descending == request.backward { 1 } else { -1 };
    let mut sort = doc! { order.first: direction };
    sort.insert(order.second, direction);
    // One more than asked for says whether more follows; the batch holds all of them, so there is no second round trip.
    let rows = request.limit.saturating_add(1);
    let options =
        FindOptions::builder().sort(sort).limit(i64::from(rows)).batch_size(rows.saturating_add(1)).build();
    (any_of(points, &intervals(order, prefix, request)), options)
}

/// What stands at any of these points and in any of these ranges. A point may narrow a range's field already: then both
/// hold, and no cursor widens what was asked for.
pub fn any_of(points: &[Document], ranges: &[Document]) -> Document {
    let mut branches: Vec<Document> = Vec::with_capacity(points.len().saturating_mul(ranges.len()));
    for point in points {
        for range in ranges {
            let mut branch = point.clone();
            let mut narrowed = Vec::new();
            for (field, interval) in range.clone() {
                if let Some(already) = branch.insert(field.clone(), interval) {
                    narrowed.push(doc! { field: already });
                }
            }
            if !narrowed.is_empty() {
                branch.insert("$and", narrowed);
            }
            branches.push(branch);
        }
    }
    match branches.as_slice() {
        [only] => only.clone(),
        _ => doc! { "$or": branches },
    }
}

/// The range of a prefix.
pub fn prefix_range(prefix: &str) -> Document {
    doc! { "$gte": prefix, "$lt": prefix_end(prefix) }
}

/// The intervals of one page: what lies between the cursors, and what shares the `first` value of either.
fn intervals(order: Order, prefix: Option<&str>, request: &PageRequest<Place>) -> Vec<Document> {
    let (low, high) = match order.descending {
        false => (request.after.as_ref(), request.before.as_ref()),
        true => (request.before.as_ref(), request.after.as_ref()),
    };
    let mut between = prefix.map(prefix_range).unwrap_or_default();
    let mut ties = Vec::new();
    let strict = order.first == order.second;
    let outside =
        |place: &Place| prefix.is_some_and(|p| place.0.as_str().is_some_and(|at| !at.starts_with(p)));
    let before_prefix = |place: &Place| prefix.zip(place.0.as_str()).is_some_and(|(p, at)| at < p);
    if let Some(Place(first, second)) = low.filter(|place| !before_prefix(place)) {
        between.remove("$gte");
        between.insert("$gt", first.clone());
        ties.push((first, doc! { "$gt": second.clone() }));
    }
    // A cursor from outside the prefix must not widen it.
    if let Some(Place(first, second)) = high.filter(|place| !outside(place) || before_prefix(place)) {
        between.insert("$lt", first.clone());
        ties.push((first, doc! { "$lt": second.clone() }));
    }
    if let ([(a, above), (b, below)], false) = (ties.as_slice(), strict)
        && a == b
    {
        let mut within = above.clone();
        within.extend(below.clone());
        return vec![doc! { order.first: (*a).clone(), order.second: within }];
    }
    let whole = between.is_empty();
    let mut intervals = vec![if whole {
        Document::new()
    } else {
        doc! { order.first: between }
    }];
    if !strict && !crossed(low, high) {
        let inside = ties.into_iter().filter(|(first, _)| !outside(&Place((*first).clone(), Bson::Null)));
        intervals.extend(inside.map(|(first, tie)| doc! { order.first: first.clone(), order.second: tie }));
    }
    intervals
}

/// Whether a list's end was asked for before its start.
fn crossed(low: Option<&Place>, high: Option<&Place>) -> bool {
    let text = |place: Option<&Place>| place.and_then(|place| place.0.as_str()).map(str::to_owned);
    text(low).zip(text(high)).is_some_and(|(low, high)| low > high)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BY_NAME: Order = Order { first: "name_key", second: "_id", descending: false };
    const NEWEST: Order = Order { first: "_id", second: "_id", descending: true };

    fn between(after: Option<(&str, i32)>, before: Option<(&str, i32)>) -> PageRequest<Place> {
        let place = |(key, id): (&str, i32)| Place(key.into(), id.into());
        PageRequest { after: after.map(place), before: before.map(place), ..PageRequest::first(10) }
    }

    #[test]
    fn a_forward_page_starts_strictly_after_its_cursor() {
        let (filter, options) = page_query(doc! { "a": 1 }, BY_NAME, None, &between(Some(("b", 2)), None));
        let expected = doc! { "$or": [
            { "a": 1, "name_key": { "$gt": "b" } },
            { "a": 1, "name_key": "b", "_id": { "$gt": 2 } },
        ] };
        assert_eq!(filter, expected);
        assert_eq!(options.sort, Some(doc! { "name_key": 1, "_id": 1 }));
        assert_eq!(options.limit, Some(11));
    }

    #[test]
    fn two_cursors_make_three_ranges_or_one() {
        let both = between(Some(("b", 2)), Some(("d", 4)));
        let expected = [
            doc! { "name_key": { "$gt": "b", "$lt": "d" } },
            doc! { "name_key": "b", "_id": { "$gt": 2 } },
            doc! { "name_key": "d", "_id": { "$lt": 4 } },
        ];
        assert_eq!(intervals(BY_NAME, None, &both), expected);
        let same = between(Some(("b", 2)), Some(("b", 4)));
        assert_eq!(
            intervals(BY_NAME, None, &same),
            [doc! { "name_key": "b", "_id": { "$gt": 2, "$lt": 4 } }]
        );
        let crossed = between(Some(("d", 4)), Some(("b", 2)));
        assert_eq!(intervals(BY_NAME, None, &crossed), [doc! { "name_key": { "$gt": "d", "$lt": "b" } }]);
    }

    #[test]
    fn several_points_are_spelled_out() {
        let points = [doc! { "a": 1 }, doc! { "a": 2 }];
        let (filter, _) = page_query_of(&points, BY_NAME, Some("an"), &PageRequest::first(10));
        let range = doc! { "$gte": "an", "$lt": "an\u{10FFFF}" };
        let branches = [doc! { "a": 1, "name_key": range.clone() }, doc! { "a": 2, "name_key": range }];
        assert_eq!(filter, doc! { "$or": branches.to_vec() });
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
        let base = doc! { "a": 1, "_id": { "$gt": 3, "$lt": 7 } };
        let request = PageRequest { after: Some(Place(9.into(), 9.into())), ..PageRequest::first(10) };
        let (filter, _) = page_query(base, NEWEST, None, &request);
        let expected = doc! { "a": 1, "_id": { "$lt": 9 }, "$and": [{ "_id": { "$gt": 3, "$lt": 7 } }] };
        assert_eq!(filter, expected);
    }

    #[test]
    fn a_cursor_narrows_a_prefix() {
        let prefixed = |after: Option<(&str, i32)>, before: Option<(&str, i32)>| {
            intervals(BY_NAME, Some("an"), &between(after, before))
        };
        let whole = doc! { "name_key": { "$gte": "an", "$lt": "an\u{10FFFF}" } };
        let expected = [
            doc! { "name_key": { "$lt": "an\u{10FFFF}", "$gt": "anb" } },
            doc! { "name_key": "anb", "_id": { "$gt": 1 } },
        ];
        assert_eq!(prefixed(Some(("anb", 1)), None), expected);
        // A cursor from outside neither widens it nor brings in its own equals.
        assert_eq!(prefixed(Some(("aa", 1)), None), vec![whole.clone()]);
        assert_eq!(prefixed(None, Some(("b", 1))), [whole]);
        assert_eq!(
            prefixed(Some(("b", 1)), None),
            [doc! { "name_key": { "$lt": "an\u{10FFFF}", "$gt": "b" } }]
        );
        assert_eq!(prefixed(None, Some(("aa", 1))), [doc! { "name_key": { "$gte": "an", "$lt": "aa" } }]);
    }
}
