//! How many people had MFA, by day: one document for each account and portfolio, with a point for each day on which the
//! numbers differed from the day before. So a page about one of them reads one document, nothing is written where nothing
//! changed, and the daily count compares many of them with one command.

use std::collections::HashMap;

use bson::{Bson, Document, doc};
use futures_util::TryStreamExt;
use mongodb::{Collection, Database};
use serde::{Deserialize, Serialize};
use time::{Date, OffsetDateTime, Time};

use super::StoreError;
use super::deadline::max_time;
use super::error::DUPLICATE_KEY;
use super::when::{self, date};
use crate::domain::mfa_coverage::DAYS_MAX;
use crate::domain::{AccountId, CoverageCount, CoveragePoint, PortfolioId, Scope};

/// The collection's name.
pub const COLLECTION: &str = "mfa_coverage";

/// How far the day's count has come: one document.
pub const RUNS: &str = "mfa_coverage_runs";

/// Points kept: a year's, and one to carry into it.
const POINTS_KEPT: i32 = DAYS_MAX as i32 + 1;

/// The count of everything, of which there is one.
const DAILY: &str = "daily";

#[derive(Serialize, Deserialize)]
struct PointDoc {
    #[serde(with = "when")]
    day: OffsetDateTime,
    members: i64,
    with_mfa: i64,
}

#[derive(Deserialize)]
struct CoverageDoc {
    #[serde(rename = "_id")]
    scope: Scope,
    points: Vec<PointDoc>,
}

fn midnight(day: Date) -> OffsetDateTime {
    day.with_time(Time::MIDNIGHT).assume_utc()
}

impl From<PointDoc> for CoveragePoint {
    fn from(doc: PointDoc) -> Self {
        let whole = |number| u64::try_from(number).unwrap_or(0);
        let count = CoverageCount { members: whole(doc.members), with_mfa: whole(doc.with_mfa) };
        Self { day: doc.day.date(), count }
    }
}

/// Where the day's count goes on: behind this account, behind this portfolio, or nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Progress {
    /// Accounts, from the first or behind one.
    Accounts(Option<AccountId>),
    /// Portfolios, from the first or behind one.
    Portfolios(Option<PortfolioId>),
    /// Everything is counted.
    Done,
}

#[derive(Deserialize)]
struct RunDoc {
    #[serde(with = "when")]
    day: OffsetDateTime,
    at: Progress,
}

/// How many people had MFA, by day.
#[derive(Clone)]
pub struct MfaCoverage {
    db: Database,
    docs: Collection<CoverageDoc>,
    runs: Collection<RunDoc>,
}

impl MfaCoverage {
    pub(super) fn new(db: &Database) -> Self {
        Self { db: db.clone(), docs: db.collection(COLLECTION), runs: db.collection(RUNS) }
    }

    /// The points of these accounts and portfolios, in order of days; those without any are absent.
    pub async fn points(&self, of: &[Scope]) -> Result<HashMap<Scope, Vec<CoveragePoint>>, StoreError> {
        self.read(of, doc! { "points": 1 }).await
    }

    /// The latest point of each of these accounts and portfolios; those without any are absent.
    pub async fn latest(&self, of: &[Scope]) -> Result<HashMap<Scope, CoveragePoint>, StoreError> {
        let found = self.read(of, doc! { "points": { "$slice": -1 } }).await?;
        Ok(found
            .into_iter()
            .filter_map(|(scope, points)| Some((scope, points.into_iter().next_back()?)))
            .collect())
    }

    async fn read(
        &self,
        of: &[Scope],
        fields: Document,
    ) -> Result<HashMap<Scope, Vec<CoveragePoint>>, StoreError> {
        if of.is_empty() {
            return Ok(HashMap::new());
        }
        let ids: Vec<String> = of.iter().map(Scope::to_string).collect();
        let cursor = self
            .docs
            .find(doc! { "_id": { "$in": ids } })
            .projection(fields)
            .batch_size(u32::try_from(of.len()).unwrap_or(u32::MAX).saturating_add(1))
            .max_time(max_time())
            .await?;
        let rows: Vec<CoverageDoc> = cursor.try_collect().await?;
        Ok(rows
            .into_iter()
            .map(|row| (row.scope, row.points.into_iter().map(CoveragePoint::from).collect()))
            .collect())
    }

    /// Adds a day's points. Where the day, or a later one, has a point already, that one stands.
    pub async fn record(&self, day: Date, counts: &[(Scope, CoverageCount)]) -> Result<(), StoreError> {
        if counts.is_empty() {
            return Ok(());
        }
        let day = date(midnight(day));
        let updates: Vec<Document> = counts
            .iter()
            .map(|(scope, count)| {
                let whole = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
                let point = doc! { "day": day.clone(), "members": whole(count.members), "with_mfa": whole(count.with_mfa) };
                doc! {
                    "q": { "_id": scope.to_string(), "day": { "$lt": day.clone() } },
                    "u": {
                        "$set": { "day": day.clone() },
                        "$push": { "points": { "$each": [point], "$slice": -POINTS_KEPT } },
                    },
                    "upsert": true,
                }
            })
            .collect();
        // The client's write concern does not reach a command.
        let concern = doc! { "w": "majority", "j": true };
        let command =
            doc! { "update": COLLECTION, "updates": updates, "ordered": false, "writeConcern": concern };
        let reply = self.db.run_command(command).await?;
        let refused = reply.get_array("writeErrors").map_or(&[] as &[Bson], Vec::as_slice);
        // Where the day has its point, the condition fails and the insert finds the document: that is no failure.
        let known = |error: &Bson| {
            error.as_document().and_then(|error| error.get_i32("code").ok()) == Some(DUPLICATE_KEY)
        };
        if refused.iter().all(known) { Ok(()) } else { Err(StoreError::Corrupt("MFA coverage")) }
    }

    /// How far the count of a day has come.
    pub async fn progress(&self, day: Date) -> Result<Progress, StoreError> {
        let found = self.runs.find_one(doc! { "_id": DAILY }).max_time(max_time()).await?;
        let today = found.filter(|run| run.day == midnight(day));
        Ok(today.map_or(Progress::Accounts(None), |run| run.at))
    }

    /// Keeps how far the count of a day has come: false when a later holder of the lease counts.
    pub async fn claim_progress(&self, fence: i64, day: Date, at: Progress) -> Result<bool, StoreError> {
        let at = bson::serialize_to_bson(&at).map_err(|_| StoreError::Corrupt("progress"))?;
        let filter = doc! { "_id": DAILY, "fence": { "$lte": fence } };
        let update = doc! { "$set": { "fence": fence, "day": date(midnight(day)), "at": at } };
        match self.runs.update_one(filter, update).upsert(true).await.map_err(StoreError::from) {
            Ok(_) => Ok(true),
            Err(StoreError::Duplicate(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }
}
