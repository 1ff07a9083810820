//! The mongod process and its guard. A small shell stands between: it holds the read end of a pipe whose
//! other end this process holds, so that mongod is told to end when the pipe closes, whatever closed it:
//! `stop`, a drop, an exit, even a SIGKILL. Both run in a process group of their own, since Ctrl-C on a
//! terminal reaches the whole foreground group and mongod must not end before the gateway has.

use std::{
    fs::File,
    io,
    os::unix::process::CommandExt as _,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use super::{MongodOptions, Server, replica_set};

/// `$1`: the data folder if it is to be removed after a clean end, else empty; the rest is the command. Background
/// jobs of a shell read /dev/null, so the pipe is passed on as descriptor 3.
const GUARD: &str = r#"
exec 3<&0 </dev/null
remove=$1; shift
"$@" 3<&- &
pid=$!
( read -r _ <&3; kill -TERM "$pid" 2>/dev/null ) &
watch=$!
exec 3<&-
wait "$pid"; code=$?
kill "$watch" 2>/dev/null
[ -z "$remove" ] || [ "$code" -ne 0 ] || rm -rf "$remove"
exit "$code"
"#;

#[derive(Debug)]
pub(super) struct Guarded {
    shell: Child,
    data: std::path::PathBuf,
}

impl Guarded {
    pub(super) fn spawn(
        server: &Server,
        options: &MongodOptions,
        data: &Path,
        port: u16,
    ) -> io::Result<Self> {
        let output = File::create(data.join("mongod.err"))?;
        let shell = Command::new("sh")
            .arg("-c")
            .arg(GUARD)
            .arg("latchkey-mongod-guard")
            .arg(if options.ephemeral { data.as_os_str() } else { "".as_ref() })
            .args(command_line(server, options, data, port))
            // mongod refuses to start under a locale that is not installed.
            .env("LC_ALL", "C")
            .stdin(Stdio::piped())
            .stdout(output.try_clone()?)
            .stderr(output)
            .process_group(0)
            .spawn()?;
        Ok(Self { shell, data: data.to_owned() })
    }

    pub(super) fn has_ended(&mut self) -> bool {
        !matches!(self.shell.try_wait(), Ok(None))
    }

    pub(super) async fn stop(mut self, limit: Duration) {
        drop(self.shell.stdin.take());
        let deadline = Instant::now() + limit;
        while !self.has_ended() {
            if Instant::now() > deadline {
                if let Some(pid) = recorded_pid(&self.data) {
                    signal("KILL", pid);
                }
                let _ = self.shell.wait();
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

fn command_line(server: &Server, options: &MongodOptions, data: &Path, port: u16) -> Vec<std::ffi::OsString> {
    let mut line: Vec<std::ffi::OsString> = Vec::new();
    // Where mongod itself sees the data folder.
    let seen = match server {
        Server::Binary(path) => {
            line.push(path.into());
            data
        }
        Server::Docker(docker) => {
            line.push(docker.into());
            line.extend(["run", "--rm", "--interactive", "--publish"].map(Into::into));
            line.push(format!("127.0.0.1:{port}:{port}").into());
            line.push("--volume".into());
            line.push(format!("{}:/latchkey", data.display()).into());
            if let Some(owner) = folder_owner(data) {
                line.extend(["--user".into(), owner.into()]);
            }
            line.push(super::fetch::DOCKER_IMAGE.into());
            Path::new("/latchkey")
        }
    };
    // Inside a container loopback would be the container's own.
    let bind = if matches!(server, Server::Docker(_)) { "0.0.0.0" } else { "127.0.0.1" };
    line.extend(["--bind_ip", bind, "--port"].map(Into::into));
    line.push(port.to_string().into());
    line.extend(["--replSet", replica_set::NAME, "--nounixsocket", "--quiet"].map(Into::into));
    // The default would be half of the machine's memory, and 5 % of the disk for the oplog.
    line.extend(["--wiredTigerCacheSizeGB", "0.25", "--oplogSize", "256"].map(Into::into));
    for (option, below) in [("--dbpath", "db"), ("--logpath", "mongod.log")] {
        line.extend([option.into(), seen.join(below).into()]);
    }
    let own = [
        ("diagnosticDataCollectionEnabled", "false"),
        // A signalled primary otherwise lingers for 15 s, for clients of other members; there are none.
        ("shutdownTimeoutMillisForSignaledShutdown", "100"),
    ];
    let own = own.iter().map(|(name, value)| format!("{name}={value}"));
    let given = options.set_parameters.iter().map(|(name, value)| format!("{name}={value}"));
    for parameter in own.chain(given) {
        line.extend(["--setParameter".into(), parameter.into()]);
    }
    line
}

fn folder_owner(data: &Path) -> Option<String> {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata(data).ok().map(|meta| format!("{}:{}", meta.uid(), meta.gid()))
}

/// Ends a mongod that a former owner left in this folder: one that is still shutting down is waited for,
/// one whose guard was killed as well is signalled. The caller holds the folder's lock, so it is nobody's.
pub(super) async fn end_leftover(data: &Path) {
    for (signal_name, patience) in [(None, 40), (Some("TERM"), 100), (Some("KILL"), 50)] {
        let Some(pid) = recorded_pid(data).filter(|pid| is_mongod_of(*pid, data)) else { return };
        if let Some(name) = signal_name {
            signal(name, pid);
        }
        for _ in 0..patience {
            tokio::time::sleep(Duration::from_millis(100)).await;
            if !is_mongod_of(pid, data) {
                return;
            }
        }
    }
}

/// mongod writes its process id into its lock file and empties that at a clean end.
fn recorded_pid(data: &Path) -> Option<u32> {
    std::fs::read_to_string(data.join("db/mongod.lock")).ok()?.trim().parse().ok()
}

/// Process ids are reused: only a process whose command line names this folder is meant.
fn is_mongod_of(pid: u32, data: &Path) -> bool {
    let db = data.join("db");
    let needle = db.as_os_str().as_encoded_bytes();
    let contains = |haystack: &[u8]| haystack.windows(needle.len()).any(|part| part == needle);
    match std::fs::read(format!("/proc/{pid}/cmdline")) {
        Ok(line) => contains(&line),
        // Linux without such a process; elsewhere ps knows.
        Err(_) if Path::new("/proc/self/cmdline").exists() => false,
        Err(_) => Command::new("ps")
            .args(["-ww", "-o", "command=", "-p", &pid.to_string()])
            .output()
            .is_ok_and(|output| contains(&output.stdout)),
    }
}

/// Through the shell's own `kill`: every system has it, and it needs no unsafe code here.
fn signal(name: &str, pid: u32) {
    let _ = Command::new("sh")
        .args(["-c", "kill -s \"$0\" \"$1\"", name, &pid.to_string()])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
}
