//! The hash of a document's tokens: equal for two texts that differ in white space, commas and comments alone.
//!
//! A client that prints its documents itself (a cache that adds a field, a bundler that shortens) still sends the tokens
//! of the manifest. The lexer is that of the specification, section 2.1; where a text is no GraphQL it may take it for
//! whatever it likes, for it is only ever compared with texts that were parsed.

use sha2::{Digest as _, Sha256};

use super::automatic::Hash;

/// The hash of the tokens of `text`.
pub(super) fn hash_of_tokens(text: &str) -> Hash {
    let mut hash = Sha256::new();
    let mut rest = text.as_bytes();
    while let Some(token) = next(&mut rest) {
        // The length in front keeps `a b` and `ab` apart.
        hash.update((token.len() as u64).to_le_bytes());
        hash.update(token);
    }
    hash.finalize().into()
}

/// The next token, past what the specification ignores.
fn next<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    loop {
        *rest = match rest {
            [b' ' | b'\t' | b'\n' | b'\r' | b',', tail @ ..] | [0xEF, 0xBB, 0xBF, tail @ ..] => tail,
            [b'#', tail @ ..] => {
                let end = tail.iter().position(|byte| matches!(byte, b'\n' | b'\r')).unwrap_or(tail.len());
                tail.get(end..).unwrap_or_default()
            }
            _ => break,
        };
    }
    let length = match *rest {
        [] => return None,
        [b'.', b'.', b'.', ..] => 3,
        [b'"', b'"', b'"', tail @ ..] => 3 + block_string(tail),
        [b'"', tail @ ..] => 1 + string(tail),
        [b'_' | b'a'..=b'z' | b'A'..=b'Z', ..] => {
            run(rest, |byte| byte.is_ascii_alphanumeric() || byte == b'_')
        }
        [b'-' | b'0'..=b'9', ..] => {
            1 + run(rest.get(1..).unwrap_or_default(), |byte| {
                byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'+' | b'-' | b'_')
            })
        }
        _ => 1,
    };
    let (token, tail) = rest.split_at(length.min(rest.len()));
    *rest = tail;
    Some(token)
}

fn run(text: &[u8], of: impl Fn(u8) -> bool) -> usize {
    text.iter().position(|&byte| !of(byte)).unwrap_or(text.len())
}

/// The length of what follows the opening quotes, closing ones included.
fn block_string(text: &[u8]) -> usize {
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        match rest {
            [b'\\', b'"', b'"', b'"', ..] => at += 4,
            [b'"', b'"', b'"', ..] => return at + 3,
            _ => at += 1,
        }
    }
    text.len()
}

fn string(text: &[u8]) -> usize {
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        match byte {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_commas_and_comments_do_not_count_and_all_else_does() {
        let printed = "query A($id: ID!, $n: [Int!] = [1, 2]) {\n  # who\n  user(id: $id) {\n    ...F\n    ... on User {\n      \
                       name(is: \"a, b # c\")\n    }\n  }\n}\n\nfragment F on User {\n  id\n}\n";
        let short = "query A($id:ID!$n:[Int!]=[1 2]){user(id:$id){...F...on User{name(is:\"a, b # c\")}}}fragment F on \
                     User{id}";
        assert_eq!(hash_of_tokens(printed), hash_of_tokens(short));
        for other in [
            short.replace("a, b", "a,b"),
            short.replace("name", "mail"),
            short.replace("1 2", "12"),
            short.replace("[1 2]", "[2 1]"),
            short.replace("ID!", "ID"),
            short.replace("query A", "mutation A"),
            short.replace("fragment F", "fragmentF"),
            format!("{short}{{id}}"),
        ] {
            assert_ne!(hash_of_tokens(&other), hash_of_tokens(short), "{other}");
        }
    }

    #[test]
    fn strings_hide_nothing_that_follows_them() {
        for (one, other) in [
            ("{ a(b: \"\\\"\") c }", "{ a(b: \"\\\"\") d }"),
            ("{ a(b: \"\"\"x\\\"\"\" y\"\"\") c }", "{ a(b: \"\"\"x\\\"\"\" y\"\"\") d }"),
            ("{ a(b: \"\") c }", "{ a(b: \"\") d }"),
            ("{ a(b: \"\"\" # \"\"\") c }", "{ a(b: \"\"\" # \"\"\") d }"),
            ("{ a(b: \"\\\\\") c }", "{ a(b: \"\\\\\") d }"),
        ] {
            assert_ne!(hash_of_tokens(one), hash_of_tokens(other), "{one}");
            assert_eq!(hash_of_tokens(one), hash_of_tokens(&one.replace(" c", ",\n#\" \nc")), "{one}");
        }
        // Ends where the text ends, whatever is open.
        for open in ["\"", "\"\\", "\"\"\"", "\"\"\"\\\"\"", "-", ".", "..", "#"] {
            hash_of_tokens(open);
        }
    }
}
