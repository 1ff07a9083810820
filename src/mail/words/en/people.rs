//! English: addresses and passwords.

use time::OffsetDateTime;

use super::{notice, paragraph, time};
use crate::mail::clean;
use crate::mail::letter::Block;
use crate::mail::words::{PersonNews, Setting};

/// Subject and text of a mail about an address or a password.
pub(super) fn letter(
    setting: &Setting<'_>,
    service: &str,
    at: &str,
    news: &PersonNews,
) -> (&'static str, Vec<Block>) {
    match news {
        PersonNews::VerifyEmail { until } => ("Verify your e-mail address", verify(setting, service, *until)),
        PersonNews::ConfirmNewEmail { until } => {
            ("Verify your new e-mail address", confirm(setting, service, *until))
        }
        PersonNews::EmailChangeRequested { new } => (
            "Your e-mail address is to change",
            notice(
                at,
                format!(
                    "Somebody who is logged in as you, and knows your password, asked {service} to use {} instead of this address.",
                    clean::address(new)
                ),
                "Nothing changes until the link that went to the new address is used.",
            ),
        ),
        PersonNews::EmailChanged { new } => (
            "Your e-mail address was changed",
            notice(
                at,
                format!("Your {service} user has another e-mail address now: {}.", clean::address(new)),
                "From now on you log in with the new address, and mail goes there. This is the last mail to this address.",
            ),
        ),
        PersonNews::PasswordReset { until } => ("Set a new password", reset(setting, service, *until)),
        PersonNews::PasswordResetHeld { until } => {
            ("Your password cannot be reset yet", held(service, *until))
        }
        PersonNews::SignedUpAgain { link_until } => {
            ("You are a user already", signed_up_again(setting, service, *link_until))
        }
        PersonNews::NewDeviceCode { until, ip, user_agent } => (
            "Your code for a new device",
            new_device(setting, service, at, (*until, ip.as_deref(), user_agent.as_deref())),
        ),
        PersonNews::PasswordChanged => (
            "Your password was changed",
            notice(
                at,
                format!("The password of your {service} user was changed."),
                "Every other session of yours has ended. If you have multi-factor authentication (MFA), it is as it was.",
            ),
        ),
    }
}

fn action(setting: &Setting<'_>, intro: &str, label: &'static str) -> Option<Block> {
    let links = setting.links?;
    Some(Block::Action { intro: intro.to_owned(), label, url: links.accept.clone(), main: true })
}

fn valid_until(until: OffsetDateTime) -> Block {
    Block::Facts(vec![("Valid until", time(until))])
}

const FOR_YOU_ALONE: &str =
    "The link is for you alone and works once. Nobody will ever ask you for it: do not forward this mail.";

fn verify(setting: &Setting<'_>, service: &str, until: OffsetDateTime) -> Vec<Block> {
    let mut blocks = vec![
        paragraph(format!("Somebody, probably you, signed up for {service} with this e-mail address.")),
        valid_until(until),
    ];
    blocks.extend(action(
        setting,
        "Show that you read mail at this address; then you can log in.",
        "Verify the address",
    ));
    blocks.push(paragraph(FOR_YOU_ALONE));
    blocks.push(paragraph("If you did not sign up, do nothing: without the link nobody can log in."));
    blocks
}

fn confirm(setting: &Setting<'_>, service: &str, until: OffsetDateTime) -> Vec<Block> {
    let mut blocks = vec![
        paragraph(format!(
            "A user of {service}, probably you, wants to use this e-mail address from now on."
        )),
        valid_until(until),
    ];
    blocks.extend(action(
        setting,
        "Show that you read mail at this address; from then on you log in with it.",
        "Use this address",
    ));
    blocks.push(paragraph(FOR_YOU_ALONE));
    blocks.push(paragraph("If you know nothing of this, do nothing: without the link nothing changes."));
    blocks
}

fn reset(setting: &Setting<'_>, service: &str, until: OffsetDateTime) -> Vec<Block> {
    let mut blocks = vec![
        paragraph(format!("Somebody, probably you, asked to set a new password for your {service} user.")),
        valid_until(until),
    ];
    blocks.extend(action(
        setting,
        "Setting a new password ends all your sessions. If you have multi-factor authentication (MFA), it stays as it is, and logging in takes it as before.",
        "Set a new password",
    ));
    blocks.push(paragraph(FOR_YOU_ALONE));
    blocks.push(paragraph("If you did not ask for this, do nothing: your password stays as it is."));
    blocks
}

fn new_device(
    setting: &Setting<'_>,
    service: &str,
    at: &str,
    (until, ip, user_agent): (OffsetDateTime, Option<&str>, Option<&str>),
) -> Vec<Block> {
    let mut facts = Vec::new();
    facts.extend(setting.code.map(|code| ("Code", code.to_owned())));
    facts.push(("Valid until", time(until)));
    facts.push(("When", at.to_owned()));
    facts.extend(ip.map(|ip| ("From", ip.to_owned())));
    facts.extend(user_agent.map(|browser| ("With", clean::name(browser))));
    vec![
        paragraph(format!(
            "Somebody, probably you, is logging in to your {service} user with the right password, from a browser or device that you have not used before.",
        )),
        Block::Facts(facts),
        paragraph(
            "Enter the code where you are logging in. The device is then known, and asks for no code again.",
        ),
        paragraph("The code is for you alone. Nobody will ever ask you for it: do not forward this mail."),
        paragraph(
            "If this was not you, somebody knows your password: change it at once, and tell an Owner or Admin of your account.",
        ),
    ]
}

fn held(service: &str, until: OffsetDateTime) -> Vec<Block> {
    vec![
        paragraph(format!("Somebody, probably you, asked to set a new password for your {service} user.")),
        paragraph(
            "A reset of your multi-factor authentication (MFA) was asked for a short while ago. So that nobody who only reads your mail gets in, the password cannot be set anew until some time has passed.",
        ),
        Block::Facts(vec![("Possible from", time(until))]),
        paragraph("Ask again then. Until then your password works as before."),
        paragraph("If none of this was you, tell an Owner or Admin of your account."),
    ]
}

fn signed_up_again(setting: &Setting<'_>, service: &str, link_until: Option<OffsetDateTime>) -> Vec<Block> {
    let mut blocks = vec![paragraph(format!(
        "Somebody, probably you, signed up for {service} with this e-mail address. You are a user already, so nothing was changed: log in with the password that you have.",
    ))];
    if let Some(until) = link_until {
        blocks.push(valid_until(until));
        blocks.extend(action(
            setting,
            "If you do not know it any more, set a new one. It ends all your sessions.",
            "Set a new password",
        ));
        blocks.push(paragraph(FOR_YOU_ALONE));
    }
    blocks.push(paragraph("If you did not sign up, do nothing."));
    blocks
}
