//! Comparison keys. Names and addresses are kept as typed; these keys are what is compared, sorted and searched.

use std::fmt;

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

/// Longest name that is taken, in characters.
pub const NAME_MAX: usize = 200;
/// Longest address that is taken, in bytes (RFC 5321, section 4.5.3.1: 64 + 1 + 255, less the path's brackets).
pub const EMAIL_MAX: usize = 254;

/// A name's key: NFKC, lower case, inner white space folded.
pub fn name_key(name: &str) -> String {
    let folded: String = name.nfkc().collect::<String>().to_lowercase().nfkc().collect();
    folded.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A name as it is kept: trimmed, 1 to [`NAME_MAX`] characters, no control characters; nothing when it is not usable.
pub fn usable_name(name: &str) -> Option<&str> {
    let name = name.trim();
    ((1..=NAME_MAX).contains(&name.chars().count()) && !name.contains(char::is_control)).then_some(name)
}

/// Why a text is not taken as an e-mail address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EmailError {
    /// No `@`, or nothing on one side of it.
    #[error("expected an address of the form name@example.com")]
    Form,
    /// Over 254 bytes.
    #[error("expected at most 254 bytes")]
    TooLong,
    /// The domain is no name that the DNS could hold.
    #[error("expected a valid domain after the @")]
    Domain,
}

/// An e-mail address's key: NFKC, lower case, the domain in its ASCII form (IDNA, UTS 46).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EmailKey(String);

impl EmailKey {
    /// Checks an address as typed and makes its key.
    pub fn parse(email: &str) -> Result<Self, EmailError> {
        if email.len() > EMAIL_MAX {
            return Err(EmailError::TooLong);
        }
        let text: String = email.trim().nfkc().collect::<String>().to_lowercase().nfkc().collect();
        let (local, domain) = text.rsplit_once('@').ok_or(EmailError::Form)?;
        let forbidden = |c: char| c.is_whitespace() || c.is_control() || "@<>()[]\\,;:\"".contains(c);
        if local.is_empty() || domain.is_empty() || local.chars().any(forbidden) || local.len() > 64 {
            return Err(EmailError::Form);
        }
        let domain = idna::domain_to_ascii_strict(domain).map_err(|_| EmailError::Domain)?;
        if domain.is_empty() || domain.len() > 253 {
            return Err(EmailError::Domain);
        }
        // The ASCII form of a domain is longer than what was typed.
        let key = format!("{local}@{domain}");
        if key.len() > EMAIL_MAX { Err(EmailError::TooLong) } else { Ok(Self(key)) }
    }

    /// The key's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for EmailKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EmailKey(…)")
    }
}

/// Most characters that [`alike`] counts. Longer searches find few people anyway.
pub const ALIKE_MAX: usize = 24;

/// How many characters a name's key and an address's key begin with in common, at most [`ALIKE_MAX`]. Whoever is found by
/// the address is found by the name as well exactly when the search has no more characters than that.
pub fn alike(name_key: &str, email: &EmailKey) -> usize {
    let common = name_key.chars().zip(email.as_str().chars()).take_while(|(a, b)| a == b);
    common.take(ALIKE_MAX).count()
}

/// A search text's key for a prefix comparison with names or addresses.
pub fn search_key(text: &str) -> String {
    name_key(text)
}

/// Hides an address well enough to be shown to whoever holds a link: `p…a@e…e.com`.
pub fn mask_email(email: &str) -> String {
    fn mask(part: &str) -> String {
        let mut chars = part.chars();
        match (chars.next(), chars.next_back()) {
            (Some(first), Some(last)) if part.chars().count() > 3 => format!("{first}…{last}"),
            (Some(first), _) => format!("{first}…"),
            _ => "…".to_owned(),
        }
    }
    match email.trim().rsplit_once('@') {
        Some((local, domain)) => match domain.rsplit_once('.') {
            Some((name, top)) => format!("{}@{}.{top}", mask(local), mask(name)),
            None => format!("{}@{}", mask(local), mask(domain)),
        },
        None => "…".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_compare_without_case_and_width() {
        assert_eq!(name_key("  Ana   MARÍA "), "ana maría");
        assert_eq!(name_key("Ａｎａ"), "ana");
        assert_eq!(name_key("STRASSE"), "strasse");
    }

    #[test]
    fn names_are_trimmed_and_bounded() {
        assert_eq!(usable_name(" Ana María "), Some("Ana María"));
        assert_eq!(usable_name(&"é".repeat(NAME_MAX)).map(str::len), Some(2 * NAME_MAX));
        for bad in ["", "  ", "a\nb", &"é".repeat(NAME_MAX + 1)] {
            assert_eq!(usable_name(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn addresses_compare_without_case_and_with_idna() {
        let key = |e| EmailKey::parse(e).map(|k| k.as_str().to_owned());
        assert_eq!(key("Ana@Example.COM"), Ok("ana@example.com".into()));
        assert_eq!(key("ana@bücher.example"), Ok("ana@xn--bcher-kva.example".into()));
        assert_eq!(key("ana@xn--bcher-kva.example"), Ok("ana@xn--bcher-kva.example".into()));
        assert_eq!(key("jürgen@example.com"), Ok("jürgen@example.com".into()));
        assert_eq!(key("no-at"), Err(EmailError::Form));
        assert_eq!(key("@example.com"), Err(EmailError::Form));
        assert_eq!(key("a b@example.com"), Err(EmailError::Form));
        assert_eq!(key("a@b\r\nBcc: x@y.z"), Err(EmailError::Form));
        assert_eq!(key(&format!("a@{}.com", "x".repeat(260))), Err(EmailError::TooLong));
    }

    #[test]
    fn an_address_that_is_too_long_in_ascii_is_refused() {
        let email = |labels: usize| format!("{}@{}de", "a".repeat(64), "ü.".repeat(labels));
        assert_eq!(EmailKey::parse(&email(23)).unwrap().as_str().len(), 64 + 1 + 23 * 8 + 2);
        assert!(email(24).len() < EMAIL_MAX);
        assert_eq!(EmailKey::parse(&email(24)), Err(EmailError::TooLong));
    }

    #[test]
    fn alike_counts_what_a_name_and_an_address_begin_with() {
        let of = |name: &str, email: &str| alike(&name_key(name), &EmailKey::parse(email).unwrap());
        assert_eq!(of("Ana María", "ana.maria@example.com"), 3);
        assert_eq!(of("Ana", "ana@example.com"), 3);
        assert_eq!(of("Ana", "office@example.com"), 0);
        assert_eq!(of("Jürgen", "jürgen@example.com"), 6, "characters, not bytes");
        assert_eq!(of(&"a".repeat(40), &format!("{}@example.com", "a".repeat(40))), ALIKE_MAX);
    }

    #[test]
    fn masked_addresses_keep_only_the_outline() {
        assert_eq!(mask_email("petra@example.com"), "p…a@e…e.com");
        assert_eq!(mask_email("al@ex.org"), "a…@e….org");
        assert_eq!(mask_email("x"), "…");
    }
}
