//! Pages of lists, forward and backward (Relay's cursor connections).

/// Page size where none is asked for.
pub const PAGE_DEFAULT: u32 = 25;
/// Largest page size.
pub const PAGE_MAX: u32 = 100;

/// A checked wish for one page of a list whose cursors are `C`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageRequest<C> {
    /// Only what comes after this.
    pub after: Option<C>,
    /// Only what comes before this.
    pub before: Option<C>,
    /// How many at most.
    pub limit: u32,
    /// Whether the last ones are wanted rather than the first.
    pub backward: bool,
}

impl<C> PageRequest<C> {
    /// The first `limit`.
    pub fn first(limit: u32) -> Self {
        Self { after: None, before: None, limit, backward: false }
    }

    /// The same wish with other cursors.
    pub fn map_places<D>(self, mut f: impl FnMut(C) -> D) -> PageRequest<D> {
        PageRequest {
            after: self.after.map(&mut f),
            before: self.before.map(&mut f),
            limit: self.limit,
            backward: self.backward,
        }
    }
}

/// One page, always in the list's own order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// What is on it.
    pub items: Vec<T>,
    /// Whether more comes after it.
    pub has_next: bool,
    /// Whether more comes before it.
    pub has_previous: bool,
}

impl<T> Page<T> {
    /// Makes a page of what a query gave that was asked for `limit + 1` rows, in query order
    /// (backward queries give the list in reverse).
    pub fn from_rows<C>(mut rows: Vec<T>, request: &PageRequest<C>) -> Self {
        let limit = usize::try_from(request.limit).unwrap_or(usize::MAX);
        let more = rows.len() > limit;
        rows.truncate(limit);
        if request.backward {
            rows.reverse();
            Self { items: rows, has_previous: more, has_next: request.before.is_some() }
        } else {
            Self { items: rows, has_next: more, has_previous: request.after.is_some() }
        }
    }

    /// The same page with other items.
    pub fn map<U>(self, f: impl FnMut(T) -> U) -> Page<U> {
        Page {
            items: self.items.into_iter().map(f).collect(),
            has_next: self.has_next,
            has_previous: self.has_previous,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_row_too_many_says_that_there_is_more() {
        let forward = PageRequest::<u8>::first(2);
        let page = Page::from_rows(vec![1, 2, 3], &forward);
        assert_eq!(
            (page.items.as_slice(), page.has_next, page.has_previous),
            ([1, 2].as_slice(), true, false)
        );
        let backward = PageRequest { backward: true, before: Some(9), ..forward };
        let page = Page::from_rows(vec![8, 7, 6], &backward);
        assert_eq!(
            (page.items.as_slice(), page.has_next, page.has_previous),
            ([7, 8].as_slice(), true, true)
        );
    }
}
