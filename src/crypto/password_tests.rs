//! The tests of the passwords, apart because of their length.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use argon2::PasswordHasher as _;

use super::*;

// Made by other implementations: argon2-cffi's manual, and the reference implementation's own tests.
const FOREIGN: [(&str, &str); 2] = [
    (
        "correct horse battery staple",
        "$argon2id$v=19$m=65536,t=3,p=4$MIIRqgvgQbgj220jfp0MPA$YfwJSVjtjSU0zzV/P3S9nnQ/USre2wvJMjfCIjrTQbg",
    ),
    ("password", "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4"),
];

#[tokio::test]
async fn the_cost_is_what_owasp_asks_for() {
    let hash = Passwords::new(1).hash("correct horse").await.unwrap();
    assert!(hash.as_str().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", hash.as_str());
    let parsed = read(hash.as_str()).unwrap();
    assert_eq!((parsed.salt.unwrap().len(), parsed.hash.unwrap().len()), (16, 32));
    assert!(Passwords::new(1).verify("correct horse", Some(&hash)).await);
    assert!(!Passwords::new(1).is_outdated(&hash));
    assert!(Passwords::for_tests().is_outdated(&hash));
}

#[tokio::test]
async fn a_password_matches_its_own_hash_only() {
    let passwords = Passwords::for_tests();
    let (one, other) = (passwords.hash("one").await.unwrap(), passwords.hash("one").await.unwrap());
    assert_ne!(one.as_str(), other.as_str(), "each hash has a salt of its own");
    assert!(passwords.verify("one", Some(&one)).await);
    assert!(passwords.verify("one", Some(&other)).await);
    for wrong in ["", "One", "one ", "on", "one\0"] {
        assert!(!passwords.verify(wrong, Some(&one)).await, "{wrong:?}");
    }
}

#[tokio::test]
async fn hashes_of_other_implementations_are_taken_over() {
    let passwords = Passwords::new(1);
    for (password, text) in FOREIGN {
        let hash = PasswordHash::parse(text).unwrap();
        assert!(passwords.verify(password, Some(&hash)).await, "{text}");
        assert!(!passwords.verify("wrong", Some(&hash)).await, "{text}");
        assert!(passwords.is_outdated(&hash));
    }
}

#[test]
fn only_complete_and_affordable_argon2id_hashes_are_taken_over() {
    let (_, good) = FOREIGN[0];
    for bad in [
        "",
        "password",
        "$2b$12$GhvMmNVjRW29ulnudl.LbuAnUtN/LRfe1JsBm1Xu6LE3059z5Tr8m",
        "$scrypt$ln=16,r=8,p=1$aM15713r3Xsvxbi31lqr1Q$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E",
        &good.replace("argon2id", "argon2i"),
        &good.replace("argon2id", "argon2d"),
        &good.replace("$v=19", ""),
        &good.replace("$v=19", "$v=20"),
        &good.replace(",p=4", ""),
        &good.replace(",p=4", ",p=4,keyid=AAAA"),
        &good.replace("t=3", "t=0"),
        &good.replace("t=3", "t=x"),
        &good[..good.rfind('$').unwrap()],
        &format!("{good}$"),
        &format!(" {good}"),
        &format!("{good}\n"),
    ] {
        assert!(matches!(PasswordHash::parse(bad), Err(PasswordError::NotArgon2id)), "{bad}");
    }
    for dear in ["m=1048577,t=3,p=4", "m=65536,t=65,p=4", "m=65536,t=3,p=65"] {
        let text = good.replace("m=65536,t=3,p=4", dear);
        assert!(matches!(PasswordHash::parse(&text), Err(PasswordError::TooExpensive)), "{dear}");
    }
}

#[tokio::test]
async fn no_hash_is_never_right_and_costs_the_same_work() {
    let passwords = Passwords::for_tests();
    for password in ["", "one", &"x".repeat(5000)] {
        assert!(!passwords.verify(password, None).await);
    }
    let dummy = PasswordHash::parse(&Passwords::new(1).dummy).unwrap();
    assert!(dummy.as_str().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
    assert!(!Passwords::new(1).is_outdated(&dummy));
}

#[tokio::test]
async fn long_passwords_are_refused() {
    let passwords = Passwords::for_tests();
    let longest = "x".repeat(MAX_PASSWORD_BYTES);
    let hash = passwords.hash(&longest).await.unwrap();
    assert!(passwords.verify(&longest, Some(&hash)).await);
    assert!(matches!(passwords.hash(&format!("{longest}x")).await, Err(PasswordError::TooLong)));
    assert!(!passwords.verify(&format!("{longest}x"), Some(&hash)).await);
    let empty = passwords.hash("").await.unwrap();
    assert!(!passwords.verify(&format!("{longest}x"), Some(&empty)).await);
}

#[tokio::test]
async fn spellings_of_the_same_text_match() {
    let passwords = Passwords::for_tests();
    let hash = passwords.hash("Zürich\u{212b}").await.unwrap();
    for same in ["Zürich\u{212b}", "Zu\u{308}richÅ", "ZürichA\u{30a}"] {
        assert!(passwords.verify(same, Some(&hash)).await, "{same}");
    }
    assert!(!passwords.verify("ZurichA", Some(&hash)).await);
    // A foreign hash of the bytes as typed, not in normal form.
    let raw = passwords.argon2.hash_password_with_salt("Zu\u{308}rich".as_bytes(), &[7; 16]).unwrap();
    let hash = PasswordHash::parse(&raw.to_string()).unwrap();
    assert!(passwords.verify("Zu\u{308}rich", Some(&hash)).await);
}

#[test]
fn nfkc_fits_the_space_set_aside_for_it() {
    // U+FDFA grows most: 3 bytes to 33.
    let text = normal_form(&"\u{fdfa}".repeat(300));
    assert_eq!(text.len(), 300 * 33);
    assert!(text.capacity() <= 900 * 11);
}

#[tokio::test]
async fn no_more_than_the_allowed_number_run_at_once() {
    let passwords = Passwords::with_params(2, 8, 1, 1).unwrap();
    let (release, gate) = std::sync::mpsc::channel::<()>();
    let gate = Arc::new(std::sync::Mutex::new(gate));
    let mut busy = Vec::new();
    for _ in 0..2 {
        let (passwords, gate) = (passwords.clone(), Arc::clone(&gate));
        busy.push(tokio::spawn(async move {
            passwords.off_thread(move || gate.lock().unwrap().recv().unwrap()).await.unwrap();
        }));
    }
    while passwords.slots.available_permits() > 0 {
        tokio::task::yield_now().await;
    }
    // A caller that gives up does not free the slot: the work still runs.
    let gave_up = busy.remove(0);
    gave_up.abort();
    assert!(gave_up.await.unwrap_err().is_cancelled());
    assert_eq!(passwords.slots.available_permits(), 0);
    let mut third = Box::pin(passwords.hash("one"));
    assert!(futures_util::poll!(third.as_mut()).is_pending());
    assert_eq!(passwords.slots.available_permits(), 0);
    release.send(()).unwrap();
    third.await.unwrap();
    release.send(()).unwrap();
}

#[test]
fn wrong_parameters_are_an_error() {
    for (memory, passes, lanes) in [(7, 1, 1), (8, 0, 1), (8, 1, 0), (8, 1, 2)] {
        assert!(Passwords::with_params(1, memory, passes, lanes).is_err(), "{memory} {passes} {lanes}");
    }
}

#[tokio::test]
async fn a_hash_is_a_string_in_serde_and_checked_on_the_way_in() {
    let hash = Passwords::for_tests().hash("one").await.unwrap();
    let value = bson::serialize_to_bson(&hash).unwrap();
    assert_eq!(value.as_str(), Some(hash.as_str()));
    assert_eq!(bson::deserialize_from_bson::<PasswordHash>(value).unwrap(), hash);
    assert!(serde_json::from_str::<PasswordHash>("\"$2b$12$abc\"").is_err());
}

#[tokio::test]
async fn debug_shows_nothing_of_a_hash() {
    let passwords = Passwords::for_tests();
    let hash = passwords.hash("one").await.unwrap();
    assert_eq!(format!("{hash:?}"), "PasswordHash(redacted)");
    assert!(!format!("{passwords:?}").contains("argon2id"));
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_memory_is_kept_than_is_used_at_a_time() {
    let passwords = Passwords::with_params(2, 64, 1, 1).unwrap();
    let hashes = futures_util::future::join_all((0..20).map(|_| passwords.hash("one"))).await;
    let kept = passwords.memory.kept().len();
    assert!((1..=2).contains(&kept), "{kept}");
    // Memory that was used before gives the same as new memory.
    for hash in hashes {
        let hash = hash.unwrap();
        assert!(passwords.verify("one", Some(&hash)).await);
        assert!(Passwords::for_tests().verify("one", Some(&hash)).await);
        assert!(!passwords.verify("two", Some(&hash)).await);
    }
}
