//! Three mongods in one replica set, whose members can be killed, frozen and left without room on their disks, and between
//! which and a gateway the network can fail. They end with this process, however it ends.

use std::io::Read as _;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use latchkey::command::mongod::{Server, locate};
use mongodb::bson::{Document, doc};
use mongodb::options::ClientOptions;
use tempfile::TempDir;

use super::network::Network;

const NAME: &str = "faults";
const LIMIT: Duration = Duration::from_secs(90);
/// Switching a fail point off waits for whatever it holds up.
const PATIENCE: Duration = Duration::from_secs(30);

/// Kills mongod when standard input ends, that is: with this process. A file that may not grow is an error for mongod, as it
/// is on a full disk, and no signal.
const GUARD: &str = r#"
trap '' XFSZ
exec 3<&0 </dev/null
"$@" 3<&- &
pid=$!
echo "$pid"
exec >/dev/null
( read -r _ <&3; kill -KILL "$pid" 2>/dev/null ) &
exec 3<&-
wait "$pid"
"#;

struct Member {
    port: u16,
    /// Under which it is known: its own, or that of the network in front of it.
    known_as: u16,
    data: PathBuf,
    running: Option<Running>,
}

struct Running {
    guard: Child,
    pid: u32,
}

pub struct ReplicaSet {
    members: Vec<Member>,
    binary: PathBuf,
    network: Option<Network>,
    _folder: TempDir,
}

fn signal(name: &str, pid: u32) {
    let sent = Command::new("sh").args(["-c", "kill -s \"$0\" \"$1\"", name, &pid.to_string()]).status();
    assert!(sent.unwrap().success(), "no {name} for {pid}");
}

fn start(binary: &Path, port: u16, data: &Path) -> Running {
    let mut guard = Command::new("sh")
        .args(["-c", GUARD, "faults-guard"])
        .arg(binary)
        .args(["--replSet", NAME, "--bind_ip", "127.0.0.1", "--nounixsocket", "--quiet"])
        .args(["--wiredTigerCacheSizeGB", "0.25", "--oplogSize", "64", "--port", &port.to_string()])
        .args(["--setParameter", "notablescan=1", "--setParameter", "ttlMonitorEnabled=false"])
        .args([
            "--setParameter",
            "enableTestCommands=1",
            "--setParameter",
            "diagnosticDataCollectionEnabled=false",
        ])
        // A frozen member is given up as fast as a dead one, and what a killed gateway left open goes soon.
        .args(["--setParameter", "oplogNetworkTimeoutBufferSeconds=1"])
        .args(["--setParameter", "transactionLifetimeLimitSeconds=3"])
        .arg("--dbpath")
        .arg(data)
        .arg("--logpath")
        .arg(data.join("log"))
        .env("LC_ALL", "C")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut said = String::new();
    let mut byte = [0_u8];
    let output = guard.stdout.as_mut().unwrap();
    while output.read(&mut byte).unwrap() == 1 && byte[0] != b'\n' {
        said.push(char::from(byte[0]));
    }
    Running { pid: said.parse().expect("the guard says mongod's process id"), guard }
}

impl Member {
    async fn ask(&self, command: Document, within: Duration) -> Result<Document, mongodb::error::Error> {
        let uri = format!("mongodb://127.0.0.1:{}/?directConnection=true", self.port);
        let mut options = ClientOptions::parse(uri).await?;
        options.server_selection_timeout = Some(Duration::from_secs(1));
        options.connect_timeout = Some(Duration::from_secs(1));
        let client = mongodb::Client::with_options(options)?;
        // A frozen member never answers.
        let admin = client.database("admin");
        let asking = tokio::time::timeout(within, admin.run_command(command));
        let answer = asking.await.unwrap_or_else(|_| Err(mongodb::error::Error::custom("no answer")));
        client.shutdown().immediate(true).await;
        answer
    }

    async fn is_primary(&self) -> bool {
        self.ask(doc! { "hello": 1 }, Duration::from_secs(2))
            .await
            .is_ok_and(|hello| hello.get_bool("isWritablePrimary").unwrap_or(false))
    }
}

impl ReplicaSet {
    /// Three members, one of them writable.
    pub async fn start() -> Self {
        Self::start_with(None).await
    }

    /// The same behind a network that can fail for connections that call themselves `app`. The members know each other by
    /// its addresses, so that whoever looks for the set finds those.
    pub async fn start_behind_a_network(app: &str) -> Self {
        Self::start_with(Some(app)).await
    }

    async fn start_with(app: Option<&str>) -> Self {
        let named = std::env::var_os("LATCHKEY_MONGOD").map(PathBuf::from);
        let tools = crate::harness::tools();
        let server =
            tokio::task::spawn_blocking(move || locate(named.as_deref(), &tools)).await.unwrap().unwrap();
        let Server::Binary(binary) = server else {
            panic!("three members need a mongod binary, not a container")
        };
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        // All at once, so that no two get the same port.
        let free: Vec<TcpListener> = (0..3).map(|_| TcpListener::bind("127.0.0.1:0").unwrap()).collect();
        let ports: Vec<u16> = free.iter().map(|port| port.local_addr().unwrap().port()).collect();
        drop(free);
        let network = app.map(|app| Network::in_front_of(&ports, app));
        let known_as = network.as_ref().map_or(ports.clone(), Network::ports);
        let members = ports.into_iter().zip(known_as).enumerate().map(|(n, (port, known_as))| {
            let data = folder.path().join(n.to_string());
            std::fs::create_dir(&data).unwrap();
            Member { port, known_as, running: Some(start(&binary, port, &data)), data }
        });
        let set = Self { members: members.collect(), binary, network, _folder: folder };
        let hosts: Vec<Document> = set
            .members
            .iter()
            .zip(0_i32..)
            .map(|(member, n)| doc! { "_id": n, "host": format!("127.0.0.1:{}", member.known_as) })
            .collect();
        let config = doc! {
            "_id": NAME, "members": hosts,
            "settings": { "electionTimeoutMillis": 1000, "heartbeatIntervalMillis": 500 },
        };
        let end = Instant::now() + LIMIT;
        while set.members[0].ask(doc! { "replSetInitiate": config.clone() }, PATIENCE).await.is_err() {
            assert!(Instant::now() < end, "mongod does not become a replica set");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        set.primary().await;
        set
    }

    pub fn uri(&self) -> String {
        let hosts: Vec<String> =
            self.members.iter().map(|member| format!("127.0.0.1:{}", member.known_as)).collect();
        format!("mongodb://{}/?replicaSet={NAME}", hosts.join(","))
    }

    /// What lies between the set and a gateway.
    pub fn network(&self) -> &Network {
        self.network.as_ref().expect("the set was started behind a network")
    }

    /// The member that takes writes, as soon as there is one.
    pub async fn primary(&self) -> usize {
        self.primary_but(usize::MAX).await
    }

    /// The member that takes writes, as soon as there is one other than this.
    pub async fn primary_but(&self, not: usize) -> usize {
        let end = Instant::now() + LIMIT;
        loop {
            for (n, member) in self.members.iter().enumerate() {
                if n != not && member.running.is_some() && member.is_primary().await {
                    return n;
                }
            }
            assert!(Instant::now() < end, "no member takes writes");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// SIGKILL for a member: nothing is handed over.
    pub fn kill(&mut self, member: usize) {
        let mut running = self.members[member].running.take().expect("it runs");
        signal("KILL", running.pid);
        running.guard.wait().unwrap();
    }

    /// SIGSTOP: connections stay open, and nothing is answered.
    pub fn freeze(&mut self, member: usize) {
        signal("STOP", self.members[member].running.as_ref().expect("it runs").pid);
    }

    pub fn thaw(&mut self, member: usize) {
        signal("CONT", self.members[member].running.as_ref().expect("it runs").pid);
    }

    /// From now on no file of this member may grow, as on a full disk: mongod gives up at its next write. Needs no rights.
    #[cfg(target_os = "linux")]
    pub fn fill_disk(&mut self, member: usize) {
        use rustix::process::{Pid, Resource, Rlimit, getrlimit, prlimit};
        let pid = self.members[member].running.as_ref().expect("it runs").pid;
        let full = Rlimit { current: Some(1), maximum: getrlimit(Resource::Fsize).maximum };
        prlimit(Pid::from_raw(i32::try_from(pid).unwrap()), Resource::Fsize, full).unwrap();
    }

    /// Waits until a member has given up.
    #[cfg(target_os = "linux")]
    pub async fn ends(&mut self, member: usize) {
        let running = self.members[member].running.as_mut().expect("it runs");
        let end = Instant::now() + LIMIT;
        while running.guard.try_wait().unwrap().is_none() {
            assert!(Instant::now() < end, "member {member} goes on without a place to write");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        self.members[member].running = None;
    }

    /// Starts a member that was killed.
    pub fn start_again(&mut self, member: usize) {
        let member = &mut self.members[member];
        assert!(member.running.is_none());
        member.running = Some(start(&self.binary, member.port, &member.data));
    }

    /// A command for the primary's admin database.
    pub async fn ask_primary(&self, command: Document) -> Document {
        self.members[self.primary().await].ask(command, PATIENCE).await.unwrap()
    }
}

impl Drop for ReplicaSet {
    fn drop(&mut self) {
        for running in self.members.iter_mut().filter_map(|member| member.running.take()) {
            // SIGKILL ends stopped processes, too.
            signal("KILL", running.pid);
            let mut guard = running.guard;
            let _ = guard.wait();
        }
    }
}
