//! Makes one mongod a replica set of one: transactions and change streams need a replica set.

use std::time::{Duration, Instant};

use bson::{Document, doc};
use mongodb::{
    Client,
    error::{Error, ErrorKind},
    options::ClientOptions,
};

pub(super) const NAME: &str = "latchkey";

/// The server's own code for "no configuration yet".
const NOT_YET_INITIALIZED: i32 = 94;

/// Whether writes became possible before the deadline.
pub(super) async fn make_ready(port: u16, deadline: Instant) -> Result<bool, Error> {
    let uri = format!("mongodb://127.0.0.1:{port}/?directConnection=true");
    let mut options = ClientOptions::parse(uri).await?;
    options.server_selection_timeout = Some(Duration::from_secs(10));
    let client = Client::with_options(options)?;
    let outcome = make_ready_through(&client, port, deadline).await;
    client.shutdown().immediate(true).await;
    outcome
}

async fn make_ready_through(client: &Client, port: u16, deadline: Instant) -> Result<bool, Error> {
    let admin = client.database("admin");
    let mut configured = false;
    while Instant::now() < deadline {
        if !configured {
            configured = configure(client, port).await?;
        } else if admin.run_command(doc! { "hello": 1 }).await?.get_bool("isWritablePrimary").unwrap_or(false)
        {
            return Ok(true);
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(false)
}

/// Whether the set consists of this node at this port; `false`: ask again.
async fn configure(client: &Client, port: u16) -> Result<bool, Error> {
    let admin = client.database("admin");
    let host = format!("127.0.0.1:{port}");
    let mut config = match admin.run_command(doc! { "replSetGetConfig": 1 }).await {
        Ok(reply) => reply.get_document("config").cloned().unwrap_or_default(),
        Err(error) if code(&error) == Some(NOT_YET_INITIALIZED) => {
            let config = doc! { "_id": NAME, "members": [{ "_id": 0, "host": &host }] };
            return accepted(admin.run_command(doc! { "replSetInitiate": config }).await);
        }
        // A node that starts with a configuration needs a moment to read it.
        Err(error) if code(&error).is_some() => return Ok(false),
        Err(error) => return Err(error),
    };
    let members = config.get_array("members").map_or(&[][..], Vec::as_slice);
    let is_ours = |member: &bson::Bson| {
        member.as_document().and_then(|m| m.get_str("host").ok()).is_some_and(|at| at == host)
    };
    if matches!(members, [only] if is_ours(only)) {
        return Ok(true);
    }
    let version = config.get_i32("version").unwrap_or(1);
    config.insert("version", version.saturating_add(1));
    config.insert("members", vec![doc! { "_id": 0, "host": host }]);
    accepted(admin.run_command(doc! { "replSetReconfig": config, "force": true }).await)
}

/// A refusal is asked again until the deadline; it is reported by the log if it stays.
fn accepted(reply: Result<Document, Error>) -> Result<bool, Error> {
    match reply {
        Ok(_) => Ok(true),
        Err(error) if code(&error).is_some() => {
            tracing::debug!(%error, "mongod does not take its configuration yet");
            Ok(false)
        }
        Err(error) => Err(error),
    }
}

fn code(error: &Error) -> Option<i32> {
    match error.kind.as_ref() {
        ErrorKind::Command(command) => Some(command.code),
        _ => None,
    }
}
