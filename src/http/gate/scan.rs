//! A look at the raw text before anything parses it.
//!
//! The parser descends without a limit into nested lists and objects, so a few kilobytes of `[` end the process
//! (a stack overflow cannot be caught). This scan knows just enough of the grammar to tell brackets from text.

use super::Refusal;

/// Refuses text whose brackets nest deeper than `depth` or that has more than `tokens` tokens.
pub(super) fn scan(text: &str, depth: usize, tokens: usize) -> Result<(), Refusal> {
    let mut rest = text.as_bytes();
    let (mut open, mut seen) = (0_usize, 0_usize);
    while let Some((&byte, tail)) = rest.split_first() {
        rest = match byte {
            b' ' | b'\t' | b'\n' | b'\r' | b',' => {
                rest = tail;
                continue;
            }
            b'#' => {
                let end = tail.iter().position(|b| matches!(b, b'\n' | b'\r')).unwrap_or(tail.len());
                rest = tail.get(end..).unwrap_or_default();
                continue;
            }
            b'"' => string(rest)?,
            b'{' | b'[' | b'(' => {
                open += 1;
                if open > depth {
                    return Err(Refusal::document(format!(
                        "The document nests brackets deeper than {depth} levels."
                    )));
                }
                tail
            }
            b'}' | b']' | b')' => {
                open = open.saturating_sub(1);
                tail
            }
            _ if is_word(byte) => {
                let end = tail.iter().position(|&b| !is_word(b)).unwrap_or(tail.len());
                tail.get(end..).unwrap_or_default()
            }
            _ => tail,
        };
        seen += 1;
        if seen > tokens {
            return Err(Refusal::document(format!("The document has more than {tokens} tokens.")));
        }
    }
    Ok(())
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.') || byte >= 0x80
}

/// What follows the string or block string that `text` begins with.
///
/// An unterminated one is refused here: the parser would try an unterminated block string as an empty string
/// followed by other tokens, and this scan would have skipped those.
fn string(text: &[u8]) -> Result<&[u8], Refusal> {
    if let Some(mut rest) = text.strip_prefix(br#"""""#) {
        loop {
            if let Some(after) = rest.strip_prefix(br#"""""#) {
                return Ok(after);
            }
            let skip = if rest.starts_with(br#"\""""#) { 4 } else { 1 };
            rest = match rest.get(skip..) {
                Some(next) if !rest.is_empty() => next,
                _ => return Err(Refusal::document("The document has a block string without an end.")),
            };
        }
    }
    let mut bytes = text.iter().enumerate().skip(1);
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'"' => return Ok(text.get(at + 1..).unwrap_or_default()),
            b'\n' | b'\r' => break,
            b'\\' => {
                bytes.next();
            }
            _ => {}
        }
    }
    Err(Refusal::document("The document has a string without an end."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str) -> Result<(), Refusal> {
        scan(text, 8, 50)
    }

    #[test]
    fn brackets_in_strings_and_comments_do_not_count() {
        let deep = "[".repeat(100);
        check(&format!("{{ a(b: \"{deep}\") }}")).unwrap();
        check(&format!("{{ a(b: \"\"\"{deep} \\\"\"\" {deep}\"\"\") }}")).unwrap();
        check(&format!("{{ a # {deep}\n }}")).unwrap();
        check(&format!("{{ a(b: \"\\\"{deep}\") }}")).unwrap();
    }

    #[test]
    fn nesting_is_bounded() {
        assert!(check(&"[".repeat(8)).is_ok());
        assert!(check(&"[".repeat(9)).is_err());
        assert!(check(&"[]".repeat(20)).is_ok());
        assert!(check(&format!("{{a(b: \"x\" c: {}", "{a:".repeat(9))).is_err());
        assert!(check(&format!("{{a # \"\n(b: {}", "[".repeat(9))).is_err());
    }

    #[test]
    fn an_unterminated_block_string_hides_nothing() {
        let hidden = format!("{{ a(b: [\"\"\"x\" {}", "[".repeat(100));
        assert!(check(&hidden).is_err());
        assert!(check("{ a(b: \"x\n\") }").is_err());
        assert!(check("{ a(b: \"\\").is_err());
        assert!(check("\"\"\"").is_err());
    }

    #[test]
    fn tokens_are_bounded() {
        assert!(check(&"a ".repeat(50)).is_ok());
        assert!(check(&"a ".repeat(51)).is_err());
        assert!(check(&"a@b ".repeat(20)).is_err());
    }
}
