//! What a reverse proxy asks for: read strictly, since what is not understood must not open a door.

use http::HeaderMap;
use http::request::Parts;

use crate::domain::AccountRole;
use crate::service::gateway::Requirement;

const ACCOUNT: (&str, &str) = ("account", "latchkey-require-account");
const ROLES: (&str, &str) = ("roles", "latchkey-require-roles");
const MFA: (&str, &str) = ("mfa", "latchkey-require-mfa");

/// A question that makes sense.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Question {
    pub(super) requirement: Requirement,
}

/// The three texts, as they were found.
#[derive(Default)]
struct Texts {
    account: Option<String>,
    roles: Option<String>,
    mfa: Option<String>,
}

impl Texts {
    /// Takes one over. Said twice, it must be the same: neither of two places may loosen what the other demands.
    fn set(slot: &mut Option<String>, name: &str, value: &str) -> Result<(), String> {
        match slot {
            Some(other) if other != value => Err(format!("{name} is asked for twice, differently")),
            _ => {
                *slot = Some(value.to_owned());
                Ok(())
            }
        }
    }

    fn add_headers(&mut self, headers: &HeaderMap) -> Result<(), String> {
        for ((name, header), slot) in
            [(ACCOUNT, &mut self.account), (ROLES, &mut self.roles), (MFA, &mut self.mfa)]
        {
            for value in headers.get_all(header) {
                let text = value.to_str().map_err(|_| format!("{header} is not plain text"))?;
                Self::set(slot, name, text.trim())?;
            }
        }
        Ok(())
    }

    fn add_query(&mut self, query: &str) -> Result<(), String> {
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            let slot = match name.as_ref() {
                "account" => &mut self.account,
                "roles" => &mut self.roles,
                "mfa" => &mut self.mfa,
                // A misspelt requirement must not be none. The name may be anybody's text: it is not repeated.
                _ => return Err("the only parameters are account, roles and mfa".to_owned()),
            };
            Self::set(slot, &name, &value)?;
        }
        Ok(())
    }

    fn question(self) -> Result<Question, String> {
        let roles = self.roles.as_deref().map(roles).transpose()?;
        // Roles are held in an account. Where the client was to name it and did not, it is in none.
        let account = self.account.or_else(|| roles.as_ref().map(|_| String::new()));
        let mfa = match self.mfa.as_deref() {
            None => false,
            Some("required") => true,
            Some(_) => return Err("mfa can only be 'required'".to_owned()),
        };
        Ok(Question { requirement: Requirement { account, roles: roles.unwrap_or_default(), mfa } })
    }
}

fn roles(text: &str) -> Result<Vec<AccountRole>, String> {
    let one = |name: &str| {
        let found = AccountRole::ALL.into_iter().find(|role| role.as_str() == name.trim());
        found.ok_or_else(|| {
            let known: Vec<_> = AccountRole::ALL.iter().map(|role| role.as_str()).collect();
            format!("roles are, separated by commas: {}", known.join(", "))
        })
    };
    text.split(',').map(one).collect()
}

impl Question {
    /// What headers say.
    pub(super) fn of_headers(headers: &HeaderMap) -> Result<Self, String> {
        let mut texts = Texts::default();
        texts.add_headers(headers)?;
        texts.question()
    }

    /// What the query and headers say, together.
    pub(super) fn of_query_and_headers(query: &str, headers: &HeaderMap) -> Result<Self, String> {
        let mut texts = Texts::default();
        texts.add_query(query)?;
        texts.add_headers(headers)?;
        texts.question()
    }
}

/// Whether a browser says that another origin made it send a request that may change something. Only for requests with
/// the cookie, which travels by itself; browsers that say nothing still keep it back by `SameSite=Lax`.
pub(super) fn is_foreign_change(parts: &Parts) -> bool {
    let headers = &parts.headers;
    let changes = |method: &[u8]| !matches!(method, b"GET" | b"HEAD" | b"OPTIONS" | b"TRACE");
    // Envoy forwards the method itself, Traefik and our nginx lines in a header. None of them may play another down.
    let named =
        ["x-forwarded-method", "x-original-method"].into_iter().flat_map(|name| headers.get_all(name));
    let may_change =
        changes(parts.method.as_str().as_bytes()) || named.into_iter().any(|value| changes(value.as_bytes()));
    let origin = headers.get("sec-fetch-site").map(|value| value.as_bytes());
    may_change && !matches!(origin, None | Some(b"same-origin" | b"none"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use http::{HeaderName, HeaderValue, Request};

    use super::*;

    fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(
                HeaderName::from_bytes(name.as_bytes()).unwrap(),
                HeaderValue::from_bytes(value.as_bytes()).unwrap(),
            );
        }
        headers
    }

    #[test]
    fn query_and_headers_say_the_same() {
        let by_query = Question::of_query_and_headers(
            "account=account_1&roles=OWNER%2CADMIN&mfa=required",
            &headers(&[]),
        );
        let by_headers = Question::of_headers(&headers(&[
            ("Latchkey-Require-Account", "account_1"),
            ("Latchkey-Require-Roles", "OWNER, ADMIN"),
            ("Latchkey-Require-Mfa", "required"),
        ]));
        assert_eq!(by_query, by_headers);
        let requirement = by_query.unwrap().requirement;
        assert_eq!(requirement.account.as_deref(), Some("account_1"));
        assert_eq!(requirement.roles, [AccountRole::Owner, AccountRole::Admin]);
        assert!(requirement.mfa);
        assert_eq!(
            Question::of_headers(&headers(&[])).unwrap().requirement,
            Requirement { account: None, roles: vec![], mfa: false }
        );
    }

    #[test]
    fn what_is_not_understood_is_no_question() {
        for query in [
            "role=OWNER",
            "mfa=true",
            "mfa=",
            "account=a&roles=",
            "account=a&roles=BOSS",
            "account=a&roles=owner",
            "account=a&account=b",
            "account=a&roles=OWNER&roles=SUPPORT",
            "x",
        ] {
            assert!(Question::of_query_and_headers(query, &headers(&[])).is_err(), "{query}");
        }
        for pair in [("latchkey-require-mfa", "no"), ("latchkey-require-account", "ä")] {
            assert!(Question::of_headers(&headers(&[pair])).is_err(), "{pair:?}");
        }
    }

    #[test]
    fn roles_without_an_account_are_held_by_nobody() {
        let question = Question::of_query_and_headers("roles=OWNER", &headers(&[])).unwrap();
        assert_eq!(question.requirement.account.as_deref(), Some(""));
    }

    #[test]
    fn a_client_cannot_loosen_by_a_header_what_the_query_demands() {
        let client = headers(&[("latchkey-require-account", "account_mine")]);
        assert!(Question::of_query_and_headers("account=account_theirs", &client).is_err());
        let client = headers(&[("latchkey-require-roles", "SUPPORT")]);
        assert!(Question::of_query_and_headers("account=a&roles=OWNER", &client).is_err());
    }

    #[test]
    fn only_a_change_from_another_origin_is_foreign() {
        let foreign = |method: &str, pairs: &[(&str, &str)]| {
            let mut parts = Request::builder().method(method).body(()).unwrap().into_parts().0;
            parts.headers = headers(pairs);
            is_foreign_change(&parts)
        };
        let cross = ("sec-fetch-site", "cross-site");
        assert!(!foreign("GET", &[cross]), "a link from elsewhere");
        assert!(foreign("POST", &[cross]));
        assert!(foreign("DELETE", &[("sec-fetch-site", "same-site")]));
        assert!(!foreign("POST", &[("sec-fetch-site", "same-origin")]));
        assert!(!foreign("POST", &[]));
        assert!(foreign("GET", &[("x-forwarded-method", "POST"), cross]));
        assert!(foreign("GET", &[("x-original-method", "PATCH"), ("x-forwarded-method", "GET"), cross]));
        assert!(foreign("POST", &[("x-forwarded-method", "GET"), cross]));
    }
}
