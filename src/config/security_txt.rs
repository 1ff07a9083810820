//! Whom to tell of weaknesses (RFC 9116).

use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use time::{Date, OffsetDateTime};
use url::Url;

use super::values::{Parsed, PublicUrl};

/// What `/.well-known/security.txt` says.
#[derive(Clone, Debug)]
pub struct SecurityTxt {
    /// Addresses, the preferred one first.
    pub contacts: Vec<String>,
    /// Until when it holds.
    pub expires: OffsetDateTime,
}

impl SecurityTxt {
    pub(super) fn of(contacts: Option<Vec<String>>, expires: Option<OffsetDateTime>) -> Option<Self> {
        Some(Self { contacts: contacts?, expires: expires? })
    }

    /// The file.
    pub fn text(&self, url: &PublicUrl) -> String {
        let contacts: String = self.contacts.iter().map(|contact| format!("Contact: {contact}\n")).collect();
        let expires = self.expires.format(&Rfc3339).unwrap_or_default();
        format!("{contacts}Expires: {expires}\nCanonical: {}\n", url.join("/.well-known/security.txt"))
    }
}

/// RFC 9116, section 2.5.3: addresses are URIs, those of the web with TLS.
pub(super) fn contacts(text: &str) -> Parsed<Vec<String>> {
    let one = |item: &str| {
        let url = Url::parse(item).ok().filter(|url| match url.scheme() {
            "mailto" => url.path().contains('@'),
            "tel" => url.path().starts_with('+'),
            "https" => url.host_str().is_some_and(|host| !host.is_empty()),
            _ => false,
        });
        url.map(|url| url.to_string()).ok_or_else(|| {
            format!("{item:?} must be like mailto:security@acme.example, https://acme.example/security or tel:+1-201-555-0123")
        })
    };
    let all: Vec<String> =
        text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(one).collect::<Parsed<_>>()?;
    if all.is_empty() { Err("names nobody".to_owned()) } else { Ok(all) }
}

/// A day, which it begins, or a time as RFC 3339 writes it.
pub(super) fn expires(text: &str) -> Parsed<OffsetDateTime> {
    let day = Date::parse(text, format_description!("[year]-[month]-[day]"));
    day.map(|day| day.midnight().assume_utc())
        .or_else(|_| OffsetDateTime::parse(text, &Rfc3339))
        .map_err(|_| format!("{text:?} is no day; write for example 2027-06-30"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_has_what_the_rfc_demands() {
        let said = SecurityTxt {
            contacts: contacts("mailto:security@acme.example, https://acme.example/security").unwrap(),
            expires: expires("2027-06-30").unwrap(),
        };
        assert_eq!(
            said.text(&PublicUrl::parse("https://id.acme.example").unwrap()),
            "Contact: mailto:security@acme.example\nContact: https://acme.example/security\n\
             Expires: 2027-06-30T00:00:00Z\nCanonical: https://id.acme.example/.well-known/security.txt\n"
        );
    }

    #[test]
    fn a_contact_is_an_address_that_somebody_can_use() {
        assert!(contacts("tel:+1-201-555-0123").is_ok());
        for bad in [
            "security@acme.example",
            "http://acme.example",
            "mailto:security",
            "tel:1",
            "ftp://a.example",
            ",",
        ] {
            assert!(contacts(bad).is_err(), "{bad}");
        }
        // A line of one's own cannot be smuggled in.
        let smuggled = contacts("https://acme.example/\nPolicy: none").unwrap_or_default().concat();
        assert!(!smuggled.contains('\n'), "{smuggled}");
        assert_eq!(expires("2027-06-30T12:00:00Z").unwrap().hour(), 12);
        for bad in ["", "soon", "2027-13-01", "30.06.2027", "1y"] {
            assert!(expires(bad).unwrap_err().contains("2027-06-30"), "{bad}");
        }
    }
}
