//! What an operator wants to know of the database: the server, its clock, and whether the layout is as it has to be. Nothing
//! here changes anything.

use bson::{Bson, Document, doc};
use futures_util::TryStreamExt;
use mongodb::IndexModel;
use mongodb::error::ErrorKind;
use time::OffsetDateTime;

use super::layout::layouts;
use super::{Store, StoreError};

/// What the server says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// Such as 6.0.5.
    pub version: String,
    /// The replica set, where it is one.
    pub replica_set: Option<String>,
    /// Whether it is a sharded cluster's router.
    pub sharded: bool,
    /// Members of the replica set.
    pub members: usize,
    /// Its time.
    pub time: Option<OffsetDateTime>,
}

impl Server {
    /// The first number of the version.
    pub fn major(&self) -> u32 {
        self.version.split('.').next().and_then(|first| first.parse().ok()).unwrap_or(0)
    }

    /// Whether it has transactions.
    pub fn has_transactions(&self) -> bool {
        self.sharded || self.replica_set.is_some()
    }
}

/// The server's code for "there is no such collection".
const NAMESPACE_NOT_FOUND: i32 = 26;

fn keys_text(keys: &Document) -> String {
    let fields: Vec<String> = keys.iter().map(|(field, way)| format!("{field}: {way}")).collect();
    format!("{{ {} }}", fields.join(", "))
}

/// Numbers come back as the server likes to keep them.
fn plain(keys: &Document) -> Vec<(String, Bson)> {
    let number = |way: &Bson| match way {
        Bson::Int64(n) => Bson::Double(*n as f64),
        Bson::Int32(n) => Bson::Double(f64::from(*n)),
        other => other.clone(),
    };
    keys.iter().map(|(field, way)| (field.clone(), number(way))).collect()
}

/// What makes an index do its work.
fn works_as(index: &IndexModel) -> (bool, bool, Option<Document>, Option<std::time::Duration>) {
    let of = index.options.as_ref();
    (
        of.and_then(|o| o.unique).unwrap_or(false),
        of.and_then(|o| o.sparse).unwrap_or(false),
        of.and_then(|o| o.partial_filter_expression.clone()),
        of.and_then(|o| o.expire_after),
    )
}

impl Store {
    /// What the server says of itself.
    pub async fn server(&self) -> Result<Server, StoreError> {
        let hello = self.db.run_command(doc! { "hello": 1 }).await?;
        let build = self.db.run_command(doc! { "buildInfo": 1 }).await?;
        let members = |name: &str| hello.get_array(name).map_or(0, Vec::len);
        let time = hello.get_datetime("localTime").ok().map(|at| at.timestamp_millis());
        Ok(Server {
            version: build.get_str("version").unwrap_or_default().to_owned(),
            replica_set: hello.get_str("setName").ok().map(str::to_owned),
            sharded: hello.get_str("msg").is_ok_and(|msg| msg == "isdbgrid"),
            members: members("hosts") + members("passives"),
            time: time
                .and_then(|ms| OffsetDateTime::from_unix_timestamp_nanos(i128::from(ms) * 1_000_000).ok()),
        })
    }

    /// Whether a majority acknowledges writes now: an update that changes nothing waits for what was written before it.
    pub async fn acknowledged_by_majority(&self) -> Result<(), StoreError> {
        let meta = self.db.collection::<Document>("meta");
        meta.update_one(doc! { "_id": "schema" }, doc! { "$max": { "version": 0 } }).await?;
        Ok(())
    }

    /// Collections and indexes that are missing or work otherwise than they have to.
    pub async fn wrong_in_layout(&self) -> Result<Vec<String>, StoreError> {
        let mut wrong = Vec::new();
        for layout in layouts() {
            let name = layout.name;
            let found: Vec<IndexModel> = match self.db.collection::<Document>(name).list_indexes().await {
                Ok(cursor) => cursor.try_collect().await?,
                Err(error) if matches!(error.kind.as_ref(), ErrorKind::Command(c) if c.code == NAMESPACE_NOT_FOUND) =>
                {
                    wrong.push(format!("the collection {name} is missing"));
                    continue;
                }
                Err(error) => return Err(error.into()),
            };
            for wanted in &layout.indexes {
                let keys = keys_text(&wanted.keys);
                let mut alike =
                    found.iter().filter(|index| plain(&index.keys) == plain(&wanted.keys)).peekable();
                if alike.peek().is_none() {
                    wrong.push(format!("{name} lacks the index {keys}"));
                } else if !alike.any(|index| works_as(index) == works_as(wanted)) {
                    wrong.push(format!("the index {keys} of {name} has other options than it has to"));
                }
            }
        }
        Ok(wrong)
    }
}
