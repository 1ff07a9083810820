//! All that a client needs besides what is generated: one POST.

use anyhow::{Context as _, bail};
use graphql_client::{GraphQLQuery, Response};
use serde::Deserialize;

pub struct Gateway {
    url: String,
    session_token: Option<String>,
}

/// A mail as `latchkey dev` captured it.
#[derive(Deserialize)]
pub struct Mail {
    pub number: u64,
    pub recipient: String,
    pub subject: String,
    pub text: String,
}

impl Gateway {
    pub fn new(url: String) -> Self {
        Self { url, session_token: None }
    }

    pub fn signed_in(&self, session_token: String) -> Self {
        Self { url: self.url.clone(), session_token: Some(session_token) }
    }

    pub fn run<Q: GraphQLQuery>(&self, variables: Q::Variables) -> anyhow::Result<Q::ResponseData> {
        let mut request =
            ureq::post(format!("{}/graphql", self.url)).header("accept", "application/graphql-response+json");
        if let Some(token) = &self.session_token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let mut response = request.send_json(Q::build_query(variables))?;
        let answer: Response<Q::ResponseData> = response.body_mut().read_json()?;
        if let Some(error) = answer.errors.into_iter().flatten().next() {
            bail!("{error}");
        }
        answer.data.context("an answer without data")
    }

    pub fn mailbox(&self) -> anyhow::Result<Vec<Mail>> {
        Ok(ureq::get(format!("{}/dev/mailbox.json", self.url)).call()?.body_mut().read_json()?)
    }
}
