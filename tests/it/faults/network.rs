//! The network between a gateway and MongoDB, which can fail: a proxy in front of each member. It reads the wire protocol as
//! far as it must to tell the gateway's connections from the members' own, by the name that clients give in their first
//! message, and to lose the reply to one command.

use std::io;
use std::net::TcpListener as Bound;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio::sync::watch;

/// Longer than any message of MongoDB's.
const LONGEST: usize = 49_000_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weather {
    Fine,
    /// Each message takes that long.
    Slow(Duration),
    /// Nothing arrives any more, and nobody is told: what is sent waits until it clears up.
    Silent,
    /// Connections are reset, and so are new ones.
    Refused,
}

struct Shared {
    app: Vec<u8>,
    weather: watch::Sender<Weather>,
    /// Connections that are older than this stay silent for ever, as behind a firewall that forgot them.
    stranded: AtomicUsize,
    opened: AtomicUsize,
    /// The command whose reply is lost, and how many of its kind come through before.
    loses: Mutex<Option<(String, usize)>>,
    lost: AtomicUsize,
}

/// In front of a replica set.
pub struct Network {
    shared: Arc<Shared>,
    ports: Vec<u16>,
    /// Of its own: a test may block its own threads.
    runtime: Option<Runtime>,
}

impl Drop for Network {
    fn drop(&mut self) {
        self.runtime.take().unwrap().shutdown_background();
    }
}

impl Network {
    /// One proxy for each of these ports of loopback. It can fail for connections that call themselves `app`.
    pub fn in_front_of(targets: &[u16], app: &str) -> Self {
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        let runtime = runtime.worker_threads(1).enable_all().build().unwrap();
        let shared = Arc::new(Shared {
            app: app.as_bytes().to_vec(),
            weather: watch::Sender::new(Weather::Fine),
            stranded: AtomicUsize::new(0),
            opened: AtomicUsize::new(0),
            loses: Mutex::default(),
            lost: AtomicUsize::new(0),
        });
        let mut ports = Vec::new();
        for target in targets {
            let listener = Bound::bind("127.0.0.1:0").unwrap();
            listener.set_nonblocking(true).unwrap();
            ports.push(listener.local_addr().unwrap().port());
            let (shared, target) = (shared.clone(), *target);
            runtime.spawn(async move {
                let listener = TcpListener::from_std(listener).unwrap();
                loop {
                    let (client, _) = listener.accept().await.unwrap();
                    // However it ends, the client sees it.
                    let shared = shared.clone();
                    tokio::spawn(async move { shared.connect(client, target).await });
                }
            });
        }
        Self { shared, ports, runtime: Some(runtime) }
    }

    pub fn ports(&self) -> Vec<u16> {
        self.ports.clone()
    }

    pub fn turns(&self, weather: Weather) {
        self.shared.weather.send_replace(weather);
    }

    /// Clears up, and lets connections that are there now stay silent.
    pub fn forgets_connections(&self) {
        self.shared.stranded.store(self.shared.opened.load(Ordering::SeqCst), Ordering::SeqCst);
        self.turns(Weather::Fine);
    }

    /// Loses the reply to one `command`, after so many of its kind: it was done, and nobody hears of it.
    pub fn loses_reply_to(&self, command: &str, after: usize) {
        *self.shared.loses.lock().unwrap() = Some((command.to_owned(), after));
    }

    /// Loses no more replies; how many it has lost.
    pub fn replies_lost(&self) -> usize {
        *self.shared.loses.lock().unwrap() = None;
        self.shared.lost.load(Ordering::SeqCst)
    }
}

/// One message, with its length in front.
async fn message(from: &mut (impl AsyncReadExt + Unpin)) -> io::Result<Vec<u8>> {
    let mut length = [0_u8; 4];
    from.read_exact(&mut length).await?;
    let size = usize::try_from(u32::from_le_bytes(length)).unwrap();
    if !(16..=LONGEST).contains(&size) {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut message = vec![0; size];
    message[..4].copy_from_slice(&length);
    from.read_exact(&mut message[4..]).await?;
    Ok(message)
}

fn holds(message: &[u8], text: &[u8]) -> bool {
    message.windows(text.len()).any(|window| window == text)
}

/// The name of the first field of an OP_MSG's document, which is the command: behind header, flags, kind, length and type.
fn is_command(message: &[u8], name: &str) -> bool {
    const OP_MSG: [u8; 4] = 2013_u32.to_le_bytes();
    message.get(12..16) == Some(&OP_MSG)
        && message.get(26..).is_some_and(|rest| rest.starts_with(name.as_bytes()))
        && message.get(26 + name.len()) == Some(&0)
}

impl Shared {
    async fn connect(&self, mut client: TcpStream, target: u16) -> io::Result<()> {
        client.set_nodelay(true)?;
        let first = message(&mut client).await?;
        let mut server = TcpStream::connect(("127.0.0.1", target)).await;
        if let Ok(server) = &server {
            server.set_nodelay(true)?;
        }
        if !holds(&first, &self.app) {
            // A member, or whoever looks after the test.
            let server = server.as_mut().map_err(|error| io::Error::from(error.kind()))?;
            server.write_all(&first).await?;
            copy_bidirectional(&mut client, server).await?;
            return Ok(());
        }
        let born = self.opened.fetch_add(1, Ordering::SeqCst);
        let relayed = match server {
            Ok(server) => self.relay(&mut client, server, first, born).await,
            Err(error) => Err(error),
        };
        client.set_zero_linger()?;
        relayed
    }

    async fn relay(
        &self,
        client: &mut TcpStream,
        mut server: TcpStream,
        first: Vec<u8>,
        born: usize,
    ) -> io::Result<()> {
        let (mut from_client, mut to_client) = client.split();
        let (mut from_server, mut to_server) = server.split();
        let lose_next = AtomicBool::new(false);
        let up = async {
            let mut next = first;
            loop {
                self.passes(born).await?;
                if self.loses_reply(&next) {
                    lose_next.store(true, Ordering::SeqCst);
                }
                to_server.write_all(&next).await?;
                next = message(&mut from_client).await?;
            }
        };
        let down = async {
            loop {
                let next = message(&mut from_server).await?;
                if lose_next.load(Ordering::SeqCst) {
                    self.lost.fetch_add(1, Ordering::SeqCst);
                    return Err(io::ErrorKind::ConnectionReset.into());
                }
                self.passes(born).await?;
                to_client.write_all(&next).await?;
            }
        };
        let mut weather = self.weather.subscribe();
        let cut = async {
            let _ = weather.wait_for(|weather| *weather == Weather::Refused).await;
            Err(io::ErrorKind::ConnectionReset.into())
        };
        tokio::select! { ended = up => ended, ended = down => ended, ended = cut => ended }
    }

    /// Lets a message pass, when and if the weather does.
    async fn passes(&self, born: usize) -> io::Result<()> {
        let mut weather = self.weather.subscribe();
        let now = *weather.wait_for(|weather| *weather != Weather::Silent).await.unwrap();
        if born < self.stranded.load(Ordering::SeqCst) {
            std::future::pending::<()>().await;
        }
        match now {
            Weather::Slow(pause) => tokio::time::sleep(pause).await,
            Weather::Refused => return Err(io::ErrorKind::ConnectionReset.into()),
            Weather::Fine | Weather::Silent => {}
        }
        Ok(())
    }

    fn loses_reply(&self, message: &[u8]) -> bool {
        let mut loses = self.loses.lock().unwrap();
        match loses.as_mut() {
            Some((command, _)) if !is_command(message, command) => false,
            Some((_, after @ 1..)) => {
                *after -= 1;
                false
            }
            Some(_) => {
                *loses = None;
                true
            }
            None => false,
        }
    }
}
