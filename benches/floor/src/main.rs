//! The floor: what a gateway written by hand for two questions would do, and nothing else. Not for use.
//!
//! The same MongoDB commands and the same bytes as latchkey for the Users tab, and the bare transaction of a reset
//! request. It shares no code with the gateway: no GraphQL, no policy, no loaders, no limits. What latchkey costs beyond
//! this is the price of being general.
//!
//! `MONGO`, `DB`, `PORT` and `POOL` say where.

mod read;
mod reset;

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use bson::spec::BinarySubtype;
use bson::{Binary, Document, Uuid, doc};
use mongodb::options::{Acknowledgment, ClientOptions, ReadConcern, WriteConcern};
use mongodb::{Client, Collection, Database};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use type_safe_id::{DynamicType, TypeSafeId};

type Failure = Box<dyn std::error::Error + Send + Sync>;

pub(crate) struct Floor {
    pub(crate) client: Client,
    pub(crate) db: Database,
}

impl Floor {
    pub(crate) fn docs<T: Send + Sync>(&self, name: &str) -> Collection<T> {
        self.db.collection(name)
    }
}

#[derive(Deserialize)]
struct Variables {
    id: Option<String>,
    n: Option<i64>,
    user: Option<String>,
}

#[derive(Deserialize)]
struct Asked {
    variables: Variables,
}

#[derive(Deserialize)]
struct Session {
    user_id: Uuid,
    idle_until: bson::DateTime,
    expires_at: bson::DateTime,
}

pub(crate) fn text_id(prefix: &str, id: Uuid) -> Result<String, Failure> {
    let prefix = DynamicType::new(prefix).map_err(|_| "prefix")?;
    Ok(TypeSafeId::from_type_and_uuid(prefix, id.to_uuid_1()).to_string())
}

fn read_id(text: &str) -> Result<Uuid, Failure> {
    let id: TypeSafeId<DynamicType> = text.parse().map_err(|_| "no id")?;
    Ok(Uuid::from_uuid_1(id.uuid()))
}

async fn signed_in(floor: &Floor, headers: &HeaderMap) -> Result<Uuid, Failure> {
    let token = headers.get(header::AUTHORIZATION).ok_or("signed out")?.to_str()?;
    let token = token.strip_prefix("Bearer ").ok_or("signed out")?;
    let hash = Binary { subtype: BinarySubtype::Generic, bytes: Sha256::digest(token).to_vec() };
    let session =
        floor.docs::<Session>("sessions").find_one(doc! { "_id": hash }).await?.ok_or("signed out")?;
    let now = bson::DateTime::now();
    if now >= session.idle_until || now >= session.expires_at {
        return Err("signed out".into());
    }
    Ok(session.user_id)
}

async fn answer(floor: &Floor, headers: &HeaderMap, body: &[u8]) -> Result<Vec<u8>, Failure> {
    let asked: Asked = serde_json::from_slice(body)?;
    let viewer = signed_in(floor, headers).await?;
    match asked.variables {
        Variables { id: Some(id), n, .. } => {
            read::users_tab(floor, viewer, read_id(&id)?, n.unwrap_or(25)).await
        }
        Variables { user: Some(user), .. } => reset::ask(floor, viewer, read_id(&user)?).await,
        _ => Err("neither an account nor a user".into()),
    }
}

async fn graphql(State(floor): State<Arc<Floor>>, headers: HeaderMap, body: Bytes) -> Response {
    // Apart, as the gateway does it: a client that hangs up must not stall the driver.
    let answered = tokio::spawn(async move { answer(&floor, &headers, &body).await }).await;
    match answered.map_err(Failure::from).and_then(|answered| answered) {
        Ok(bytes) => ([(header::CONTENT_TYPE, "application/json; charset=utf-8")], bytes).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

fn var(name: &str, default: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| default.to_owned())
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let mut options =
        ClientOptions::parse(var("MONGO", "mongodb://127.0.0.1:27017/?replicaSet=latchkey")).await?;
    options.max_pool_size = Some(var("POOL", "64").parse()?);
    options.min_pool_size = Some(4);
    options.write_concern = Some(WriteConcern::builder().w(Acknowledgment::Majority).journal(true).build());
    options.read_concern = Some(ReadConcern::majority());
    let client = Client::with_options(options)?;
    let db = client.database(&var("DB", "latchkey"));
    db.run_command(doc! { "ping": 1 }).await?;
    let app = Router::new().route("/graphql", post(graphql)).with_state(Arc::new(Floor { client, db }));
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", var("PORT", "41101").parse::<u16>()?)).await?;
    axum::serve(listener, app).with_graceful_shutdown(async { drop(tokio::signal::ctrl_c().await) }).await?;
    Ok(())
}

pub(crate) fn in_ids(field: &str, ids: Vec<Uuid>) -> Document {
    doc! { field: { "$in": ids } }
}
