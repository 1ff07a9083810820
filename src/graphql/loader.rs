//! Batched look-ups, one set for each operation, carrying its caller.
//!
//! Fields that need the same kind of thing at the same time cost one command together. What a batch finds is kept for
//! the rest of the operation. Loaders decide nothing: what they give is shown only where `service::directory::sight`
//! allows it, or where the object that it was reached from entitles to see it.

use std::collections::HashMap;
use std::fmt::Debug;
use std::future::Future;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

use async_graphql::Result;
use futures_util::future::BoxFuture;

use super::context::RequestContext;
use super::error::{OrError, from_service, internal, unavailable};
use crate::domain::{
    Account, AccountId, AccountMembership, CustomRole, MfaReset, MfaResetId, Portfolio, PortfolioId,
    PortfolioMembership, RoleId, Scope, User, UserId,
};
use crate::service::directory::DeniedRead;
use crate::service::mfa_coverage::MfaCoverage;
use crate::service::{Caller, Error, Services, deadline};

/// Keys of one batch at most. Far above a page, so that a page is one batch; far below what a command can hold.
const BATCH_MAX: usize = 10_000;
/// How often a look-up steps back so that its siblings can join the batch. Siblings are polled one after the other by
/// the same task: once is enough for those on the same level, twice for those one field deeper.
const YIELDS: usize = 2;
/// How often a look-up is tried whose batch was dropped half-way.
const TRIES: usize = 4;

/// What can be looked up.
pub trait Key: Hash + Eq + Clone + Debug + Send + Sync + 'static {}
impl<T: Hash + Eq + Clone + Debug + Send + Sync + 'static> Key for T {}
/// What is found; the default stands for what is absent.
pub trait Found: Default + Clone + Send + Sync + 'static {}
impl<T: Default + Clone + Send + Sync + 'static> Found for T {}

type Fetched<K, V> = BoxFuture<'static, std::result::Result<HashMap<K, V>, Error>>;

struct Batch<K, V> {
    fetch: Box<dyn Fn(Vec<K>) -> Fetched<K, V> + Send + Sync>,
    request_id: String,
}

impl<K: Key, V: Found> ::dataloader::BatchFn<K, Result<V>> for Batch<K, V> {
    /// Gives an entry for every key: what was found, the default for what is absent, the error for all of them.
    async fn load(&mut self, keys: &[K]) -> HashMap<K, Result<V>> {
        if deadline::abandoned() {
            return keys.iter().map(|key| (key.clone(), Err(unavailable()))).collect();
        }
        // A task of its own: when this look-up is dropped (a sibling failed), MongoDB's driver must not be.
        let fetched = tokio::spawn(deadline::carried((self.fetch)(keys.to_vec()))).await;
        let found = match fetched {
            Ok(Ok(found)) => Ok(found),
            Ok(Err(error)) => Err(from_service(&error, &self.request_id)),
            Err(_) => Err(internal("a batch was cut off", &self.request_id)),
        };
        match found {
            Ok(mut found) => {
                keys.iter().map(|key| (key.clone(), Ok(found.remove(key).unwrap_or_default()))).collect()
            }
            Err(error) => keys.iter().map(|key| (key.clone(), Err(error.clone()))).collect(),
        }
    }
}

/// A batched look-up.
pub struct Batched<K: Key, V: Found> {
    /// What was looked up as many at once: at hand without waiting.
    at_hand: Mutex<HashMap<K, V>>,
    loader: ::dataloader::cached::Loader<K, Result<V>, Batch<K, V>>,
    request_id: String,
}

impl<K: Key, V: Found> Batched<K, V> {
    fn new<F, Fut>(request_id: &str, fetch: F) -> Self
    where
        F: Fn(Vec<K>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = std::result::Result<HashMap<K, V>, Error>> + Send + 'static,
    {
        let request_id = request_id.to_owned();
        let batch =
            Batch { fetch: Box::new(move |keys| Box::pin(fetch(keys))), request_id: request_id.clone() };
        let loader =
            ::dataloader::cached::Loader::new(batch).with_max_batch_size(BATCH_MAX).with_yield_count(YIELDS);
        Self { at_hand: Mutex::default(), loader, request_id }
    }

    /// A look-up by a use case, as the caller.
    fn by<F, Fut>(services: &Services, caller: &Arc<Caller>, fetch: F) -> Self
    where
        F: Fn(Services, Arc<Caller>, Vec<K>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = std::result::Result<HashMap<K, V>, Error>> + Send + 'static,
    {
        let (services, by) = (services.clone(), caller.clone());
        Self::new(&caller.meta.request_id, move |keys| fetch(services.clone(), by.clone(), keys))
    }

    /// Looks one thing up.
    pub async fn one(&self, key: K) -> Result<V> {
        for _ in 0..TRIES {
            // An error of the loader's own means that whoever drove the batch was dropped: ask again.
            if let Ok(found) = self.loader.try_load(key.clone()).await {
                return found;
            }
        }
        Err(internal("a batch was dropped again and again", &self.request_id))
    }

    /// What was looked up before by [`many`](Self::many); nothing says that it would have to be waited for.
    pub fn at_hand(&self, key: &K) -> Option<V> {
        self.at_hand.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned()
    }

    /// Looks many things up at once.
    pub async fn many(&self, keys: Vec<K>) -> Result<HashMap<K, V>> {
        if keys.is_empty() {
            return Ok(HashMap::new());
        }
        for _ in 0..TRIES {
            if let Ok(found) = self.loader.try_load_many(keys.clone()).await {
                let found: HashMap<K, V> =
                    found.into_iter().map(|(key, found)| Ok((key, found?))).collect::<Result<_>>()?;
                let kept = found.iter().map(|(key, found)| (key.clone(), found.clone()));
                self.at_hand.lock().unwrap_or_else(PoisonError::into_inner).extend(kept);
                return Ok(found);
            }
        }
        Err(internal("a batch was dropped again and again", &self.request_id))
    }
}

/// The loaders of one operation.
pub struct Loaders {
    /// People.
    pub users: Batched<UserId, Option<Arc<User>>>,
    /// Accounts.
    pub accounts: Batched<AccountId, Option<Arc<Account>>>,
    /// Portfolios.
    pub portfolios: Batched<PortfolioId, Option<Arc<Portfolio>>>,
    /// Custom roles.
    pub roles: Batched<RoleId, Option<Arc<CustomRole>>>,
    /// Resets.
    pub resets: Batched<MfaResetId, Option<Arc<MfaReset>>>,
    /// Every account place of a person.
    pub account_places: Batched<UserId, Arc<Vec<AccountMembership>>>,
    /// Every portfolio place of a person.
    pub portfolio_places: Batched<UserId, Arc<Vec<PortfolioMembership>>>,
    /// The reset that waits for a person.
    pub pending_resets: Batched<UserId, Option<Arc<MfaReset>>>,
    /// How many resets of a person were asked for lately.
    pub recent_resets: Batched<UserId, u64>,
    /// How many people of an account or portfolio have MFA.
    pub mfa_coverage: Batched<Scope, Arc<MfaCoverage>>,
    /// Writes refused fields down.
    pub denials: Batched<DeniedRead, ()>,
}

fn some<K: Hash + Eq, V>(found: HashMap<K, V>) -> HashMap<K, Option<V>> {
    found.into_iter().map(|(key, value)| (key, Some(value))).collect()
}

impl Loaders {
    /// The loaders of one operation.
    pub fn new(services: Services, caller: Arc<Caller>) -> Self {
        let (s, c) = (&services, &caller);
        Self {
            users: Batched::by(s, c, |s, _, keys| async move { Ok(some(s.users_by_id(&keys).await?)) }),
            accounts: Batched::by(s, c, |s, _, keys| async move { Ok(some(s.accounts_by_id(&keys).await?)) }),
            portfolios: Batched::by(
                s,
                c,
                |s, _, keys| async move { Ok(some(s.portfolios_by_id(&keys).await?)) },
            ),
            roles: Batched::by(s, c, |s, _, keys| async move { Ok(some(s.roles_by_id(&keys).await?)) }),
            resets: Batched::by(s, c, |s, _, keys| async move { Ok(some(s.resets_by_id(&keys).await?)) }),
            account_places: Batched::by(s, c, |s, caller, keys| async move {
                s.account_places_of(&caller, &keys).await
            }),
            portfolio_places: Batched::by(s, c, |s, caller, keys| async move {
                s.portfolio_places_of(&caller, &keys).await
            }),
            pending_resets: Batched::by(s, c, |s, _, keys| async move {
                Ok(some(s.pending_resets_of(&keys).await?))
            }),
            recent_resets: Batched::by(s, c, |s, _, keys| async move { s.recent_resets_of(&keys).await }),
            mfa_coverage: Batched::by(s, c, |s, _, keys| async move { s.mfa_coverage_of(&keys).await }),
            denials: Batched::by(s, c, |s, caller, keys| async move {
                s.record_denied_reads(&caller, &keys).await?;
                Ok(HashMap::<DeniedRead, ()>::new())
            }),
        }
    }
}

/// Runs a service call in a task of its own: when the field that waits for it is dropped because a sibling failed,
/// MongoDB's driver must not be dropped with it, or its connections stall.
pub async fn apart<T: Send + 'static>(
    request: &RequestContext,
    work: impl Future<Output = std::result::Result<T, Error>> + Send + 'static,
) -> Result<T> {
    if deadline::abandoned() {
        return Err(unavailable());
    }
    match tokio::spawn(deadline::carried(work)).await {
        Ok(outcome) => outcome.or_error(request),
        Err(_) => Err(internal("a task was cut off", &request.caller().meta.request_id)),
    }
}

/// An object that another one's existence implies, such as the user of a reset.
pub fn expected<T>(found: Option<T>, what: &str, request: &RequestContext) -> Result<T> {
    found.ok_or_else(|| internal(&format!("{what} is gone"), &request.caller().meta.request_id))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use std::time::Duration;

    use super::*;

    type Batches = Arc<Mutex<Vec<usize>>>;

    /// Doubles odd numbers; even ones are absent. Notes the size of each batch.
    fn doubling() -> (Arc<Batched<u64, Option<u64>>>, Batches) {
        let batches = Batches::default();
        let noted = batches.clone();
        let batched = Batched::new("r1", move |keys: Vec<u64>| {
            noted.lock().unwrap().push(keys.len());
            async move {
                tokio::time::sleep(Duration::from_millis(20)).await;
                Ok(keys.into_iter().filter(|key| key % 2 == 1).map(|key| (key, Some(key * 2))).collect())
            }
        });
        (Arc::new(batched), batches)
    }

    #[tokio::test]
    async fn siblings_share_a_batch_and_what_is_found_is_kept() {
        let (doubles, batches) = doubling();
        let found = futures_util::future::join_all((0..300).map(|key| doubles.one(key))).await;
        assert_eq!(found[3].as_ref().unwrap(), &Some(6));
        assert_eq!(found[4].as_ref().unwrap(), &None, "what is absent has an entry as well");
        assert_eq!(*batches.lock().unwrap(), [300]);
        let again = doubles.many((200..310).collect()).await.unwrap();
        assert_eq!((again.len(), again[&301]), (110, Some(602)));
        assert_eq!(*batches.lock().unwrap(), [300, 10]);
    }

    #[tokio::test]
    async fn whoever_waits_for_a_batch_survives_the_one_who_drove_it() {
        let (doubles, batches) = doubling();
        let waiting = doubles.clone();
        let driver = async {
            tokio::select! {
                _ = doubles.one(1) => panic!("the driver was to be dropped"),
                () = tokio::time::sleep(Duration::from_millis(5)) => {}
            }
        };
        let ((), waited) = tokio::join!(driver, waiting.one(3));
        assert_eq!(waited.unwrap(), Some(6));
        assert!(batches.lock().unwrap().len() <= 2);
    }

    #[tokio::test]
    async fn a_failed_batch_fails_each_of_its_keys_with_a_code() {
        let failing: Batched<u64, Option<u64>> =
            Batched::new("r1", |_| async { Err(Error::Defect("broken on purpose")) });
        let error = failing.one(1).await.unwrap_err();
        let extensions = error.extensions.unwrap();
        assert_eq!(extensions.get("code"), Some(&super::super::error::INTERNAL.into()));
        assert!(!error.message.contains("broken"), "the cause stays in the log");
        assert!(failing.many(vec![1, 2]).await.is_err());
    }

    #[tokio::test]
    async fn no_batch_begins_when_nobody_waits_for_it() {
        let (doubles, batches) = doubling();
        let deadline = deadline::Deadline::from(tokio::time::Instant::now() + Duration::from_secs(60));
        let waiting = deadline.waiting();
        deadline::by(deadline, async {
            assert_eq!(doubles.one(1).await.unwrap(), Some(2));
            drop(waiting);
            let error = doubles.one(3).await.unwrap_err();
            assert_eq!(error.extensions.unwrap().get("code"), Some(&super::super::error::UNAVAILABLE.into()));
        })
        .await;
        assert_eq!(*batches.lock().unwrap(), [1]);
    }

    #[tokio::test]
    async fn a_batch_that_panics_is_an_error() {
        let panicking: Batched<u64, Option<u64>> = Batched::new("r1", |_| async { panic!("on purpose") });
        assert!(panicking.one(1).await.is_err());
    }
}
