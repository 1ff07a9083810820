//! Rows read straight from their bytes, where a page or a batch has hundreds of them: serde reads a UUID by way of base64
//! (bson 3.1), which made up a sixth of a request.

use bson::spec::BinarySubtype;
use bson::{RawBsonRef, RawDocument};
use mongodb::Cursor;
use serde::de::DeserializeOwned;
use time::OffsetDateTime;
use uuid::Uuid;

use super::StoreError;

/// Reads every row of a cursor.
pub(super) async fn rows<D, T>(
    mut cursor: Cursor<D>,
    read: impl Fn(&RawDocument) -> Result<T, StoreError>,
) -> Result<Vec<T>, StoreError> {
    let mut rows = Vec::new();
    while cursor.advance().await? {
        rows.push(read(cursor.current())?);
    }
    Ok(rows)
}

/// Reads a whole document by serde.
pub(super) fn document<T: DeserializeOwned>(row: &RawDocument) -> Result<T, StoreError> {
    bson::deserialize_from_slice(row.as_bytes()).map_err(|_| StoreError::Corrupt("row"))
}

pub(super) fn uuid(value: RawBsonRef<'_>) -> Option<Uuid> {
    let RawBsonRef::Binary(binary) = value else { return None };
    (binary.subtype == BinarySubtype::Uuid).then(|| Uuid::from_slice(binary.bytes).ok()).flatten()
}

pub(super) fn text(value: RawBsonRef<'_>) -> Option<String> {
    value.as_str().map(str::to_owned)
}

pub(super) fn time(value: RawBsonRef<'_>) -> Option<OffsetDateTime> {
    value.as_datetime().map(bson::DateTime::to_time_0_3)
}

/// A whole number, of whichever width it was written.
pub(super) fn number(value: RawBsonRef<'_>) -> Option<i64> {
    value.as_i64().or_else(|| value.as_i32().map(i64::from))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use bson::rawdoc;

    use super::*;

    #[test]
    fn only_a_value_of_the_right_type_is_read() {
        let id = Uuid::from_u128(7);
        let generic = bson::Binary { subtype: BinarySubtype::Generic, bytes: vec![0; 16] };
        let at = bson::DateTime::from_millis(1_000);
        let id_bytes = bson::Binary { subtype: BinarySubtype::Uuid, bytes: id.as_bytes().to_vec() };
        let row = rawdoc! { "id": id_bytes, "raw": generic, "n": 7_i32, "m": 8_i64, "at": at };
        let value = |name: &str| row.get(name).unwrap().unwrap();
        assert_eq!(uuid(value("id")), Some(id));
        assert_eq!((uuid(value("raw")), uuid(value("n")), text(value("n"))), (None, None, None));
        assert_eq!((number(value("n")), number(value("m")), number(value("at"))), (Some(7), Some(8), None));
        assert_eq!(time(value("at")).unwrap().unix_timestamp(), 1);
        assert_eq!(time(value("n")), None);
    }
}
