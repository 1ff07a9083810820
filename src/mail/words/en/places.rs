//! English: accounts and portfolios, and who is in them.

use super::{Block, Setting, account_role, clean, paragraph, right, time, who};
use crate::domain::AccountRole;
use crate::mail::words::PlaceNews;

/// Subject and text.
pub(super) fn letter(
    setting: &Setting<'_>,
    service: &str,
    at: &str,
    news: &PlaceNews,
) -> (&'static str, Vec<Block>) {
    match news {
        PlaceNews::Invitation { inviter, right: offered, until } => {
            let mut blocks = vec![
                paragraph(format!(
                    "{} invites you to {service}, as {}.",
                    who(inviter.as_ref()),
                    right(offered)
                )),
                Block::Facts(vec![("Valid until", time(*until))]),
            ];
            if let Some(links) = setting.links {
                blocks.push(Block::Action {
                    intro: format!(
                        "If you have a user with this address at {service}, log in and join with it; otherwise choose a name and a password. The next page asks you to confirm.",
                    ),
                    label: "Accept the invitation",
                    url: links.accept.clone(),
                    main: true,
                });
            }
            blocks.push(paragraph(
                "If you do not want to join, do nothing: without you, nothing happens. The link is for you alone; do not forward this mail.",
            ));
            ("You are invited", blocks)
        }
        PlaceNews::InvitationAccepted { person, right: became } => (
            "Your invitation was accepted",
            vec![
                paragraph(format!(
                    "{} accepted your invitation to {service}, as {}.",
                    who(person.as_ref()),
                    right(became)
                )),
                Block::Facts(vec![("Joined on", at.to_owned())]),
            ],
        ),
        PlaceNews::RoleChanged(now) => (
            "Your role was changed",
            vec![
                paragraph(format!("You are now {}.", right(now))),
                Block::Facts(vec![("Changed on", at.to_owned())]),
                paragraph("If this surprises you, speak with the Owner of the account."),
            ],
        ),
        PlaceNews::Removed { account } => (
            "You were removed from an account",
            vec![
                paragraph(format!(
                    "You do not belong to {} at {service} any more. Your user and your other accounts stay as they are.",
                    the_account(account.as_ref()),
                )),
                Block::Facts(vec![("Removed on", at.to_owned())]),
            ],
        ),
        PlaceNews::OwnershipTransferred { account, from, to } => (
            "An account has a new Owner",
            vec![
                paragraph(format!(
                    "{} made {} the {} of {}.",
                    who(from.as_ref()),
                    who(to.as_ref()),
                    account_role(AccountRole::Owner),
                    the_account(account.as_ref()),
                )),
                Block::Facts(vec![("When", at.to_owned())]),
                paragraph(
                    "If neither of you wanted this, change your password at once and look into the audit log of the account.",
                ),
            ],
        ),
        PlaceNews::Closed { account, by } => (
            "An account was closed",
            vec![
                paragraph(format!(
                    "{} closed {} at {service}. Nobody belongs to it any more; everybody's user stays.",
                    who(by.as_ref()),
                    the_account(account.as_ref()),
                )),
                Block::Facts(vec![("Closed on", at.to_owned())]),
            ],
        ),
    }
}

fn the_account(name: Option<&String>) -> String {
    match name {
        Some(name) => format!("the account {}", clean::name(name)),
        None => "an account that is gone".to_owned(),
    }
}
