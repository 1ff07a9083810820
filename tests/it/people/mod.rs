//! People: signing up, verifying an address, passwords, profiles, and the holds that keep one mailbox from defeating both
//! factors.

mod holds;
mod password;
mod profile;
mod sign_up;

use serde_json::{Value, json};

use crate::harness::{Client, Reply, TestApp, token_in};

/// A password that is good enough, and not the one that everybody has.
const NEW: &str = "lantern orbit seven moss";

const SIGN_UP: &str = "mutation($email: String!, $password: String!) {
  signUp(input: { email: $email, password: $password, name: \"Nora New\", accountName: \"Harbor Coffee\" }) {
    __typename
    ... on SignedUp { email }
    ... on SignUpRejected { reason message retryAt }
  } }";

const VERIFY: &str = "mutation($token: String!) {
  verifyEmail(input: { token: $token }) {
    __typename
    ... on EmailVerified { maskedEmail }
    ... on VerifyEmailRejected { reason message retryAt }
  } }";

const REQUEST: &str = "mutation($email: String!) {
  requestPasswordReset(input: { email: $email }) {
    __typename
    ... on PasswordResetRequested { email }
    ... on RequestPasswordResetRejected { reason retryAt }
  } }";

const RESET: &str = "mutation($token: String!, $new: String!) {
  resetPassword(input: { token: $token, newPassword: $new }) {
    __typename
    ... on PasswordReset { maskedEmail }
    ... on ResetPasswordRejected { reason message retryAt }
  } }";

const CHANGE: &str = "mutation($current: String!, $new: String!) {
  changePassword(input: { currentPassword: $current, newPassword: $new }) {
    __typename
    ... on PasswordChanged { sessionsEnded }
    ... on ChangePasswordRejected { reason message retryAt }
  } }";

async fn sign_up(client: &Client, email: &str, password: &str) -> Reply {
    client.send(SIGN_UP, json!({ "email": email, "password": password })).await
}

async fn verify(client: &Client, token: &str) -> Reply {
    client.send(VERIFY, json!({ "token": token })).await
}

async fn request(client: &Client, email: &str) -> Reply {
    client.send(REQUEST, json!({ "email": email })).await
}

async fn reset(client: &Client, token: &str, new: &str) -> Reply {
    client.send(RESET, json!({ "token": token, "new": new })).await
}

async fn log_in(client: &Client, email: &str, password: &str) -> Reply {
    client.send(crate::main_job::LOG_IN, json!({ "email": email, "password": password })).await
}

/// A rejection's reason, or the name of the success.
fn kind(reply: &Reply) -> String {
    let answer = reply.body["data"].as_object().and_then(|fields| fields.values().next()).cloned();
    let answer = answer.unwrap_or_else(|| panic!("{:#}", reply.body));
    let reason = answer.get("reason").filter(|reason| !reason.is_null());
    reason.unwrap_or(&answer["__typename"]).as_str().unwrap_or_else(|| panic!("{:#}", reply.body)).to_owned()
}

/// The token in the latest mail with this subject to an address.
async fn mailed(app: &TestApp, email: &str, subject: &str) -> String {
    let mails = app.deliver().await;
    let mail =
        mails.into_iter().rfind(|mail| mail.recipient.eq_ignore_ascii_case(email) && mail.subject == subject);
    token_in(&mail.unwrap_or_else(|| panic!("no mail {subject:?} to {email}")).text)
}

/// The subjects of all mail to an address, oldest first.
async fn subjects(app: &TestApp, email: &str) -> Vec<String> {
    let mails = app.deliver().await;
    mails
        .into_iter()
        .filter(|mail| mail.recipient.eq_ignore_ascii_case(email))
        .map(|mail| mail.subject)
        .collect()
}

fn count(replies: &[Reply], wanted: &str) -> usize {
    replies.iter().filter(|reply| kind(reply) == wanted).count()
}

fn time_of(value: &Value) -> time::OffsetDateTime {
    let text = value.as_str().unwrap_or_else(|| panic!("no time: {value}"));
    time::OffsetDateTime::parse(text, &time::format_description::well_known::Rfc3339).unwrap()
}
