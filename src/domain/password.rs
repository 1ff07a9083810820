//! Which passwords are good enough (NIST SP 800-63B-4, 3.1.1.2): long, and not among those that are guessed first. No
//! rules about kinds of characters, and no expiry.

/// Shortest password, in characters.
pub const PASSWORD_MIN: usize = 12;
/// Longest password, in bytes.
pub const PASSWORD_MAX_BYTES: usize = 1024;

/// Why a password is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordFault {
    /// Fewer than [`PASSWORD_MIN`] characters.
    #[error("at least {PASSWORD_MIN} characters")]
    TooShort,
    /// More than [`PASSWORD_MAX_BYTES`] bytes.
    #[error("at most {PASSWORD_MAX_BYTES} bytes")]
    TooLong,
    /// Guessed in fewer than about 10^8 attempts (zxcvbn's score 3) by somebody who knows the person.
    #[error("harder to guess")]
    Guessable,
}

impl PasswordFault {
    /// The name in audit events, and in the schema.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TooShort => "PASSWORD_TOO_SHORT",
            Self::TooLong => "PASSWORD_TOO_LONG",
            Self::Guessable => "PASSWORD_TOO_GUESSABLE",
        }
    }
}

/// Checks a new password. `known` is what somebody who wants in knows of the person: address, names.
pub fn check_password(password: &str, known: &[&str]) -> Result<(), PasswordFault> {
    if password.chars().count() < PASSWORD_MIN {
        return Err(PasswordFault::TooShort);
    }
    if password.len() > PASSWORD_MAX_BYTES {
        return Err(PasswordFault::TooLong);
    }
    let parts = |text: &str| -> Vec<String> {
        let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| word.chars().count() > 2);
        std::iter::once(text).chain(words).map(str::to_lowercase).collect()
    };
    let words: Vec<String> = known.iter().flat_map(|text| parts(text)).collect();
    let mut words: Vec<&str> = words.iter().map(String::as_str).collect();
    words.sort_unstable_by_key(|word| std::cmp::Reverse(word.len()));
    if is_made_of(password, &words) || zxcvbn::zxcvbn(password, &words).score() < zxcvbn::Score::Three {
        return Err(PasswordFault::Guessable);
    }
    Ok(())
}

/// Whether hardly anything but digits and signs is left of a password without these words, the longest first. zxcvbn
/// finds three known words in a row hard enough to guess; of a person's own ones they are not.
fn is_made_of(password: &str, words: &[&str]) -> bool {
    let password = password.to_lowercase();
    let rest = words.iter().fold(password.clone(), |rest, word| rest.replace(word, " "));
    rest != password && rest.chars().filter(|c| c.is_alphabetic()).count() < 4
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_long_and_guessable_passwords_are_refused() {
        let known = ["olivia.marquez@harbor-coffee.example", "Olivia Marquez", "Harbor Coffee"];
        let check = |text: &str| check_password(text, &known);
        assert_eq!(check("elevenchars"), Err(PasswordFault::TooShort));
        assert_eq!(check("ééééééééééé"), Err(PasswordFault::TooShort), "characters count, not bytes");
        for guessable in [
            "password1234",
            "Olivia Marquez",
            "OliviaHarborCoffee2026!",
            "olivia.marquez@harbor-coffee.example",
        ] {
            assert_eq!(check(guessable), Err(PasswordFault::Guessable), "{guessable}");
        }
        assert_eq!(check("lantern-orbit-seven-moss"), Ok(()));
        assert_eq!(check(&"lantern orbit ".repeat(73)), Ok(()));
        assert_eq!(check(&"lantern orbit ".repeat(74)), Err(PasswordFault::TooLong));
    }
}
