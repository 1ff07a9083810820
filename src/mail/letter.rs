//! A letter: what a mail says, apart from the language it is said in and from how it travels. Both parts of a mail are
//! laid out from the same letter, so they cannot disagree.

use askama::Template;
use unicode_width::UnicodeWidthStr;

/// What a mail says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// The tag of the language (BCP 47).
    pub language: &'static str,
    /// How the language sets a colon behind a word.
    pub colon: &'static str,
    /// The subject.
    pub subject: String,
    /// The first line.
    pub greeting: String,
    /// Everything in between.
    pub blocks: Vec<Block>,
    /// The last line.
    pub footer: String,
}

/// A part of a letter. Whatever a user wrote in it went through `clean`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    /// Running text.
    Paragraph(String),
    /// Names and values, one a line.
    Facts(Vec<(&'static str, String)>),
    /// Somebody's own words.
    Quote {
        /// Whose, or what for.
        label: &'static str,
        /// The words.
        lines: Vec<String>,
    },
    /// Something to do behind a link.
    Action {
        /// What it does.
        intro: String,
        /// What stands on the link.
        label: &'static str,
        /// The link.
        url: String,
        /// Whether it is what the mail was sent for.
        main: bool,
    },
}

#[derive(Template)]
#[template(path = "letter.txt", config = "src/mail/templates/askama.toml", escape = "none")]
struct Text<'a> {
    letter: &'a Letter,
}

#[derive(Template)]
#[template(path = "letter.html", config = "src/mail/templates/askama.toml", escape = "html")]
struct Html<'a> {
    letter: &'a Letter,
}

impl Letter {
    /// The plain part.
    pub fn text(&self) -> Result<String, askama::Error> {
        Text { letter: self }.render()
    }

    /// The HTML part.
    pub fn html(&self) -> Result<String, askama::Error> {
        Html { letter: self }.render()
    }
}

/// How wide plain text is set, in columns (RFC 3676, section 4.2, recommends at most 78).
const WIDTH: usize = 72;

/// Breaks running text between words.
fn wrapped(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    let mut width = 0;
    for word in text.split(' ') {
        let length = word.width();
        if width > 0 && width + 1 + length > WIDTH {
            out.push('\n');
            width = 0;
        } else if width > 0 {
            out.push(' ');
            width += 1;
        }
        out.push_str(word);
        width += length;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn running_text_breaks_between_words_only() {
        let text = wrapped(&"lorem ipsum ".repeat(40));
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH));
        assert_eq!(text.replace('\n', " "), "lorem ipsum ".repeat(40));
        // A Korean syllable takes two columns.
        let korean = wrapped(&"안녕하세요 ".repeat(20));
        assert!(korean.lines().all(|line| line.width() <= WIDTH));
        assert_eq!(korean.lines().next().unwrap().chars().count(), 35);
        let long = "x".repeat(100);
        assert_eq!(wrapped(&format!("a {long} b")), format!("a\n{long}\nb"));
    }
}
