//! CSV after RFC 4180, safe to open in a spreadsheet.

use std::borrow::Cow;

/// Spreadsheets take a cell that begins with one of these for a formula, and a browser or a log-in name may begin with
/// anything (OWASP, CSV Injection). The wide ones are what some of them make into the narrow ones.
const FORMULA: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

/// One line, with its end.
pub(super) fn line<'a>(cells: impl IntoIterator<Item = &'a str>) -> String {
    let mut line = String::new();
    for (index, text) in cells.into_iter().enumerate() {
        if index > 0 {
            line.push(',');
        }
        line.push_str(&cell(text));
    }
    line.push_str("\r\n");
    line
}

/// An apostrophe in front makes a formula a text. Such cells are quoted as well, so that no separator which a spreadsheet
/// may be set to, such as a semicolon, begins a new cell inside.
fn cell(text: &str) -> Cow<'_, str> {
    let formula = text.trim_start_matches(' ').starts_with(FORMULA);
    if formula || text.contains(['"', ',', ';', '\r', '\n', '\t']) {
        let guard = if formula { "'" } else { "" };
        return Cow::Owned(format!("\"{guard}{}\"", text.replace('"', "\"\"")));
    }
    Cow::Borrowed(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_where_they_must_be() {
        assert_eq!(line(["a", "", "b c"]), "a,,b c\r\n");
        assert_eq!(
            line(["a,b", "say \"hi\"", "two\nlines"]),
            "\"a,b\",\"say \"\"hi\"\"\",\"two\nlines\"\r\n"
        );
    }

    #[test]
    fn no_cell_begins_a_formula() {
        for text in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =1", "＝1", "=\"x\""] {
            let cell = cell(text);
            assert!(cell.starts_with("\"'"), "{text:?} became {cell:?}");
        }
        assert_eq!(cell("Mozilla/5.0;=1+1"), "\"Mozilla/5.0;=1+1\"");
        assert_eq!(cell("2026-11-24T12:00:00Z"), "2026-11-24T12:00:00Z");
    }
}
