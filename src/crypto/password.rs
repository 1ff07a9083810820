//! Passwords: Argon2id, computed off the async threads and only so many at a time, because each one takes
//! 19 MiB and tens of milliseconds on purpose. Which passwords are good enough is not this room's matter.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use argon2::password_hash::phc;
use argon2::{Algorithm, Argon2, Block, Params, Version};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq as _;
use tokio::sync::Semaphore;
use unicode_normalization::UnicodeNormalization as _;
use zeroize::Zeroizing;

use super::random_bytes;

/// Longest password, in bytes. NIST SP 800-63B-4 wants at least 64 characters to be allowed.
pub const MAX_PASSWORD_BYTES: usize = 1024;
/// Dearest imported hash: 1 GiB (libsodium's "sensitive" setting), in KiB. More would let one row of an
/// import take the gateway's memory at each log-in.
pub const MAX_IMPORTED_MEMORY_KIB: u32 = 1024 * 1024;
/// Most passes of an imported hash.
pub const MAX_IMPORTED_PASSES: u32 = 64;
/// Most lanes of an imported hash.
pub const MAX_IMPORTED_LANES: u32 = 64;

const SALT_BYTES: usize = 16;
const OUTPUT_BYTES: usize = 32;

/// Why a password could not be hashed, or something is no password hash. It never repeats either.
#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    /// Longer than [`MAX_PASSWORD_BYTES`].
    #[error("the password is longer than {MAX_PASSWORD_BYTES} bytes")]
    TooLong,
    /// Not a PHC string of Argon2id with a version, a salt and a hash.
    #[error("not an argon2id hash in PHC format ($argon2id$v=19$m=…,t=…,p=…$salt$hash)")]
    NotArgon2id,
    /// An Argon2id hash that costs more than this gateway is willing to compute.
    #[error(
        "the argon2id hash costs too much: at most m={MAX_IMPORTED_MEMORY_KIB}, t={MAX_IMPORTED_PASSES}, p={MAX_IMPORTED_LANES}"
    )]
    TooExpensive,
    /// Parameters that Argon2 does not allow, or not enough memory.
    #[error("argon2: {0}")]
    Argon2(String),
    /// The process is shutting down.
    #[error("no password can be hashed any more: shutting down")]
    Stopped,
}

/// A password's Argon2id hash, as a PHC string. Serialises as that string; reading one checks it as
/// [`PasswordHash::parse`] does.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PasswordHash(Box<str>);

impl PasswordHash {
    /// Takes over a hash that this or another system computed.
    ///
    /// # Errors
    /// When it is not Argon2id in PHC format with the parameters `m`, `t` and `p` only, or when computing it
    /// would cost too much.
    pub fn parse(text: &str) -> Result<Self, PasswordError> {
        read(text)?;
        Ok(Self(text.into()))
    }

    /// The PHC string.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for PasswordHash {
    type Error = PasswordError;

    fn try_from(text: String) -> Result<Self, PasswordError> {
        Self::parse(&text)
    }
}

impl From<PasswordHash> for String {
    fn from(hash: PasswordHash) -> Self {
        hash.0.into()
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(redacted)")
    }
}

/// Hashes and verifies passwords. Clones share the same bound.
///
/// The cost is the OWASP Password Storage Cheat Sheet's for Argon2id: 19 456 KiB (19 MiB) of memory, 2 passes,
/// 1 lane, a salt of 16 bytes and a hash of 32. Texts are normalised to NFKC first (NIST SP 800-63B-4), so that
/// a password typed on another keyboard still matches.
#[derive(Clone)]
pub struct Passwords {
    argon2: Argon2<'static>,
    memory: Memory,
    slots: Arc<Semaphore>,
    parallel: usize,
    dummy: Arc<str>,
}

impl Passwords {
    /// The OWASP cost, at most `max_parallel` computations at a time (at least one).
    pub fn new(max_parallel: usize) -> Self {
        // The crate's default is OWASP's choice; a test holds it to that.
        Self::with(max_parallel, Params::DEFAULT)
    }

    /// Another cost: memory in KiB (at least 8 a lane), passes, lanes.
    ///
    /// # Errors
    /// When Argon2 does not allow the parameters.
    pub fn with_params(
        max_parallel: usize,
        memory_kib: u32,
        passes: u32,
        lanes: u32,
    ) -> Result<Self, PasswordError> {
        let params = Params::new(memory_kib, passes, lanes, Some(OUTPUT_BYTES)).map_err(argon2_error)?;
        Ok(Self::with(max_parallel, params))
    }

    /// The cheapest cost there is, for tests that log in hundreds of times. It protects nothing.
    pub fn for_tests() -> Self {
        Self::with(4, Params::new(8, 1, 1, Some(OUTPUT_BYTES)).unwrap_or(Params::DEFAULT))
    }

    fn with(max_parallel: usize, params: Params) -> Self {
        let dummy = phc_text(&params, &*random_bytes::<SALT_BYTES>(), &*random_bytes::<OUTPUT_BYTES>());
        let parallel = max_parallel.clamp(1, Semaphore::MAX_PERMITS);
        Self {
            memory: Memory { blocks: params.block_count(), kept: Arc::default() },
            argon2: Argon2::new(Algorithm::Argon2id, Version::V0x13, params),
            slots: Arc::new(Semaphore::new(parallel)),
            parallel,
            dummy: dummy.into(),
        }
    }

    /// Most computations at a time.
    pub fn parallel(&self) -> usize {
        self.parallel
    }

    /// Hashes a password under a new salt.
    ///
    /// # Errors
    /// When the password is longer than [`MAX_PASSWORD_BYTES`], or memory is short.
    pub async fn hash(&self, password: &str) -> Result<PasswordHash, PasswordError> {
        if password.len() > MAX_PASSWORD_BYTES {
            return Err(PasswordError::TooLong);
        }
        let text = normal_form(password);
        let (argon2, memory) = (self.argon2.clone(), self.memory.clone());
        self.off_thread(move || {
            let salt = random_bytes::<SALT_BYTES>();
            let mut output = [0; OUTPUT_BYTES];
            memory.compute(&argon2, text.as_bytes(), &*salt, &mut output).map_err(argon2_error)?;
            Ok(PasswordHash(phc_text(argon2.params(), &*salt, &output).into()))
        })
        .await?
    }

    /// Whether the password is right. Without a hash (no such user, or a user without a password) the answer
    /// is `false` after the work that a real check would have taken.
    ///
    /// A password longer than [`MAX_PASSWORD_BYTES`] is never right.
    pub async fn verify(&self, password: &str, hash: Option<&PasswordHash>) -> bool {
        let hash = hash.filter(|_| password.len() <= MAX_PASSWORD_BYTES);
        let known = hash.is_some();
        let phc: Arc<str> = hash.map_or_else(|| Arc::clone(&self.dummy), |hash| hash.as_str().into());
        let mut spellings = vec![Zeroizing::new(String::new())];
        if password.len() <= MAX_PASSWORD_BYTES {
            spellings = vec![normal_form(password)];
            // A hash that came from elsewhere may have been made of the text just as it was typed.
            if spellings.iter().all(|normal| normal.as_str() != password) {
                spellings.push(Zeroizing::new(password.to_owned()));
            }
        }
        let memory = self.memory.clone();
        let right = self.off_thread(move || {
            for text in &spellings {
                if memory.matches(text.as_bytes(), &phc)? {
                    return Ok(true);
                }
            }
            Ok(false)
        });
        match right.await.flatten() {
            Ok(right) => right && known,
            Err(error) => {
                tracing::warn!(%error, "a password was not verified");
                false
            }
        }
    }

    /// Whether a hash was made at another cost than today's: after a right password is the time to replace it.
    pub fn is_outdated(&self, hash: &PasswordHash) -> bool {
        let Ok(parsed) = read(hash.as_str()) else { return true };
        let today = self.argon2.params();
        parsed.version != Some(Version::V0x13.into())
            || parsed.hash.as_ref().is_none_or(|output| output.len() < OUTPUT_BYTES)
            || Params::try_from(&parsed).map_or(true, |then| {
                (then.m_cost(), then.t_cost(), then.p_cost())
                    != (today.m_cost(), today.t_cost(), today.p_cost())
            })
    }

    /// Runs on a thread for blocking work once a slot is free. The slot goes with the work: a caller that
    /// gives up frees it only when the work is done.
    async fn off_thread<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, PasswordError> {
        let waiting = Counted::one_more("latchkey_passwords_waiting");
        let slot = Arc::clone(&self.slots).acquire_owned().await.map_err(|_| PasswordError::Stopped)?;
        metrics::histogram!("latchkey_password_wait_seconds").record(waiting.since.elapsed());
        drop(waiting);
        tokio::task::spawn_blocking(move || {
            let _slot = slot;
            let running = Counted::one_more("latchkey_passwords_running");
            let done = work();
            metrics::histogram!("latchkey_password_seconds").record(running.since.elapsed());
            done
        })
        .await
        .map_err(|_| PasswordError::Stopped)
    }
}

/// Memory for computations at today's cost. It is used again: given back, each thread that ever hashed would keep some 20 MB
/// in an arena of its own. There is never more of it than computations at a time.
#[derive(Clone)]
struct Memory {
    blocks: usize,
    kept: Arc<Mutex<Vec<Vec<Block>>>>,
}

impl Memory {
    fn compute(
        &self,
        argon2: &Argon2<'_>,
        password: &[u8],
        salt: &[u8],
        output: &mut [u8],
    ) -> argon2::Result<()> {
        // An imported hash may need more.
        if argon2.params().block_count() > self.blocks {
            return argon2.hash_password_into(password, salt, output);
        }
        let mut blocks = self.kept().pop().unwrap_or_default();
        let missing = self.blocks.saturating_sub(blocks.len());
        blocks.try_reserve_exact(missing).map_err(|_| argon2::Error::OutOfMemory)?;
        blocks.resize(self.blocks, Block::new());
        let done = argon2.hash_password_into_with_memory(password, salt, output, &mut blocks);
        self.kept().push(blocks);
        done
    }

    /// Whether a hash is this password's; with the parameters that the hash names.
    fn matches(&self, password: &[u8], hash: &str) -> Result<bool, PasswordError> {
        let parsed = read(hash)?;
        let (Some(salt), Some(expected)) = (&parsed.salt, &parsed.hash) else {
            return Err(PasswordError::NotArgon2id);
        };
        let version = parsed.version.and_then(|version| Version::try_from(version).ok());
        let version = version.ok_or(PasswordError::NotArgon2id)?;
        let params = Params::try_from(&parsed).map_err(|_| PasswordError::NotArgon2id)?;
        let argon2 = Argon2::new(Algorithm::Argon2id, version, params);
        let mut output = vec![0; expected.len()];
        self.compute(&argon2, password, salt.as_ref(), &mut output).map_err(argon2_error)?;
        Ok(output.ct_eq(expected.as_bytes()).into())
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Vec<Vec<Block>>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A hash in PHC format.
fn phc_text(params: &Params, salt: &[u8], output: &[u8]) -> String {
    let b64 = base64::engine::general_purpose::STANDARD_NO_PAD;
    let encode = |bytes: &[u8]| base64::Engine::encode(&b64, bytes);
    let (m, t, p) = (params.m_cost(), params.t_cost(), params.p_cost());
    format!("$argon2id$v=19$m={m},t={t},p={p}${}${}", encode(salt), encode(output))
}

/// One more in a gauge until it is dropped: a caller may give up while it waits.
struct Counted {
    gauge: metrics::Gauge,
    since: Instant,
}

impl Counted {
    fn one_more(name: &'static str) -> Self {
        let gauge = metrics::gauge!(name);
        gauge.increment(1);
        Self { gauge, since: Instant::now() }
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.gauge.decrement(1);
    }
}

impl fmt::Debug for Passwords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let params = self.argon2.params();
        f.debug_struct("Passwords")
            .field("memory_kib", &params.m_cost())
            .field("passes", &params.t_cost())
            .field("lanes", &params.p_cost())
            .field("free_slots", &self.slots.available_permits())
            .finish()
    }
}

/// NIST SP 800-63B-4 names NFKC for passwords beyond ASCII.
fn normal_form(password: &str) -> Zeroizing<String> {
    // NFKC can be up to 11 × as long (in UTF-8); growing would leave copies behind.
    let mut text = Zeroizing::new(String::with_capacity(password.len().saturating_mul(11)));
    text.extend(password.nfkc());
    text
}

fn read(text: &str) -> Result<phc::PasswordHash, PasswordError> {
    let hash = phc::PasswordHash::new(text).map_err(|_| PasswordError::NotArgon2id)?;
    let version = hash.version.and_then(|v| Version::try_from(v).ok());
    let usual = hash.params.iter().all(|(name, _)| matches!(name.as_str(), "m" | "t" | "p"));
    let complete = hash.salt.is_some() && hash.hash.is_some() && hash.params.iter().count() == 3;
    let is_argon2id = Algorithm::try_from(hash.algorithm.as_str()) == Ok(Algorithm::Argon2id);
    if !is_argon2id || version.is_none() || !usual || !complete {
        return Err(PasswordError::NotArgon2id);
    }
    let params = Params::try_from(&hash).map_err(|_| PasswordError::NotArgon2id)?;
    let affordable = params.m_cost() <= MAX_IMPORTED_MEMORY_KIB
        && params.t_cost() <= MAX_IMPORTED_PASSES
        && params.p_cost() <= MAX_IMPORTED_LANES;
    if affordable { Ok(hash) } else { Err(PasswordError::TooExpensive) }
}

fn argon2_error(error: argon2::Error) -> PasswordError {
    PasswordError::Argon2(error.to_string())
}

#[cfg(test)]
#[path = "password_tests.rs"]
mod tests;
