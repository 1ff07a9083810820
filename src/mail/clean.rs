//! Text that a user wrote, made fit for somebody else's mail: one line, nothing invisible, nothing that turns the
//! direction of writing, nothing that a mail program makes clickable. HTML is escaped later, by the template.

/// Longest name in a mail, in characters.
const NAME_MAX: usize = 80;
/// Longest text in a mail, in characters; what the reason of a reset may have.
const TEXT_MAX: usize = 500;
/// Most lines of a text.
const LINES_MAX: usize = 20;

/// A name: one line, shortened if need be.
pub fn name(text: &str) -> String {
    shortened(&defang(&one_line(text)), NAME_MAX)
}

/// A name, or what stands for one of which nothing can be seen.
pub fn name_or(text: &str, nameless: &str) -> String {
    let clean = name(text);
    if clean.is_empty() { nameless.to_owned() } else { clean }
}

/// A name for a header, where nothing is clickable.
pub fn header_name(text: &str) -> String {
    shortened(&one_line(text), NAME_MAX)
}

/// A text, as lines; empty lines at its ends are gone, and there is never more than one in a row.
pub fn lines(text: &str) -> Vec<String> {
    let text = shortened(text, TEXT_MAX);
    let mut lines: Vec<String> = Vec::new();
    for line in text.split(['\n', '\u{2028}', '\u{2029}']).map(one_line) {
        let after_empty = lines.last().is_none_or(String::is_empty);
        if !(line.is_empty() && after_empty) && lines.len() < LINES_MAX {
            lines.push(defang(&line));
        }
    }
    while lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    lines
}

/// An address to read. Ordinary ones stay as they are; one that could pass for a link does not.
pub fn address(text: &str) -> String {
    let clean = one_line(text);
    let ordinary = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '+' | '-' | '\'');
    match clean.rsplit_once('@') {
        Some((local, domain))
            if local.chars().all(ordinary)
                && domain.chars().all(ordinary)
                && !local.to_ascii_lowercase().starts_with("www.") =>
        {
            clean
        }
        _ => defang(&clean),
    }
}

/// Collapses white space and drops what cannot be seen.
fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for word in text.split(char::is_whitespace) {
        let mut visible = word.chars().filter(|c| !is_hidden(*c)).peekable();
        if visible.peek().is_some() && !line.is_empty() {
            line.push(' ');
        }
        line.extend(visible);
    }
    line
}

/// Controls, bidirectional overrides and characters without a shape. The joiners U+200C and U+200D stay: scripts and
/// emoji need them.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(u32::from(c),
            0xAD | 0x34F | 0x61C | 0x115F | 0x1160 | 0x17B4 | 0x17B5 | 0x180B..=0x180F | 0x200B
            | 0x200E | 0x200F | 0x2028..=0x202E | 0x2060..=0x206F | 0x3164 | 0xFEFF | 0xFFA0 | 0xFFF0..=0xFFFB
            | 0x1D173..=0x1D17A | 0xE0000..=0xE0FFF)
        || u32::from(c) & 0xFFFE == 0xFFFE
}

fn shortened(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(most.saturating_sub(1)).collect();
    short.push('…');
    short
}

/// Writes `[.]` and `[:]` where a mail program would see a host name or an address of the web, as those who report
/// phishing do: still readable, never a link.
fn defang(text: &str) -> String {
    let mut safe = String::with_capacity(text.len() + 8);
    let mut label = String::new();
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        let after = rest.as_str();
        if is_dot(c) && !label.is_empty() && (label.eq_ignore_ascii_case("www") || begins_a_domain(after)) {
            safe.push_str("[.]");
        } else if c == ':' && after.starts_with(['/', '\\']) {
            safe.push_str("[:]");
        } else {
            safe.push(c);
        }
        if is_label(c) {
            label.push(c);
        } else {
            label.clear();
        }
    }
    safe
}

/// What IDNA and address bars take for a dot.
fn is_dot(c: char) -> bool {
    matches!(c, '.' | '\u{3002}' | '\u{FF0E}' | '\u{FF61}' | '\u{2024}')
}

fn is_label(c: char) -> bool {
    c.is_alphanumeric() || c == '-' || (!c.is_ascii() && !c.is_whitespace() && !is_dot(c))
}

/// Whether a domain's last label could stand here: "Ph.D." and "v1.25" are none, "acme.example" is.
fn begins_a_domain(text: &str) -> bool {
    let label = || text.chars().take_while(|c| is_label(*c));
    label().nth(1).is_some() && label().any(|c| !c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_one_line_without_anything_invisible() {
        assert_eq!(name("  Ada\r\nBcc: x \t Lovelace\u{2028}\u{0}"), "Ada Bcc: x Lovelace");
        assert_eq!(name("Ada \u{202E}ecalevoL\u{202C} \u{2066}x\u{2069}\u{200F}"), "Ada ecalevoL x");
        assert_eq!(name_or("\u{200B}\u{FEFF}\u{2060}\u{3164}", "(no name)"), "(no name)");
        assert_eq!(name_or("Ada", "(no name)"), "Ada");
        assert_eq!(name("نور 👩\u{200D}🚀 Ωmega"), "نور 👩\u{200D}🚀 Ωmega");
        let long = name(&"é".repeat(200));
        assert_eq!(long.chars().count(), NAME_MAX);
        assert!(long.ends_with('…'));
    }

    #[test]
    fn nothing_that_a_user_wrote_becomes_a_link() {
        for (written, read) in [
            ("https://evil.example/x", "https[:]//evil[.]example/x"),
            ("HTTP:\\\\evil.example", "HTTP[:]\\\\evil[.]example"),
            ("www.a.com", "www[.]a[.]com"),
            ("Booking.com B.V.", "Booking[.]com B.V."),
            ("mail x@evil.example", "mail x@evil[.]example"),
            ("evil。中国", "evil[.]中国"),
            ("xn--80ak6aa92e.com", "xn--80ak6aa92e[.]com"),
            ("http://127.0.0.1/", "http[:]//127.0.0.1/"),
            ("Ph.D., v1.25, e.g. 3.14", "Ph.D., v1.25, e.g. 3.14"),
            ("Ada, 10:30", "Ada, 10:30"),
        ] {
            assert_eq!(name(written), read);
            assert_eq!(lines(written), [read]);
        }
    }

    #[test]
    fn addresses_stay_readable_unless_they_look_like_a_link() {
        assert_eq!(address("ada.l+x@acme.example"), "ada.l+x@acme.example");
        assert_eq!(address("jürgen@bücher.example"), "jürgen@bücher.example");
        assert_eq!(
            address("\"https://evil.example/\"@x.example"),
            "\"https[:]//evil[.]example/\"@x[.]example"
        );
        assert_eq!(address("www.evil.example@x.example"), "www[.]evil[.]example@x[.]example");
        assert_eq!(address("a\r\nBcc:b@x.example"), "a Bcc:b@x[.]example");
    }

    #[test]
    fn texts_keep_their_lines_within_bounds() {
        assert_eq!(lines("\n\none\r\n\r\n\r\ntwo \u{7}\n\n"), ["one", "", "two"]);
        assert_eq!(lines(" \u{202E} "), Vec::<String>::new());
        assert!(lines(&"x\n".repeat(400)).len() <= LINES_MAX);
        assert_eq!(lines(&"x".repeat(4000)).concat().chars().count(), TEXT_MAX);
    }
}
