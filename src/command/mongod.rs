//! A real mongod for `latchkey dev` and for the test suite: found or fetched (`fetch.rs`), started as a
//! one-node replica set on loopback, stopped with whoever started it. Production never comes here: there
//! MongoDB is somebody else's, reached by its URI.

mod fetch;
mod process;
mod replica_set;

use std::{
    fs::{File, TryLockError},
    io::{self, Read as _, Seek as _, SeekFrom, Write as _},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

pub use self::fetch::{FetchError, Server, fetch, locate};
use self::process::Guarded;

/// From the first attempt to a writable primary: generous, since a machine may be busy compiling.
const START_LIMIT: Duration = Duration::from_secs(90);
const STOP_LIMIT: Duration = Duration::from_secs(30);

/// How mongod is to run.
#[derive(Clone, Debug)]
pub struct MongodOptions {
    /// Holds the database, the log and the lock; made when missing.
    pub data: PathBuf,
    /// Without one the port of the last start, else a free one.
    pub port: Option<u16>,
    /// `--setParameter name=value`.
    pub set_parameters: Vec<(String, String)>,
    /// The mongod to run instead of looking for one (`LATCHKEY_MONGOD`).
    pub binary: Option<PathBuf>,
    /// Where a fetched mongod is kept.
    pub tools: PathBuf,
    /// Remove the data folder when mongod has ended, however its owner ended.
    pub ephemeral: bool,
}

impl MongodOptions {
    pub fn new(data: impl Into<PathBuf>) -> Self {
        Self {
            data: data.into(),
            port: None,
            set_parameters: Vec::new(),
            binary: None,
            tools: PathBuf::from(".tools"),
            ephemeral: false,
        }
    }

    /// For test suites: queries without an index fail, fail points work, and nothing stays behind.
    pub fn for_tests(data: impl Into<PathBuf>) -> Self {
        let parameters = [
            ("notablescan", "1"),
            ("enableTestCommands", "1"),
            ("ttlMonitorEnabled", "false"),
            // Dropped collections keep their files open as long as their history is kept, five minutes by default; with a
            // database for each test that runs into the limit of open files.
            ("minSnapshotHistoryWindowInSeconds", "5"),
        ];
        Self {
            set_parameters: parameters.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec(),
            ephemeral: true,
            ..Self::new(data)
        }
    }
}

/// Why there is no mongod. Each is one line that says what to do.
#[derive(Debug, thiserror::Error)]
pub enum MongodError {
    #[error(transparent)]
    Fetch(#[from] FetchError),
    #[error("the data folder {} cannot be used; choose another or mend its permissions", path.display())]
    Data { path: PathBuf, source: io::Error },
    #[error("the data folder {} is in use by latchkey process {owner}; stop that one or choose another folder", path.display())]
    InUse { path: PathBuf, owner: String },
    #[error("port {0} of 127.0.0.1 is busy; stop what listens there or choose another port for mongod")]
    PortBusy(u16),
    #[error("mongod cannot be started: {0}")]
    Spawn(io::Error),
    #[error("mongod needs {library}, which is missing; install it: apt-get install {package}")]
    MissingLibrary { library: String, package: &'static str },
    #[error("mongod ended at start: {why} (its log: {})", log.display())]
    EndedAtStart { why: String, log: PathBuf },
    #[error("mongod was not ready after {} s (its log: {})", START_LIMIT.as_secs(), log.display())]
    TooSlow { log: PathBuf },
    #[error("mongod does not become a replica set")]
    ReplicaSet(#[from] mongodb::error::Error),
}

/// A running mongod. It ends when this is stopped or dropped, and when this process dies in any way.
#[derive(Debug)]
pub struct Mongod {
    process: Guarded,
    port: u16,
    /// Held as long as the data folder is in use.
    _lock: File,
}

impl Mongod {
    /// Finds, starts and initiates; answers when writes are possible.
    pub async fn start(options: MongodOptions) -> Result<Self, MongodError> {
        let (binary, tools) = (options.binary.clone(), options.tools.clone());
        let server = tokio::task::spawn_blocking(move || locate(binary.as_deref(), &tools))
            .await
            .map_err(|panicked| FetchError::Io(io::Error::other(panicked)))??;
        let data_error = |source| MongodError::Data { path: options.data.clone(), source };
        std::fs::create_dir_all(options.data.join("db")).map_err(data_error)?;
        let data = options.data.canonicalize().map_err(data_error)?;
        let lock = lock_folder(&data)?;
        process::end_leftover(&data).await;

        let deadline = Instant::now() + START_LIMIT;
        let mut attempts = 3;
        loop {
            let port = choose_port(options.port, &data)?;
            attempts -= 1;
            match Self::start_on(&server, &options, &data, port, deadline).await {
                // A free port is free only until somebody else takes it.
                Err(MongodError::PortBusy(_)) if options.port.is_none() && attempts > 0 => {}
                Err(error) => return Err(error),
                Ok(process) => {
                    // Only a hint for the next start.
                    let _ = std::fs::write(data.join("port"), port.to_string());
                    return Ok(Self { process, port, _lock: lock });
                }
            }
        }
    }

    async fn start_on(
        server: &Server,
        options: &MongodOptions,
        data: &Path,
        port: u16,
        deadline: Instant,
    ) -> Result<Guarded, MongodError> {
        let log = data.join("mongod.log");
        // mongod itself would keep every old log under a new name.
        let _ = std::fs::rename(&log, data.join("mongod.log.old"));
        let mut process = Guarded::spawn(server, options, data, port).map_err(MongodError::Spawn)?;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        while TcpStream::connect_timeout(&address, Duration::from_millis(200)).is_err() {
            if process.has_ended() {
                return Err(explain_end(data, port));
            }
            if Instant::now() > deadline {
                return Err(MongodError::TooSlow { log });
            }
            tokio::time::sleep(Duration::from_millis(15)).await;
        }
        let ready = replica_set::make_ready(port, deadline).await;
        if process.has_ended() {
            return Err(explain_end(data, port));
        }
        if ready? { Ok(process) } else { Err(MongodError::TooSlow { log }) }
    }

    /// For the driver. Holds no secret: mongod listens on loopback only, without accounts.
    pub fn uri(&self) -> String {
        format!("mongodb://127.0.0.1:{}/?replicaSet={}", self.port, replica_set::NAME)
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// Lets mongod shut down cleanly and waits for it; kills it when it does not.
    pub async fn stop(self) {
        let Self { process, _lock, .. } = self;
        process.stop(STOP_LIMIT).await;
    }
}

/// One latchkey per folder. The file says who holds it; the lock, not the file, is what counts, and the
/// system lets go of it when the holder dies.
fn lock_folder(data: &Path) -> Result<File, MongodError> {
    let path = data.join("latchkey.lock");
    let fail = |source| MongodError::Data { path: data.to_owned(), source };
    let mut file =
        File::options().read(true).write(true).create(true).truncate(false).open(path).map_err(fail)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut owner = String::new();
            let _ = file.read_to_string(&mut owner);
            return Err(MongodError::InUse { path: data.to_owned(), owner: owner.trim().to_owned() });
        }
        Err(TryLockError::Error(source)) => return Err(fail(source)),
    }
    let mut write = || {
        file.set_len(0)?;
        file.seek(SeekFrom::Start(0))?;
        writeln!(file, "{}", std::process::id())
    };
    write().map_err(fail)?;
    Ok(file)
}

/// The port asked for, else the last one if it is still free, else any.
fn choose_port(wanted: Option<u16>, data: &Path) -> Result<u16, MongodError> {
    let free = |port: u16| {
        TcpListener::bind((Ipv4Addr::LOCALHOST, port)).and_then(|l| l.local_addr()).map(|a| a.port())
    };
    if let Some(port) = wanted {
        return free(port).map_err(|_| MongodError::PortBusy(port));
    }
    let last = std::fs::read_to_string(data.join("port")).ok().and_then(|text| text.trim().parse().ok());
    match last.and_then(|port| free(port).ok()) {
        Some(port) => Ok(port),
        None => free(0).map_err(MongodError::Spawn),
    }
}

/// Out of what mongod left behind, the one line that helps.
fn explain_end(data: &Path, port: u16) -> MongodError {
    let log = data.join("mongod.log");
    let printed = std::fs::read_to_string(data.join("mongod.err")).unwrap_or_default();
    if let Some(error) = fetch::missing_library(&printed) {
        return error;
    }
    let text = std::fs::read_to_string(&log).unwrap_or_default();
    if text.contains("Address already in use") {
        return MongodError::PortBusy(port);
    }
    let from_log = last_complaint(&text);
    let from_output = || printed.lines().rfind(|line| !line.trim().is_empty()).map(str::to_owned);
    let why = from_log.or_else(from_output).unwrap_or_else(|| "it said nothing".to_owned());
    MongodError::EndedAtStart { why, log }
}

/// The last error in mongod's JSON log, or its last line when there is none.
fn last_complaint(log: &str) -> Option<String> {
    let entries: Vec<serde_json::Value> =
        log.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let text =
        |value: &serde_json::Value, at: &str| value.pointer(at).and_then(|v| v.as_str().map(str::to_owned));
    let is_error = |entry: &&serde_json::Value| matches!(text(entry, "/s").as_deref(), Some("E" | "F"));
    let entry = entries.iter().rfind(is_error).or(entries.last())?;
    let message = text(entry, "/msg")?;
    let detail = text(entry, "/attr/error/errmsg").or_else(|| text(entry, "/attr/error"));
    Some(detail.map_or_else(|| message.clone(), |detail| format!("{message}: {detail}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_error_of_a_log_is_told() {
        let log = r#"{"s":"I","msg":"starting"}
{"s":"E","msg":"Cannot open","attr":{"error":{"codeName":"X","errmsg":"No space left on device"}}}
{"s":"I","msg":"now exiting","attr":{}}"#;
        assert_eq!(last_complaint(log).unwrap(), "Cannot open: No space left on device");
        assert_eq!(last_complaint(r#"{"s":"I","msg":"now exiting"}"#).unwrap(), "now exiting");
        assert_eq!(last_complaint("garbage"), None);
    }

    #[test]
    fn a_folder_in_use_and_a_busy_port_are_told() {
        let folder = tempfile::tempdir().unwrap();
        let _held = lock_folder(folder.path()).unwrap();
        let text = lock_folder(folder.path()).unwrap_err().to_string();
        assert!(text.contains(&format!("in use by latchkey process {}", std::process::id())), "{text}");
        let busy = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = busy.local_addr().unwrap().port();
        assert!(choose_port(Some(port), folder.path()).unwrap_err().to_string().contains("is busy"));
        std::fs::write(folder.path().join("port"), port.to_string()).unwrap();
        assert_ne!(choose_port(None, folder.path()).unwrap(), port);
    }

    #[test]
    fn a_missing_library_names_the_package_to_install() {
        let folder = tempfile::tempdir().unwrap();
        let said = "mongod: error while loading shared libraries: libcurl.so.4: cannot open shared object file: \
                    No such file or directory\n";
        std::fs::write(folder.path().join("mongod.err"), said).unwrap();
        let text = explain_end(folder.path(), 1).to_string();
        assert_eq!(text, "mongod needs libcurl.so.4, which is missing; install it: apt-get install libcurl4");
    }
}
