//! Any configuration is read or refused, and a refusal never repeats a secret.

use super::keys::KEYS;
use super::reader::{Reader, Sources};
use super::{Config, Purpose};

const PURPOSES: [Purpose; 4] = [Purpose::Serve, Purpose::Dev, Purpose::Migrate, Purpose::AuditVerify];

/// The first line says what for and where from; the rest is TOML, or `NAME=value` lines as of an environment.
pub(crate) fn configuration(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    // Files of this machine are not input.
    let names_file = |name: &str| name.to_ascii_uppercase().contains("_FILE") || name == "CONFIG";
    let purpose = PURPOSES.get(first.len() % PURPOSES.len()).copied().unwrap_or(Purpose::Serve);
    let (sources, mistakes) = if first.starts_with("toml") {
        if names_file(rest) {
            return;
        }
        Sources::of_toml(rest)
    } else {
        let pairs = rest.lines().filter_map(|line| line.split_once('='));
        let pairs = pairs.filter(|(name, _)| !names_file(name) && !name.contains('\0'));
        Sources::collect(pairs.map(|(name, value)| (format!("LATCHKEY_{name}").into(), value.into())))
    };
    let secrets: Vec<String> =
        KEYS.iter().filter(|key| key.secret).filter_map(|key| sources.given(key.name)).collect();
    let mut reader = Reader::new(sources, mistakes);
    let config = Config::read(purpose, &mut reader);
    let Err(error) = reader.finish(config) else { return };
    assert!(!error.mistakes.is_empty(), "refused without a reason");
    let told = error.to_string();
    for secret in secrets {
        // Only those with a tilde are looked for: no words of ours have one, and others may be words of ours. What stands in
        // the input twice may stand in what is no secret, too.
        let looked_for = secret.len() >= 4 && secret.contains('~') && text.matches(&secret).count() <= 1;
        assert!(!looked_for || !told.contains(&secret), "a secret is repeated");
    }
}
