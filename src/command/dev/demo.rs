//! The demo people of `latchkey dev`: who they are, the rows that the importer takes, and what is printed.
//! Their secrets are public; they must never reach a deployment.

use serde_json::json;
use time::OffsetDateTime;

use crate::crypto::TotpSecret;

/// Everybody's password.
const PASSWORD: &str = "lantern-orbit-seven-moss";

/// Key, name and whether MFA is enforced; both are linked by the one portfolio.
const ACCOUNTS: [(&str, &str, bool); 2] =
    [("harbor", "Harbor Coffee", true), ("lighthouse", "Lighthouse Books", false)];
const PORTFOLIO: (&str, &str) = ("northwind", "Northwind Group");

struct Person {
    email: &'static str,
    name: &'static str,
    /// Account or portfolio key, and the role there.
    places: &'static [(&'static str, &'static str)],
    totp: Option<&'static str>,
    backup_codes: &'static [&'static str],
}

const PEOPLE: &[Person] = &[
    Person {
        email: "oscar@lighthouse.example",
        name: "Oscar Lind",
        places: &[("lighthouse", "OWNER")],
        totp: None,
        backup_codes: &[],
    },
    Person {
        email: "mina@harbor.example",
        name: "Mina Meyer",
        places: &[("harbor", "MANAGER"), ("lighthouse", "ANALYST")],
        totp: Some("A4CTTBZDLU3HBGKBQLUZVAZGXUOJME4Z"),
        backup_codes: &["6KJ7-02G3-H8FE-EPN4", "N4DQ-QGPZ-A368-AYD7", "ZQ5W-FMYS-G9GX-BE2W"],
    },
    Person {
        email: "olivia@harbor.example",
        name: "Olivia Okafor",
        places: &[("harbor", "OWNER")],
        totp: Some("CDT6ZUGJP5FN7IB5AGG63S6VU2OVMTGA"),
        backup_codes: &["HRTJ-52R2-D2R6-RKNT", "3ADB-CEC0-ZDVE-C9EE", "C6R2-QYE8-MY97-5MT2"],
    },
    Person {
        email: "adam@harbor.example",
        name: "Adam Adler",
        places: &[("harbor", "ADMIN")],
        totp: Some("IJ3SVPHMMSCDVJHNIF2LTXJAKLRKCHA6"),
        backup_codes: &["WNGX-DRFG-34Z7-MSPK", "NTMZ-DJJ4-PB2E-C32J"],
    },
    Person {
        email: "carlos@harbor.example",
        name: "Carlos Campos",
        places: &[("harbor", "CAMPAIGN_COORDINATOR")],
        totp: None,
        backup_codes: &[],
    },
    Person {
        email: "sam@harbor.example",
        name: "Sam Sato",
        places: &[("harbor", "SUPPORT"), ("lighthouse", "SUPPORT")],
        totp: Some("6CK5FHAITTTRWUDOVTXRH5AFF7DXCMJH"),
        backup_codes: &["R1GT-CRWN-FQVN-ZRJX"],
    },
    Person {
        email: "chloe@lighthouse.example",
        name: "Chloé Chen",
        places: &[("lighthouse", "CONTENT_CREATOR")],
        totp: None,
        backup_codes: &[],
    },
    Person {
        email: "priya@northwind.example",
        name: "Priya Raman",
        places: &[("northwind", "OWNER")],
        totp: Some("2TLJZV4VGNYZ3F534P5MBMBUPSJSUUGZ"),
        backup_codes: &["XZCV-K9MA-BV4M-B2SE"],
    },
    Person {
        email: "paolo@northwind.example",
        name: "Paolo Conti",
        places: &[("northwind", "ADMIN")],
        totp: None,
        backup_codes: &[],
    },
];

/// JSON Lines for the importer.
pub(super) fn rows() -> String {
    let (portfolio, portfolio_name) = PORTFOLIO;
    let mut rows = vec![json!({ "kind": "portfolio", "key": portfolio, "name": portfolio_name })];
    for (key, name, enforced) in ACCOUNTS {
        rows.push(json!({
            "kind": "account", "key": key, "name": name, "portfolio": portfolio, "mfaEnforced": enforced,
        }));
    }
    for person in PEOPLE {
        let mut row =
            json!({ "kind": "user", "email": person.email, "name": person.name, "password": PASSWORD });
        if let (Some(secret), Some(row)) = (person.totp, row.as_object_mut()) {
            row.insert("totpSecret".to_owned(), json!(secret));
            row.insert("backupCodes".to_owned(), json!(person.backup_codes));
        }
        rows.push(row);
    }
    for person in PEOPLE {
        for (place, role) in person.places {
            rows.push(if *place == portfolio {
                json!({ "kind": "portfolioUser", "portfolio": place, "email": person.email, "role": role })
            } else {
                json!({ "kind": "accountUser", "account": place, "email": person.email, "role": role })
            });
        }
    }
    rows.iter().map(|row| format!("{row}\n")).collect()
}

fn place_name(key: &str) -> &str {
    let account = ACCOUNTS.iter().find(|(account, ..)| *account == key).map(|(_, name, _)| *name);
    account.unwrap_or(PORTFOLIO.1)
}

/// `Manager of Harbor Coffee`.
fn described(place: &str, role: &str) -> String {
    let mut words = role.split('_').map(|word| {
        let (first, rest) = word.split_at(1);
        format!("{first}{}", rest.to_lowercase())
    });
    let role = words.by_ref().collect::<Vec<_>>().join(" ");
    let scope = if place == PORTFOLIO.0 { "Portfolio " } else { "" };
    format!("{scope}{role} of {}", place_name(place))
}

/// Who can log in, and with what, at this moment.
pub(super) fn people(now: OffsetDateTime) -> String {
    let mut text = format!("Everybody's password is {PASSWORD}\n\n");
    let width = PEOPLE.iter().map(|person| person.email.len()).max().unwrap_or(0);
    for person in PEOPLE {
        let places: Vec<_> = person.places.iter().map(|(place, role)| described(place, role)).collect();
        text.push_str(&format!("  {:width$}  {}\n", person.email, places.join(", ")));
        let secret =
            person.totp.and_then(|text| TotpSecret::from_base32(text).ok().map(|secret| (text, secret)));
        if let Some((base32, secret)) = secret {
            let code = secret.code_at(now);
            let backup = person.backup_codes.first().copied().unwrap_or("none");
            text.push_str(&format!("  {:width$}    TOTP {base32}, now {code}; backup code {backup}\n", ""));
        }
    }
    let enforcing = ACCOUNTS.iter().filter(|(.., enforced)| *enforced).map(|(_, name, _)| *name);
    let enforcing: Vec<_> = enforcing.collect();
    text.push_str(&format!("\n{} enforces MFA. Secrets are as they were seeded.\n", enforcing.join(", ")));
    text
}

/// What to paste first: it needs no second factor.
pub(super) fn first_query() -> String {
    let email = PEOPLE.first().map_or("", |person| person.email);
    format!(
        r#"mutation {{
  logIn(input: {{ email: "{email}", password: "{PASSWORD}" }}) {{
    __typename
    ... on LoggedIn {{
      viewer {{ accounts(first: 5) {{ edges {{ role node {{
        name
        users(first: 25) {{ edges {{ role node {{ id name mfaResetEligibility {{ allowed reason }} }} }} }}
      }} }} }} }}
    }}
  }}
}}
"#
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::BackupCode;

    #[test]
    fn demo_secrets_are_well_formed_and_nobody_shares_them() {
        let mut seen = std::collections::BTreeSet::new();
        for person in PEOPLE {
            if let Some(secret) = person.totp {
                assert_eq!(TotpSecret::from_base32(secret).unwrap().as_bytes().len(), 20);
                assert!(seen.insert(secret));
            }
            for code in person.backup_codes {
                assert_eq!(BackupCode::parse(code).unwrap().expose(), *code);
                assert!(seen.insert(code));
            }
        }
    }

    #[test]
    fn every_account_and_the_portfolio_have_exactly_one_owner() {
        for key in ACCOUNTS.iter().map(|(key, ..)| *key).chain([PORTFOLIO.0]) {
            let owners =
                PEOPLE.iter().flat_map(|person| person.places).filter(|place| **place == (key, "OWNER"));
            assert_eq!(owners.count(), 1, "{key}");
        }
    }

    #[test]
    fn what_is_printed_names_everybody() {
        let text = people(OffsetDateTime::UNIX_EPOCH);
        assert!(PEOPLE.iter().all(|person| text.contains(person.email)));
        assert!(text.contains("Campaign Coordinator of Harbor Coffee"), "{text}");
        assert!(text.contains("Portfolio Owner of Northwind Group"), "{text}");
        assert_eq!(rows().lines().count(), 1 + 2 + PEOPLE.len() + 11);
    }
}
