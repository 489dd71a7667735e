//! One request as a row: its cells, its words, and what the filter finds in it.

use std::time::Duration;

use ratatui::text::Line;

use super::super::super::filter::Fields;
use super::super::super::theme::{Mark, Role, Theme};
use super::super::super::wording;
use super::mark_of;
use crate::requests::entry::{Entry, Outcome, Trouble};

/// The fields that `field=value` knows.
pub(super) const FIELDS: [&str; 8] = ["state", "kind", "method", "for", "path", "server", "status", "id"];

/// A request, for the filter.
pub(super) struct Row<'a>(pub(super) &'a Entry);

impl Row<'_> {
    fn field(&self, field: &str) -> String {
        let request = &self.0.request;
        let text = match field {
            "state" => state(self.0).1,
            "kind" => request.kind.word().to_owned(),
            "method" => request.method.to_owned(),
            "for" => request.why.clone(),
            "path" => self.0.target(),
            "server" => server(self.0),
            "status" => status(self.0).map(|status| status.to_string()).unwrap_or_default(),
            "id" => self.0.request_id.clone().unwrap_or_default(),
            _ => String::new(),
        };
        text.to_lowercase()
    }
}

impl Fields for Row<'_> {
    fn has(&self, field: &str, word: &str) -> bool {
        self.field(field).contains(word)
    }

    fn has_word(&self, word: &str) -> bool {
        FIELDS.iter().any(|field| self.has(field, word))
    }
}

pub(super) fn status(entry: &Entry) -> Option<u16> {
    match entry.outcome {
        Outcome::Answered { status } => Some(status),
        Outcome::Open { status } => status,
        Outcome::Failed { .. } | Outcome::Throttled { .. } => None,
    }
}

/// How a request stands: mark and word.
pub(super) fn state(entry: &Entry) -> (Mark, String) {
    let mark = entry.trouble().map(mark_of);
    match &entry.outcome {
        Outcome::Open { .. } => (mark.unwrap_or(Mark::Running), "open".to_owned()),
        Outcome::Answered { status } => {
            let word = match entry.trouble() {
                Some(Trouble::Slow) => format!("{status} slow"),
                Some(Trouble::Error) => format!("{status} error"),
                Some(Trouble::Throttled) => format!("{status} busy"),
                None => status.to_string(),
            };
            (mark.unwrap_or(Mark::Good), word)
        }
        Outcome::Failed { .. } => (mark.unwrap_or(Mark::Failed), "no answer".to_owned()),
        Outcome::Throttled { wait } => (
            mark.unwrap_or(Mark::Held),
            format!("waits {}", wording::duration(*wait)),
        ),
    }
}

/// Who was asked, as people call it.
pub(super) fn server(entry: &Entry) -> String {
    let request = &entry.request;
    request.name.clone().unwrap_or_else(|| {
        let address = request.server.trim_end_matches('/');
        address.split_once("://").map_or(address, |(_, host)| host).to_owned()
    })
}

/// A time an answer took: `80 ms`, `2.1 s`, `14 min`.
pub(super) fn span(took: Duration) -> String {
    match took.as_millis() {
        short @ 0..1_000 => format!("{short} ms"),
        1_000..60_000 => format!("{:.1} s", took.as_secs_f64()),
        _ => wording::duration(took),
    }
}

/// A number of bytes in at most three digits and a unit.
pub(super) fn size(bytes: u64) -> String {
    let units = [(1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB")];
    for (unit, name) in units {
        if bytes >= unit {
            let (whole, tenth) = (bytes / unit, bytes % unit * 10 / unit);
            return match whole {
                0..10 => format!("{whole}.{tenth} {name}"),
                _ => format!("{whole} {name}"),
            };
        }
    }
    format!("{bytes} B")
}

/// A cell of the table.
pub(super) fn cell(entry: &Entry, column: usize, theme: Theme) -> Line<'static> {
    let muted = |text: String| Line::from(theme.span(Role::Muted, text));
    match column {
        0 => muted(entry.at.strftime("%H:%M:%S").to_string()),
        1 => {
            let (mark, word) = state(entry);
            Line::from(theme.state(mark, &word))
        }
        2 => match entry.outcome {
            Outcome::Throttled { .. } => Line::default(),
            _ => Line::from(span(entry.took)),
        },
        3 => Line::from(entry.request.why.clone()),
        4 => muted(entry.request.kind.word().to_owned()),
        5 => Line::from(size(entry.received)),
        6 => muted(server(entry)),
        7 => Line::from(vec![
            theme.span(Role::Key, format!("{} ", entry.request.method)),
            theme.span(Role::Text, entry.target()),
        ]),
        _ => muted(entry.request_id.clone().unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        let sizes = [
            (0, "0 B"),
            (999, "999 B"),
            (1_200, "1.2 kB"),
            (12_345, "12 kB"),
            (9_990_000, "9.9 MB"),
        ];
        for (bytes, expected) in sizes {
            assert_eq!(size(bytes), expected);
        }
        let spans = [(80, "80 ms"), (999, "999 ms"), (2_140, "2.1 s"), (840_000, "14 min")];
        for (milliseconds, expected) in spans {
            assert_eq!(span(Duration::from_millis(milliseconds)), expected);
        }
    }
}
