//! What headless commands print: versioned JSON documents and plain tables. stdout is data, stderr is talk.

use std::io::Write;

use serde::Serialize;

use super::args::OutputFormat;
use crate::domain::text::printable;
use crate::problem::{Exit, Problem};

/// Prints a document as the format says; `table` is its plain form.
///
/// # Errors
/// When stdout is closed or full.
pub(crate) fn print<D: Serialize>(
    format: OutputFormat,
    document: &D,
    table: impl FnOnce(&D) -> String,
) -> Result<(), Problem> {
    let text = match format {
        OutputFormat::Table | OutputFormat::Markdown => table(document),
        OutputFormat::Json => to_json(document, serde_json::to_string_pretty)? + "\n",
        OutputFormat::Jsonl => to_json(document, serde_json::to_string)? + "\n",
    };
    write_out(&text)
}

/// Prints one line of JSON, whatever the format.
///
/// # Errors
/// When stdout is closed or full.
pub(crate) fn print_line<D: Serialize>(document: &D) -> Result<(), Problem> {
    write_out(&(to_json(document, serde_json::to_string)? + "\n"))
}

/// Writes text to stdout and flushes it.
///
/// # Errors
/// When stdout is closed or full.
pub(crate) fn write_out(text: &str) -> Result<(), Problem> {
    let mut out = std::io::stdout().lock();
    out.write_all(safe(text).as_bytes())
        .and_then(|()| out.flush())
        .map_err(|error| Problem::new(Exit::Unexpected, "the output cannot be written").because(error.to_string()))
}

/// Writes one line of talk to stderr; a closed stderr is nobody's problem.
pub(crate) fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "{}", safe(text));
}

/// The last line of defence: what is printed is text, whatever a room let through. Line breaks and tabs stay.
fn safe(text: &str) -> String {
    text.split_inclusive(['\n', '\t'])
        .flat_map(|piece| {
            let words = piece.trim_end_matches(['\n', '\t']);
            [printable(words), piece[words.len()..].to_owned()]
        })
        .collect()
}

/// Shows a problem on stderr: as text, or as one JSON document where the format asks for JSON.
pub(crate) fn report(format: OutputFormat, problem: &Problem) {
    match format {
        OutputFormat::Table | OutputFormat::Markdown => say(&format!("aks-cockpit: {problem}")),
        OutputFormat::Json | OutputFormat::Jsonl => {
            let document = serde_json::json!({
                "schema": "aks-cockpit/problem/v1",
                "what": problem.what,
                "why": problem.why,
                "do": problem.todo,
                "exitCode": problem.exit as i32,
            });
            say(&document.to_string());
        }
    }
}

fn to_json<D: Serialize>(
    document: &D,
    write: impl FnOnce(&D) -> serde_json::Result<String>,
) -> Result<String, Problem> {
    write(document).map_err(|error| {
        Problem::new(Exit::Unexpected, "the document cannot be written as JSON").because(error.to_string())
    })
}

/// Lays rows out in columns, two spaces apart, each as wide as its widest cell; the last one is not padded.
pub(crate) fn columns(heads: &[&str], rows: &[Vec<String>]) -> String {
    use unicode_width::UnicodeWidthStr;
    let width = |column: usize| {
        rows.iter()
            .filter_map(|row| row.get(column))
            .map(|cell| cell.width())
            .chain(heads.get(column).map(|head| head.width()))
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..heads.len()).map(width).collect();
    let line = |cells: &mut dyn Iterator<Item = &str>| {
        let mut text = String::new();
        for (cell, width) in cells.zip(&widths) {
            text.push_str(cell);
            text.push_str(&" ".repeat(width.saturating_sub(cell.width()) + 2));
        }
        text.truncate(text.trim_end().len());
        text.push('\n');
        text
    };
    let mut text = line(&mut heads.iter().copied());
    for row in rows {
        text.push_str(&line(&mut row.iter().map(String::as_str)));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_is_text() {
        assert_eq!(safe("a\x1b[2J\tb\r\n\u{202e}c\n\n"), "a[2J\tb \nc\n\n");
        assert_eq!(safe("{\n  \"name\": \"pay ‖\"\n}\n"), "{\n  \"name\": \"pay ‖\"\n}\n");
    }

    #[test]
    fn columns_line_up_with_wide_characters() {
        let rows = vec![
            vec!["日本".to_owned(), "1".to_owned()],
            vec!["a".to_owned(), "22".to_owned()],
        ];
        assert_eq!(columns(&["NAME", "N"], &rows), "NAME  N\n日本  1\na     22\n");
    }
}
