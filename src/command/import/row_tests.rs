//! What rows may say, and how they are refused.

use super::*;

fn user(line: &str) -> Result<UserRow, String> {
    let mut fields = Fields::parse(line.as_bytes())?;
    assert_eq!(Kind::take(&mut fields)?, Kind::User);
    UserRow::parse(fields)
}

fn group(group: Group, line: &str) -> Result<GroupRow, String> {
    let mut fields = Fields::parse(line.as_bytes())?;
    Kind::take(&mut fields)?;
    GroupRow::parse(group, fields)
}

fn member(group: Group, line: &str) -> Result<MemberRow, String> {
    let mut fields = Fields::parse(line.as_bytes())?;
    Kind::take(&mut fields)?;
    MemberRow::parse(group, fields)
}

fn refusal<T>(outcome: Result<T, String>) -> String {
    outcome.err().expect("a refusal")
}

const HASH: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$oJs0KfiOGXpQP0PSKH0vGEEpEXOm6hXvF5nKfDwIBTo";

#[test]
fn a_user_row_with_everything_is_read() {
    let row = user(&format!(
        r#"{{"kind":"user","email":" Ana@Example.com ","name":" Ana ","passwordHash":"{HASH}",
            "totpSecret":"jbsw y3dp ehpk 3pxp","backupCodes":["12345678","ABCD-EFGH-2345"],
            "createdAt":"2025-01-02T03:04:05+01:00"}}"#
    ))
    .unwrap();
    assert_eq!((row.email.as_str(), row.email_key.as_str()), ("Ana@Example.com", "ana@example.com"));
    assert_eq!(row.name, "Ana");
    assert!(matches!(&row.password, Password::Hash(hash) if hash.as_str() == HASH));
    assert_eq!(row.totp.unwrap().to_base32(), "JBSWY3DPEHPK3PXP");
    assert_eq!(row.backup_codes.len(), 2);
    assert_eq!(row.created_at.unwrap().unix_timestamp(), 1_735_783_445);
}

#[test]
fn a_user_row_may_do_without_password_and_factor() {
    let row = user(r#"{"email":"a@b.c","kind":"user","name":"A","password":null}"#).unwrap();
    assert!(matches!(row.password, Password::None));
    assert!(row.totp.is_none() && row.backup_codes.is_empty());
}

#[test]
fn refusals_name_the_field_and_never_repeat_a_value() {
    let cases = [
        (r#"{"kind":"user","email":"secret","name":"A"}"#, "email: expected an address"),
        (r#"{"kind":"user","name":"A"}"#, "email is missing"),
        (r#"{"kind":"user","email":"a@b.c","name":" "}"#, "name must have 1 to 200"),
        (r#"{"kind":"user","email":"a@b.c","name":"a\u0007b"}"#, "name must have 1 to 200"),
        (r#"{"kind":"user","email":"a@b.c","name":["secret"]}"#, "name must be a text"),
        (r#"{"kind":"user","email":"a@b.c","name":"A","password":["secret"]}"#, "password must be a text"),
        (r#"{"kind":"user","email":"a@b.c","name":"A","password":""}"#, "password is empty"),
        (r#"{"kind":"user","email":"a@b.c","name":"A","passwordHash":"$2b$10$secret"}"#, "passwordHash: not"),
        (r#"{"kind":"user","email":"a@b.c","name":"A","password":"secret","passwordHash":"x"}"#, "exclude"),
        (r#"{"kind":"user","email":"a@b.c","name":"A","totpSecret":"secret!!1"}"#, "totpSecret: the TOTP"),
        (r#"{"kind":"user","email":"a@b.c","name":"A","totpSecret":"SECRET"}"#, "totpSecret: the TOTP"),
        (r#"{"kind":"user","email":"a@b.c","name":"A","backupCodes":["secret12"]}"#, "go only with a totp"),
        (r#"{"kind":"user","email":"a@b.c","name":"A","backupCodes":"secret"}"#, "must be a list of texts"),
        (
            r#"{"kind":"user","email":"a@b.c","name":"A","backupCodes":["secret12","654321"]}"#,
            "number 2 must",
        ),
        (
            r#"{"kind":"user","email":"a@b.c","name":"A","backupCodes":["secret12","SECRET-12"]}"#,
            "number 2 repeats",
        ),
        (r#"{"kind":"user","email":"a@b.c","name":"A","createdAt":"secret"}"#, "createdAt must be a time"),
        (r#"{"kind":"user","email":"a@b.c","name":"A","pasword":"secret"}"#, "unknown field pasword"),
        (
            r#"{"kind":"user","email":"a@b.c","name":"A","name":"secret"}"#,
            "the field name stands there twice",
        ),
        (
            r#"{"kind":"user","email":"a@b.c","name":"secret}"#,
            "malformed JSON: EOF while parsing a string at column",
        ),
        (r#"["secret"]"#, "malformed: not a JSON object"),
        (r#""secret""#, "malformed: not a JSON object"),
        (r#"{"kind":"secret"}"#, "unknown kind"),
        (r#"{"email":"secret"}"#, "kind is missing"),
    ];
    for (line, expected) in cases {
        let reason = refusal(user(line));
        assert!(reason.contains(expected), "{line}: {reason}");
        assert!(
            !reason.to_lowercase().contains("secret!") && !reason.contains("\"secret"),
            "{line}: {reason}"
        );
    }
    let many = ["\"12345678\""; 11].join(",");
    let line = format!(r#"{{"kind":"user","email":"a@b.c","name":"A","backupCodes":[{many}]}}"#);
    assert!(refusal(user(&line)).contains("10 at most"));
    assert_eq!(refusal(Fields::parse(b"{\"kind\":\"\xff\"}")), "malformed: not UTF-8");
}

#[test]
fn groups_carry_their_policy() {
    let line = r#"{"kind":"account","key":"a1","name":"Acme","portfolio":"p1","mfaEnforced":true,
        "graceUntil":"2026-12-01T00:00:00Z","resetAcceptance":"LINK_AND_PASSWORD"}"#;
    let row = group(Group::Account, line).unwrap();
    assert_eq!((row.key.as_str(), row.portfolio.as_deref()), ("a1", Some("p1")));
    assert!(row.policy.enforced && row.policy.grace_until.is_some());
    assert_eq!(row.policy.reset_acceptance, ResetAcceptance::LinkAndPassword);

    let refused = |kind, line: &str| refusal(group(kind, line));
    let line = r#"{"kind":"portfolio","key":"p1","name":"P","portfolio":"p2"}"#;
    assert_eq!(refused(Group::Portfolio, line), "unknown field portfolio");
    let line = r#"{"kind":"account","key":"a1","name":"A","mfaEnforced":"yes"}"#;
    assert_eq!(refused(Group::Account, line), "mfaEnforced must be true or false");
    let line = r#"{"kind":"account","key":"a1","name":"A","graceUntil":"2026-12-01T00:00:00Z"}"#;
    assert!(refused(Group::Account, line).contains("goes only with mfaEnforced"));
    let line = r#"{"kind":"account","key":"a1","name":"A","resetAcceptance":"MAIL"}"#;
    assert!(refused(Group::Account, line).contains("must be LINK or"));
    let line = r#"{"kind":"portfolio","key":"p1","name":"P","resetApproval":"OWNERS_ONLY","resetCoolingOffHours":72}"#;
    let policy = group(Group::Portfolio, line).unwrap().policy;
    assert_eq!((policy.reset_approval, policy.reset_cooling_off_hours), (ResetApproval::OwnersOnly, 72));
    let line = r#"{"kind":"account","key":"a1","name":"A","resetApproval":"SOMETIMES"}"#;
    assert!(refused(Group::Account, line).contains("must be NEVER, OWNERS_ONLY or ALWAYS"));
    for hours in ["73", "-1", "300", "1.5", "\"24\""] {
        let line = format!(r#"{{"kind":"account","key":"a1","name":"A","resetCoolingOffHours":{hours}}}"#);
        let expected = "resetCoolingOffHours must be a whole number from 0 to 72";
        assert_eq!(refused(Group::Account, &line), expected, "{hours}");
    }
    // Rows of earlier imports are known again; others differ.
    let digest = |more: &str| {
        let line = format!(r#"{{"kind":"account","key":"a1","name":"A"{more}}}"#);
        group(Group::Account, &line).unwrap().digest
    };
    assert_eq!(digest(""), digest(r#","resetApproval":"NEVER","resetCoolingOffHours":0"#));
    assert_ne!(digest(""), digest(r#","resetApproval":"ALWAYS""#));
    assert_ne!(digest(r#","resetCoolingOffHours":1"#), digest(r#","resetCoolingOffHours":2"#));
    for key in ["", " ", "a\\nb", &"x".repeat(201)] {
        let line = format!(r#"{{"kind":"account","key":"{key}","name":"A"}}"#);
        assert!(refused(Group::Account, &line).starts_with("key must have"), "{key}");
    }
}

#[test]
fn roles_belong_to_their_kind() {
    let line = r#"{"kind":"accountUser","account":"a1","email":"Ana@b.c","role":"CAMPAIGN_COORDINATOR"}"#;
    let row = member(Group::Account, line).unwrap();
    assert_eq!(row.role, Role::Account(AccountRole::CampaignCoordinator));
    assert_eq!(row.email_key.as_str(), "ana@b.c");
    let line = r#"{"kind":"portfolioUser","portfolio":"p1","email":"ana@b.c","role":"SUPPORT"}"#;
    let reason = refusal(member(Group::Portfolio, line));
    assert_eq!(reason, "unknown role: OWNER, ADMIN, MANAGER, ANALYST are known");
    let line = r#"{"kind":"accountUser","account":"a1","email":"ana@b.c","role":"owner"}"#;
    assert!(refusal(member(Group::Account, line)).starts_with("unknown role"));
}

#[test]
fn the_digest_tells_rows_apart_but_not_passwords() {
    let digest =
        |rest: &str| user(&format!(r#"{{"kind":"user","email":"a@b.c","name":"A"{rest}}}"#)).unwrap().digest;
    assert_eq!(digest(r#","password":"one""#), digest(r#","password":"two""#));
    let all = [
        digest(""),
        digest(r#","password":"one""#),
        digest(&format!(r#","passwordHash":"{HASH}""#)),
        digest(r#","totpSecret":"JBSWY3DPEHPK3PXP""#),
        digest(r#","totpSecret":"JBSWY3DPEHPK3PXP","backupCodes":["12345678"]"#),
        digest(r#","createdAt":"2025-01-02T03:04:05Z""#),
    ];
    for (i, one) in all.iter().enumerate() {
        assert!(all.iter().skip(i + 1).all(|other| other != one), "{i}");
    }
}
