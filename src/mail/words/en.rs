//! English.

mod people;
mod places;

use time::macros::format_description;
use time::{OffsetDateTime, UtcOffset};

use super::{Content, Person, ResetFacts, Right, Setting};
use crate::domain::{AccountRole, PortfolioRole};
use crate::mail::clean;
use crate::mail::letter::{Block, Letter};

pub(super) fn letter(setting: &Setting<'_>, content: &Content) -> Letter {
    let service = clean::name(setting.service);
    let at = time(setting.at);
    let (subject, blocks) = match content {
        Content::ResetRequest(reset) => ("MFA reset request", request(setting, &service, reset)),
        Content::ResetAccepted { reset, own: true } => {
            ("Your MFA was turned off", accepted_by_reader(&service, &at, reset))
        }
        Content::ResetAccepted { reset, own: false } => ("MFA reset accepted", accepted(&service, &at, reset)),
        Content::ResetDeclined(reset) => ("MFA reset declined", declined(&at, reset)),
        Content::ResetCancelled(reset) => ("MFA reset cancelled", cancelled(&service, &at, reset)),
        Content::Enrolled => (
            "MFA was set up",
            notice(
                &at,
                format!("Multi-factor authentication (MFA) was set up for your {service} user."),
                "From now on, logging in takes your password and a code of your authenticator app. Keep your backup codes where you find them without your phone.",
            ),
        ),
        Content::Disabled => (
            "Your MFA was turned off",
            notice(
                &at,
                format!("Multi-factor authentication (MFA) was turned off for your {service} user."),
                "From now on, your password alone is enough to log in.",
            ),
        ),
        Content::BackupCodesRegenerated => (
            "New backup codes",
            notice(
                &at,
                format!("New backup codes were made for your {service} user."),
                "The earlier codes do not work any more.",
            ),
        ),
        Content::BackupCodeUsed { left } => (
            "A backup code was used",
            notice(
                &at,
                format!("A backup code was used to log in to your {service} user."),
                &match left {
                    0 => "It was the last one. Make new codes now, or you are locked out when you lose your authenticator app.".to_owned(),
                    1 => "Each code works once; you have 1 left. Make new ones soon.".to_owned(),
                    n => format!("Each code works once; you have {n} left."),
                },
            ),
        ),
        Content::Place(news) => places::letter(setting, &service, &at, news),
        Content::Person(news) => people::letter(setting, &service, &at, news),
    };
    Letter {
        language: "en",
        subject: subject.to_owned(),
        greeting: if setting.reader.name.trim().is_empty() {
            // Somebody who is invited may not be known yet.
            "Hello,".to_owned()
        } else {
            format!("Hello {},", clean::name(&setting.reader.name))
        },
        blocks,
        footer: format!(
            "{service} sent this mail by itself, because it concerns the security of a user. Nobody reads replies to it."
        ),
    }
}

fn request(setting: &Setting<'_>, service: &str, reset: &ResetFacts) -> Vec<Block> {
    let mut blocks = vec![
        paragraph(format!(
            "{} asked to reset the multi-factor authentication (MFA) of your {service} user, so that you can log in again without your authenticator app.",
            who(reset.requester.as_ref()),
        )),
        Block::Facts(vec![
            ("Asked by", who(reset.requester.as_ref())),
            ("As", right(&reset.right)),
            ("Asked on", time(reset.requested_at)),
            ("Valid until", time(reset.expires_at)),
        ]),
    ];
    let reason = clean::lines(reset.reason.as_deref().unwrap_or_default());
    if !reason.is_empty() {
        blocks.push(Block::Quote { label: "Reason, in their words", lines: reason });
    }
    blocks.push(paragraph(
        "Nothing changes until you accept. Until then your authenticator app and your backup codes work as before.",
    ));
    blocks.push(paragraph(
        "Do you still have a backup code? Then you do not need this: log in with your password and the backup code.",
    ));
    if let Some(links) = setting.links {
        blocks.push(Block::Action {
            intro: "Accepting turns MFA off and ends all your sessions. You then log in with your password, and set MFA up again where it is required. The next page asks you to confirm.".to_owned(),
            label: "Accept the reset",
            url: links.accept.clone(),
            main: true,
        });
        blocks.push(Block::Action {
            intro:
                "If you know nothing of this request, say so: the request is closed, MFA stays on, and the people responsible are told."
                    .to_owned(),
            label: "This wasn't me",
            url: links.decline.clone(),
            main: false,
        });
    }
    blocks.push(paragraph(format!(
        "These links are for you alone, and each request can be answered once. Neither {service} nor its support will ever ask you for a link: do not forward this mail, and read no part of a link to anybody.",
    )));
    blocks
}

fn accepted_by_reader(service: &str, at: &str, reset: &ResetFacts) -> Vec<Block> {
    vec![
        paragraph(format!(
            "The reset that {} asked for was accepted. Multi-factor authentication (MFA) is off for your {service} user, and all your sessions have ended.",
            who(reset.requester.as_ref()),
        )),
        Block::Facts(vec![("Accepted on", at.to_owned())]),
        paragraph(
            "Log in with your password. Where MFA is required, you are asked to set it up again; anywhere else, set it up yourself soon.",
        ),
        paragraph(format!(
            "If you did not accept this, somebody else read your mail: change the password of your mailbox and of {service}, and tell an Owner or Admin.",
        )),
    ]
}

fn accepted(service: &str, at: &str, reset: &ResetFacts) -> Vec<Block> {
    vec![
        paragraph(format!(
            "{} accepted the MFA reset that {} asked for. Multi-factor authentication (MFA) is off for that {service} user until it is set up again.",
            who(reset.person.as_ref()),
            who(reset.requester.as_ref()),
        )),
        about(reset, ("Accepted on", at.to_owned())),
    ]
}

fn declined(at: &str, reset: &ResetFacts) -> Vec<Block> {
    vec![
        paragraph(format!(
            "{} answered \"This wasn't me\" to the MFA reset that {} asked for. The request is closed, and MFA stays on.",
            who(reset.person.as_ref()),
            who(reset.requester.as_ref()),
        )),
        about(reset, ("Declined on", at.to_owned())),
        paragraph(
            "If the request was meant well, speak with the person, by a way you trust, before you ask again. If nobody knows of it, somebody may be using the requester's log-in: the audit log shows from where.",
        ),
    ]
}

fn cancelled(service: &str, at: &str, reset: &ResetFacts) -> Vec<Block> {
    vec![
        paragraph(format!(
            "The reset of your {service} multi-factor authentication (MFA) that {} asked for was taken back. The links in the earlier mail do not work any more, MFA stays on, and there is nothing for you to do.",
            who(reset.requester.as_ref()),
        )),
        about(reset, ("Taken back on", at.to_owned())),
    ]
}

fn notice(at: &str, what: String, so: &str) -> Vec<Block> {
    vec![
        paragraph(what),
        Block::Facts(vec![("When", at.to_owned())]),
        paragraph(so),
        paragraph(
            "If this was not you, change your password at once and tell an Owner or Admin of your account.",
        ),
    ]
}

fn about(reset: &ResetFacts, last: (&'static str, String)) -> Block {
    Block::Facts(vec![
        ("Asked by", who(reset.requester.as_ref())),
        ("As", right(&reset.right)),
        ("Asked on", time(reset.requested_at)),
        last,
    ])
}

fn paragraph(text: impl Into<String>) -> Block {
    Block::Paragraph(text.into())
}

fn who(person: Option<&Person>) -> String {
    match person {
        Some(person) => format!("{} ({})", clean::name(&person.name), clean::address(&person.email)),
        None => "a user who is gone".to_owned(),
    }
}

fn right(right: &Right) -> String {
    let (role, of, name) = match right {
        Right::Account(role, name) => (account_role(*role), "of the account", name),
        Right::Portfolio(role, name) => (portfolio_role(*role), "of the portfolio", name),
    };
    let name = name.as_deref().map_or_else(|| "that is gone".to_owned(), clean::name);
    format!("{role} {of} {name}")
}

const fn account_role(role: AccountRole) -> &'static str {
    match role {
        AccountRole::Owner => "Owner",
        AccountRole::Admin => "Admin",
        AccountRole::Manager => "Manager",
        AccountRole::Analyst => "Analyst",
        AccountRole::CampaignCoordinator => "Campaign Coordinator",
        AccountRole::ContentCreator => "Content Creator",
        AccountRole::Support => "Support",
    }
}

const fn portfolio_role(role: PortfolioRole) -> &'static str {
    match role {
        PortfolioRole::Owner => "Portfolio Owner",
        PortfolioRole::Admin => "Portfolio Admin",
        PortfolioRole::Manager => "Portfolio Manager",
        PortfolioRole::Analyst => "Portfolio Analyst",
    }
}

/// Seconds are cut, so a deadline is never told too late.
fn time(at: OffsetDateTime) -> String {
    let format =
        format_description!("[weekday], [day padding:none] [month repr:long] [year], [hour]:[minute] UTC");
    at.to_offset(UtcOffset::UTC).format(format).unwrap_or_default()
}
