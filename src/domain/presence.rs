//! What a request's session is worth, before any standing is looked at: [`admit`]. Default deny.

use super::Restriction;
use super::policy::{Action, Decision, Denial};

impl Action {
    /// Whether a session may do it that a place of the person does not accept without a second factor: what setting one
    /// up takes, and nothing else.
    pub const fn without_demanded_mfa(self) -> bool {
        matches!(self, Self::ViewOneself | Self::SetUpMfa | Self::EndOwnSessions)
    }
}

/// What a request's session is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Presence {
    /// There is none that lives.
    SignedOut,
    /// It lives; what MFA is enforced for is closed to it.
    Restricted(Restriction),
    /// It lives.
    SignedIn,
}

/// Decides whether a session may be used for an action at all. Everything that acts for a person asks this first, before
/// anything is looked up; [`decide`](super::policy::decide) then asks for the standing.
pub fn admit(presence: Presence, action: Action) -> Decision {
    match presence {
        Presence::SignedOut => Decision::Deny(Denial::SignedOut),
        Presence::Restricted(_) if action.without_demanded_mfa() => Decision::Allow,
        Presence::Restricted(restriction) => Decision::Deny(Denial::Restricted(restriction)),
        Presence::SignedIn => Decision::Allow,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_without_demanded_mfa_may_only_read_oneself_set_mfa_up_and_end_sessions() {
        let may = [Action::ViewOneself, Action::SetUpMfa, Action::EndOwnSessions];
        for action in Action::ALL {
            assert_eq!(admit(Presence::SignedOut, action), Decision::Deny(Denial::SignedOut), "{action:?}");
            assert_eq!(admit(Presence::SignedIn, action), Decision::Allow, "{action:?}");
            for restriction in [Restriction::EnrollmentRequired, Restriction::SecondFactorRequired] {
                let expected = if may.contains(&action) {
                    Decision::Allow
                } else {
                    Decision::Deny(Denial::Restricted(restriction))
                };
                assert_eq!(admit(Presence::Restricted(restriction), action), expected, "{action:?}");
            }
        }
    }
}
