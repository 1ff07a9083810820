//! What is asked of an export, and what others wrote into the log that it writes out.

use clap::Parser;

use super::csv;
use super::export::ExportArgs;

#[derive(Parser)]
struct Asked {
    #[command(flatten)]
    export: ExportArgs,
}

/// The lines of the input are arguments, and then cells.
pub(crate) fn export(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(asked) = Asked::try_parse_from(std::iter::once("export").chain(text.lines())) {
        let _ = asked.export.check();
    }
    let cells: Vec<&str> = text.split('|').collect();
    let written = csv::line(cells.iter().copied());
    let read = read(&written);
    assert_eq!(read.len(), cells.len(), "a cell became two, or two became one");
    for (cell, read) in cells.iter().zip(read) {
        let formula = read.trim_start_matches(' ').starts_with(['=', '+', '-', '@', '\t', '\r', '\n']);
        assert!(!formula, "{read:?} is a formula");
        assert_eq!(read.strip_prefix('\'').unwrap_or(&read), cell.strip_prefix('\'').unwrap_or(cell));
    }
}

/// One line of RFC 4180.
fn read(line: &str) -> Vec<String> {
    let mut cells = vec![String::new()];
    let mut quoted = false;
    let mut rest = line.strip_suffix("\r\n").unwrap_or(line).chars().peekable();
    while let Some(c) = rest.next() {
        let Some(cell) = cells.last_mut() else { break };
        match c {
            '"' if quoted && rest.peek() == Some(&'"') => {
                rest.next();
                cell.push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => cells.push(String::new()),
            _ => cell.push(c),
        }
    }
    cells
}
