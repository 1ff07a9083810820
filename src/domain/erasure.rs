//! What is left of a person who was erased: an id, by which the audit log and resets go on to name them, and a place-holder
//! that names nobody.

use super::UserId;

/// Everybody who was erased is called this.
pub const ERASED_NAME: &str = "Erased user";

/// Mail to it goes nowhere, ever (RFC 2606, section 2).
const NOWHERE: &str = "@erased.invalid";

/// The address of somebody who was erased: unique, and made of nothing but the id.
pub fn erased_email(user: UserId) -> String {
    format!("{user}{NOWHERE}")
}

/// Whether this is the address of somebody who was erased.
pub fn is_erased(email: &str) -> bool {
    email.ends_with(NOWHERE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::key::EmailKey;

    #[test]
    fn what_is_left_is_a_usable_address_of_the_id_alone() {
        let user = UserId::generate(time::macros::datetime!(2026-11-24 12:00 UTC));
        let email = erased_email(user);
        assert_eq!(EmailKey::parse(&email).unwrap().as_str(), email);
        assert!(is_erased(&email) && !is_erased("mina@harbor.example"));
    }
}
