//! The tests of the keyring, apart because of their length.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::os::unix::fs::PermissionsExt as _;

use super::*;

const PLACE: &str = "users.mfa.totp";

fn two_keys() -> (Keyring, Keyring) {
    let old = Keyring::generate();
    let both = Keyring::parse(&old.to_toml()).unwrap().rotated();
    (old, both)
}

#[test]
fn what_is_sealed_opens_for_the_same_owner_in_the_same_place() {
    let keyring = Keyring::generate();
    for plain in [b"".as_slice(), b"12345678901234567890", &[0; 10_000]] {
        let sealed = keyring.seal(PLACE, b"ada", plain).unwrap();
        assert_eq!(keyring.open(PLACE, b"ada", &sealed).unwrap().as_slice(), plain);
    }
}

#[test]
fn the_string_is_version_key_id_nonce_and_ciphertext() {
    let keyring = Keyring::generate();
    let sealed = keyring.seal(PLACE, b"ada", &[7; 20]).unwrap();
    let parts: Vec<_> = sealed.as_str().split('|').collect();
    assert_eq!(parts.len(), 4);
    assert_eq!((parts[0], parts[1]), ("v1", keyring.current_id()));
    assert_eq!(URL_SAFE_NO_PAD.decode(parts[2]).unwrap().len(), 24);
    assert_eq!(URL_SAFE_NO_PAD.decode(parts[3]).unwrap().len(), 20 + 16);
    assert_eq!(sealed.key_id(), Some(keyring.current_id()));
    assert_ne!(sealed, keyring.seal(PLACE, b"ada", &[7; 20]).unwrap(), "a nonce is drawn each time");
}

/// A value sealed long ago must open for ever: the format is fixed.
#[test]
fn a_value_of_the_first_version_still_opens() {
    let text = format!("current = \"k1\"\n[keys]\nk1 = \"{}\"\n", "A".repeat(43));
    let keyring = Keyring::parse(&text).unwrap();
    let sealed = Sealed::from(FIRST_VERSION.to_owned());
    assert_eq!(keyring.open(PLACE, b"ada", &sealed).unwrap().as_slice(), b"12345678901234567890");
}

// Made with libsodium: nonce 00 01 … 17, key of zeroes.
const FIRST_VERSION: &str =
    "v1|k1|AAECAwQFBgcICQoLDA0ODxAREhMUFRYX|jOXRZsUHVpkbMhhXqzj21eSjKWtcBFyNd5H-HVgss4_vW4JD";

#[test]
fn an_older_key_opens_and_the_current_one_seals() {
    let (old, both) = two_keys();
    assert_ne!(old.current_id(), both.current_id());
    assert_eq!(both.ids().collect::<Vec<_>>(), [both.current_id(), old.current_id()]);
    let before = old.seal(PLACE, b"ada", b"secret").unwrap();
    assert_eq!(both.open(PLACE, b"ada", &before).unwrap().as_slice(), b"secret");
    let after = both.seal(PLACE, b"ada", b"secret").unwrap();
    assert_eq!(after.key_id(), Some(both.current_id()));
}

#[test]
fn a_missing_key_is_named() {
    let (old, both) = two_keys();
    let sealed = both.seal(PLACE, b"ada", b"secret").unwrap();
    let error = old.open(PLACE, b"ada", &sealed).unwrap_err();
    assert!(matches!(&error, KeyringError::MissingKey(id) if id == both.current_id()), "{error}");
    assert!(error.to_string().contains(both.current_id()));
}

#[test]
fn another_owner_place_or_key_of_the_same_id_does_not_open() {
    let keyring = Keyring::generate();
    let sealed = keyring.seal(PLACE, b"ada", b"secret").unwrap();
    for (place, owner) in
        [(PLACE, b"bob".as_slice()), (PLACE, b""), ("keys", b"ada"), ("users.mfa.totpa", b"da")]
    {
        let error = keyring.open(place, owner, &sealed).unwrap_err();
        assert!(matches!(error, KeyringError::NotGenuine(_)), "{place} {owner:?}: {error}");
    }
    let text = format!("current = \"{0}\"\n[keys]\n{0} = \"{1}\"\n", keyring.current_id(), "A".repeat(43));
    let impostor = Keyring::parse(&text).unwrap();
    assert!(matches!(impostor.open(PLACE, b"ada", &sealed), Err(KeyringError::NotGenuine(_))));
}

#[test]
fn the_key_id_is_bound_to_the_value() {
    let (old, both) = two_keys();
    let sealed = old.seal(PLACE, b"ada", b"secret").unwrap();
    let renamed = Sealed::from(sealed.as_str().replace(old.current_id(), both.current_id()));
    assert!(matches!(both.open(PLACE, b"ada", &renamed), Err(KeyringError::NotGenuine(_))));
}

#[test]
fn every_altered_character_is_noticed() {
    let keyring = Keyring::generate();
    let sealed = keyring.seal(PLACE, b"ada", b"12345678901234567890").unwrap();
    for i in 0..sealed.as_str().len() {
        let mut bytes = sealed.as_str().as_bytes().to_vec();
        bytes[i] = if bytes[i] == b'A' { b'B' } else { b'A' };
        let altered = Sealed::from(String::from_utf8(bytes).unwrap());
        assert!(keyring.open(PLACE, b"ada", &altered).is_err(), "{i}");
    }
    for cut in 0..sealed.as_str().len() {
        assert!(
            keyring.open(PLACE, b"ada", &Sealed::from(sealed.as_str()[..cut].to_owned())).is_err(),
            "{cut}"
        );
    }
    for bad in ["", "|||", "v1|||", "v2|k|AA|AA", "v1|k|AA|AA|AA", "v1|é|AA|AA", "secret"] {
        let error = keyring.open(PLACE, b"ada", &Sealed::from(bad.to_owned())).unwrap_err();
        assert!(matches!(error, KeyringError::Malformed), "{bad}: {error}");
    }
}

#[test]
fn a_written_file_is_private_and_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys.toml");
    let (_, keyring) = two_keys();
    keyring.write_new(&path).unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o600);
    let sealed = keyring.seal(PLACE, b"ada", b"secret").unwrap();
    let loaded = Keyring::load(&path).unwrap();
    assert_eq!(loaded.current_id(), keyring.current_id());
    assert_eq!(loaded.ids().count(), 2);
    assert_eq!(loaded.open(PLACE, b"ada", &sealed).unwrap().as_slice(), b"secret");
    assert!(std::fs::read_to_string(&path).unwrap().starts_with("# Latchkey keyring."));
}

#[test]
fn an_existing_file_is_never_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys.toml");
    std::fs::write(&path, "precious").unwrap();
    let error = Keyring::generate().write_new(&path).unwrap_err();
    assert!(matches!(error, KeyringError::Exists(_)), "{error}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "precious");
    let nowhere = Keyring::generate().write_new(folder.path().join("no/keys.toml")).unwrap_err();
    assert!(matches!(nowhere, KeyringError::Write { .. }), "{nowhere}");
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let error = Keyring::load("/nowhere/keys.toml").unwrap_err();
    assert!(matches!(error, KeyringError::Read { .. }));
    assert!(error.to_string().contains("/nowhere/keys.toml"));
}

#[test]
fn mistakes_in_the_file_are_named_without_repeating_a_key() {
    let key = "0123456789abcdefghijABCDEFGHIJ0123456789abA";
    let good = format!("current = \"k1\"\n[keys]\nk1 = \"{key}\"\n");
    Keyring::parse(&good).unwrap();
    for (text, says) in [
        (String::new(), "current is missing"),
        (good.replace("current", "curent"), "unknown entry \"curent\""),
        (good.replace("\"k1\"", "7"), "current must be"),
        (good.replace("\"k1\"", "\"k2\""), "\"k2\", which is not among the keys"),
        (good.replace("[keys]", "[[keys]]"), "keys must be a table"),
        (good.replace("k1 = ", "\"k|1\" = "), "\"k|1\" is no key id"),
        (good.replace("k1 = ", "\"\" = "), "\"\" is no key id"),
        (good.replace(key, &key[1..]), "\"k1\" is not 256 bits"),
        (good.replace(key, &format!("{key}A")), "\"k1\" is not 256 bits"),
        (good.replace(key, &format!("{key}=")), "\"k1\" is not 256 bits"),
        (good.replace(&format!("\"{key}\""), "7"), "\"k1\" is not 256 bits"),
        (good.replace(&format!("\"{key}\""), key), "line 3: not TOML"),
        (format!("{good}k1 = \"{key}\"\n"), "line 4: not TOML"),
        (format!("{good}k2 = \"{key}\"\n"), "\"k1\" and \"k2\" are the same"),
    ] {
        let error = Keyring::parse(&text).unwrap_err().to_string();
        assert!(error.contains(says), "{text} -> {error}");
        assert!(!error.contains(&key[1..]), "{error}");
    }
}

#[test]
fn every_generated_key_differs() {
    let (one, other) = (Keyring::generate(), Keyring::generate());
    assert_ne!(one.current_id(), other.current_id());
    assert_ne!(*one.current.secret, *other.current.secret);
    assert!(is_key_id(one.current_id()));
}

#[test]
fn debug_shows_key_ids_only() {
    let (_, keyring) = two_keys();
    let shown = format!("{keyring:?} {:?}", keyring.seal(PLACE, b"ada", b"secret").unwrap());
    let ids: Vec<_> = keyring.ids().collect();
    assert_eq!(shown, format!("Keyring({}, {}, keys redacted) Sealed({})", ids[0], ids[1], ids[0]));
}

#[test]
fn a_sealed_value_is_a_string_in_serde() {
    let sealed = Keyring::generate().seal(PLACE, b"ada", b"secret").unwrap();
    let value = bson::serialize_to_bson(&sealed).unwrap();
    assert_eq!(value.as_str(), Some(sealed.as_str()));
    assert_eq!(bson::deserialize_from_bson::<Sealed>(value).unwrap(), sealed);
}

#[test]
fn a_key_is_added_made_current_and_taken_out() {
    let keyring = Keyring::generate();
    let first = keyring.current_id().to_owned();
    let sealed = keyring.seal(PLACE, b"ada", b"secret").unwrap();
    let (keyring, second) = keyring.with_new_key();
    assert_eq!(keyring.current_id(), first, "it does not seal yet");
    let under_second = keyring.seal_under(&second, PLACE, b"ada", b"new").unwrap();
    assert_eq!(under_second.key_id(), Some(second.as_str()));
    let keyring = keyring.with_current(&second).unwrap();
    assert_eq!(keyring.ids().collect::<Vec<_>>(), [&second, &first]);
    assert_eq!(*keyring.open(PLACE, b"ada", &sealed).unwrap(), b"secret");
    assert!(matches!(keyring.seal_under("k0", PLACE, b"ada", b"x"), Err(KeyringError::NoSuchKey(_))));
    let keyring = keyring.without(&first).unwrap();
    assert!(matches!(keyring.open(PLACE, b"ada", &sealed), Err(KeyringError::MissingKey(_))));
    assert!(keyring.without(&second).is_err(), "the current one stays");
    assert!(matches!(Keyring::generate().with_current("k0"), Err(KeyringError::NoSuchKey(_))));
}

#[test]
fn a_file_is_replaced_whole_and_readable_by_its_owner_only() {
    let folder = tempfile::tempdir().unwrap();
    let (file, link) = (folder.path().join("keys.toml"), folder.path().join("link.toml"));
    Keyring::generate().write_new(&file).unwrap();
    std::os::unix::fs::symlink(&file, &link).unwrap();
    let rotated = Keyring::load(&file).unwrap().rotated();
    rotated.replace(&link).unwrap();
    assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink(), "what it points to is replaced");
    assert_eq!(*Keyring::load(&file).unwrap().to_toml(), *rotated.to_toml());
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2, "nothing is left beside it");

    std::fs::write(folder.path().join("keys.toml.new"), "another command's").unwrap();
    let busy = Keyring::generate().replace(&file).unwrap_err();
    assert!(matches!(busy, KeyringError::Exists(_)), "{busy}");
    assert_eq!(*Keyring::load(&file).unwrap().to_toml(), *rotated.to_toml());
    assert!(matches!(rotated.replace(folder.path().join("none")), Err(KeyringError::Write { .. })));
}
