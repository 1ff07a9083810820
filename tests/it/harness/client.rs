//! A GraphQL client over real HTTP.

use serde_json::{Value, json};

use super::secrets;

/// A GraphQL client, with or without a session.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    url: String,
    token: Option<String>,
}

/// An answer.
#[derive(Debug, Clone)]
pub struct Reply {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub body: Value,
}

impl Client {
    pub fn new(url: String) -> Self {
        Self { http: reqwest::Client::new(), url, token: None }
    }

    /// The same client with a session.
    pub fn with_token(&self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..self.clone() }
    }

    /// Sends a document without variables.
    pub async fn ask(&self, query: &str) -> Reply {
        self.send(query, json!({})).await
    }

    /// Sends a document with variables.
    pub async fn send(&self, query: &str, variables: Value) -> Reply {
        self.post(json!({ "query": query, "variables": variables })).await
    }

    /// Sends the parameters of a request as they are.
    pub async fn post(&self, parameters: Value) -> Reply {
        self.try_post(parameters).await.unwrap()
    }

    /// The same where the gateway may die before it answers.
    pub async fn try_post(&self, parameters: Value) -> Result<Reply, reqwest::Error> {
        let mut request = self.http.post(&self.url).json(&parameters);
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        let response = request.header("accept", "application/json").send().await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body: Value = response.json().await?;
        secrets::notice(&parameters["variables"]);
        secrets::notice(&body["data"]);
        if let Some(errors) = body.get("errors") {
            secrets::check("an error", errors.to_string().as_bytes());
        }
        Ok(Reply { status, headers, body })
    }
}

impl Reply {
    /// A value of `data`, by JSON pointer; fails when there are errors.
    pub fn data(&self, pointer: &str) -> &Value {
        assert_eq!(self.body.get("errors"), None, "{:#}", self.body);
        self.at(pointer)
    }

    /// A value of `data`, by JSON pointer, errors or not.
    pub fn at(&self, pointer: &str) -> &Value {
        let found = self.body["data"].pointer(pointer);
        found.unwrap_or_else(|| panic!("nothing at {pointer}: {:#}", self.body))
    }

    /// A text of `data`.
    pub fn text(&self, pointer: &str) -> &str {
        self.data(pointer).as_str().unwrap_or_else(|| panic!("no text at {pointer}: {:#}", self.body))
    }

    /// What one field says: the code of an error, the reason of a refusal, or the type of its result.
    pub fn said(&self) -> String {
        if !self.code().is_empty() {
            return self.code().to_owned();
        }
        let result = self.data("").as_object().unwrap().values().next().unwrap();
        result.get("reason").unwrap_or(&result["__typename"]).as_str().unwrap().to_owned()
    }

    /// The code of the first error; empty when there is none.
    pub fn code(&self) -> &str {
        self.body["errors"][0]["extensions"]["code"].as_str().unwrap_or_default()
    }
}
