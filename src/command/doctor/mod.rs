//! `latchkey doctor`: looks whether the gateway can do its work here, and says what to do where it cannot. It sends no mail,
//! writes nothing and prints no secret.

mod database;
mod surroundings;

use anyhow::Context as _;
use clap::Args;
use serde::Serialize;

use super::output::say;
use crate::clock::{Clock as _, SystemClock};
use crate::config::{Config, Purpose};
use crate::crypto::Keyring;

#[derive(Debug, Args)]
pub struct DoctorArgs {
    /// One JSON array instead of lines.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Status {
    /// As it should be.
    Ok,
    /// The gateway works, and something should be looked at.
    Warn,
    /// The gateway does not work.
    Fail,
}

/// One thing that was looked at.
#[derive(Debug, Serialize)]
struct Check {
    check: &'static str,
    status: Status,
    says: String,
    #[serde(rename = "do", skip_serializing_if = "Option::is_none")]
    advice: Option<String>,
}

/// What was seen so far.
#[derive(Default)]
struct Report(Vec<Check>);

impl Report {
    fn ok(&mut self, check: &'static str, says: impl Into<String>) {
        self.0.push(Check { check, status: Status::Ok, says: says.into(), advice: None });
    }

    fn warn(&mut self, check: &'static str, says: impl Into<String>, advice: impl Into<String>) {
        self.0.push(Check { check, status: Status::Warn, says: says.into(), advice: Some(advice.into()) });
    }

    fn fail(&mut self, check: &'static str, says: impl Into<String>, advice: impl Into<String>) {
        self.0.push(Check { check, status: Status::Fail, says: says.into(), advice: Some(advice.into()) });
    }

    fn lines(&self) -> String {
        let mut text = String::new();
        for Check { check, status, says, advice } in &self.0 {
            let word = match status {
                Status::Ok => "ok  ",
                Status::Warn => "warn",
                Status::Fail => "fail",
            };
            let advice = advice.as_ref().map(|advice| format!(" → {advice}")).unwrap_or_default();
            text.push_str(&format!("{word}  {check}: {says}{advice}\n"));
        }
        text
    }
}

/// An error with its causes, in one line.
fn told(error: impl Into<anyhow::Error>) -> String {
    format!("{:#}", error.into()).replace('\n', " ")
}

pub async fn run(args: DoctorArgs) -> anyhow::Result<()> {
    let mut report = Report::default();
    match Config::load(Purpose::Serve) {
        Ok(config) => {
            crate::telemetry::init(&config.log, config.log_format);
            report.ok("configuration", "every key can be read");
            examine(&config, &mut report).await;
        }
        Err(error) => {
            for mistake in &error.mistakes {
                let says = format!("{}: {}", mistake.key, mistake.what);
                report.fail("configuration", says, "set it right; README.md lists every key");
            }
        }
    }
    let text = match args.json {
        true => serde_json::to_string_pretty(&report.0).context("the report cannot be written")? + "\n",
        false => report.lines(),
    };
    say(&text)?;
    let failed = report.0.iter().filter(|check| check.status == Status::Fail).count();
    anyhow::ensure!(failed == 0, "{failed} of {} checks failed", report.0.len());
    Ok(())
}

async fn examine(config: &Config, report: &mut Report) {
    surroundings::settings(config, report);
    surroundings::security_txt(config, SystemClock.now(), report);
    let keyring = config.keys_file.as_deref().and_then(|file| match Keyring::load(file) {
        Ok(keyring) => {
            surroundings::keys_file(file, &keyring, report);
            Some(keyring)
        }
        Err(error) => {
            report.fail(
                "keys file",
                told(error),
                "put the right file back; latchkey keys init makes the first one",
            );
            None
        }
    });
    database::examine(config, keyring, report).await;
    surroundings::mail_server(config, report).await;
    surroundings::web(config, report);
    surroundings::public_url(config, report).await;
}
