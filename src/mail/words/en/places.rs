//! English: accounts and portfolios, and who is in them.

use super::{Block, Setting, account_role, clean, paragraph, portfolio_role, right, time, who};
use crate::domain::{AccountRole, PortfolioRole};
use crate::mail::words::{PlaceNews, Right};

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
                paragraph(match now {
                    Right::Account(..) => "If this surprises you, speak with the Owner of the account.",
                    Right::Portfolio(..) => "If this surprises you, speak with the Portfolio Owner.",
                }),
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
        PlaceNews::RemovedFromPortfolio { portfolio } => (
            "You were removed from a portfolio",
            vec![
                paragraph(format!(
                    "You do not belong to {} at {service} any more. Your user and your accounts stay as they are.",
                    the_portfolio(portfolio.as_ref()),
                )),
                Block::Facts(vec![("Removed on", at.to_owned())]),
            ],
        ),
        PlaceNews::RemovedFromLinkedAccounts { portfolio } => (
            "You were removed from accounts",
            vec![
                paragraph(format!(
                    "You do not belong to the accounts of {} at {service} any more. Your user and your other accounts stay as they are.",
                    the_portfolio(portfolio.as_ref()),
                )),
                Block::Facts(vec![("Removed on", at.to_owned())]),
            ],
        ),
        PlaceNews::PortfolioOwnershipTransferred { portfolio, from, to } => (
            "A portfolio has a new Owner",
            vec![
                paragraph(format!(
                    "{} made {} the {} of {}.",
                    who(from.as_ref()),
                    who(to.as_ref()),
                    portfolio_role(PortfolioRole::Owner),
                    the_portfolio(portfolio.as_ref()),
                )),
                Block::Facts(vec![("When", at.to_owned())]),
                paragraph(
                    "If neither of you wanted this, change your password at once and look into the audit log of the portfolio.",
                ),
            ],
        ),
        PlaceNews::PortfolioClosed { portfolio, by } => (
            "A portfolio was closed",
            vec![
                paragraph(format!(
                    "{} closed {} at {service}. Its accounts stay, each by itself, and so does everybody's user.",
                    who(by.as_ref()),
                    the_portfolio(portfolio.as_ref()),
                )),
                Block::Facts(vec![("Closed on", at.to_owned())]),
            ],
        ),
        PlaceNews::Linked { account, portfolio, by } => (
            "An account was added to a portfolio",
            vec![
                paragraph(format!(
                    "{} added {} to {}. The Owner and the Admins of the portfolio manage the users of the account from now on, and can ask to reset their MFA.",
                    who(by.as_ref()),
                    the_account(account.as_ref()),
                    the_portfolio(portfolio.as_ref()),
                )),
                Block::Facts(vec![("Added on", at.to_owned())]),
                paragraph("If you do not want this, take the account out of the portfolio."),
            ],
        ),
        PlaceNews::Unlinked { account, portfolio, by } => (
            "An account was removed from a portfolio",
            vec![
                paragraph(format!(
                    "{} took {} out of {}. The people of the portfolio do not manage its users any more.",
                    who(by.as_ref()),
                    the_account(account.as_ref()),
                    the_portfolio(portfolio.as_ref()),
                )),
                Block::Facts(vec![("Removed on", at.to_owned())]),
            ],
        ),
    }
}

fn the_portfolio(name: Option<&String>) -> String {
    match name {
        Some(name) => format!("the portfolio {}", clean::name(name)),
        None => "a portfolio that is gone".to_owned(),
    }
}

fn the_account(name: Option<&String>) -> String {
    match name {
        Some(name) => format!("the account {}", clean::name(name)),
        None => "an account that is gone".to_owned(),
    }
}
