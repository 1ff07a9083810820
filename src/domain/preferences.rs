//! What a person prefers to read: the language and the time zone of mail.

use serde::{Deserialize, Serialize};

/// Longest language tag (RFC 5646, section 4.4.1).
const LANGUAGE_MAX: usize = 35;
const TIME_ZONE_MAX: usize = 64;

/// Language and time zone of a person, as far as they were told.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Preferences {
    /// A language tag (BCP 47), such as `de` or `pt-BR`. Mail falls back to English for a language it is not written in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
    /// A name of the IANA time zone database, such as `Europe/Berlin`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
}

/// Whether a text has the form of a language tag.
pub fn is_language_tag(text: &str) -> bool {
    let mut parts = text.split('-');
    let language = parts.next().unwrap_or_default();
    text.len() <= LANGUAGE_MAX
        && (2..=8).contains(&language.len())
        && language.chars().all(|c| c.is_ascii_alphabetic())
        && parts.all(|part| (1..=8).contains(&part.len()) && part.chars().all(|c| c.is_ascii_alphanumeric()))
}

/// Whether a text names a time zone, of those that are bundled with the gateway: what the machine knows does not count.
pub fn is_time_zone(text: &str) -> bool {
    text.len() <= TIME_ZONE_MAX && jiff::tz::TimeZone::get(text).is_ok_and(|zone| !zone.is_unknown())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn language_tags_are_told_by_their_form() {
        for good in ["en", "de", "pt-BR", "zh-Hant-TW", "de-1996", "sr-Latn-RS"] {
            assert!(is_language_tag(good), "{good}");
        }
        for bad in [
            "",
            "e",
            "en_US",
            "en-",
            "-en",
            "1a",
            "en us",
            "de-ä",
            "<b>",
            &format!("en{}", "-abcdefgh".repeat(5)),
        ] {
            assert!(!is_language_tag(bad), "{bad}");
        }
    }

    #[test]
    fn time_zones_are_those_of_the_bundled_database() {
        for good in [
            "UTC",
            "Europe/Berlin",
            "europe/berlin",
            "America/Argentina/Buenos_Aires",
            "Etc/GMT+3",
            "Asia/Seoul",
            "America/Port-au-Prince",
        ] {
            assert!(is_time_zone(good), "{good}");
        }
        for bad in [
            "",
            "/",
            "Europe/",
            "Europe/Atlantis",
            "../etc/passwd",
            "/usr/share/zoneinfo/Europe/Berlin",
            "Europe/Ber lin",
            "+02:00",
            "Etc/Unknown",
            "localtime",
            "a/b/c/d",
        ] {
            assert!(!is_time_zone(bad), "{bad}");
        }
    }
}
