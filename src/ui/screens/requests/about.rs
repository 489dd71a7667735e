//! Everything known about one request, in running text: address, answer, ids, headers, and how to make it by hand.

use jiff::Timestamp;

use super::super::super::components::prose::Passage;
use super::super::super::theme::{DOT, Role};
use super::super::super::wording;
use super::rows;
use crate::requests::entry::{Entry, Outcome};
use crate::requests::same;

/// Width of the names on the left.
const NAMES: u16 = 9;

/// What is known, the most telling first.
pub(super) fn whole(entry: &Entry, now: Timestamp) -> Vec<Passage> {
    let request = &entry.request;
    let fact = |name: &str| Passage::new(Role::Muted, format!("{name:<9}")).hanging(NAMES);
    let (mark, word) = rows::state(entry);
    let mut out = vec![
        Passage::new(Role::Key, format!("{} ", request.method)).and(Role::Text, entry.url()),
        fact("state")
            .and(mark.role(), format!("{} {word}", mark.symbol()))
            .and(Role::Muted, format!("{DOT}{}", how_long(entry))),
    ];
    if let Outcome::Failed { why } = &entry.outcome {
        out.push(fact("because").and(Role::Text, why));
    }
    if let Some(error) = &entry.error {
        out.push(fact("answer").and(Role::Text, error));
    }
    let attempt = match request.attempt {
        1 => String::new(),
        more => format!("{DOT}attempt {more}"),
    };
    let when = format!("{}, {}", entry.at.strftime("%H:%M:%S UTC"), wording::ago(entry.at, now));
    out.extend([
        fact("for")
            .and(Role::Text, &request.why)
            .and(Role::Muted, format!("{DOT}{}{attempt}", request.kind.word())),
        fact("when").and(Role::Text, when),
    ]);
    out.push(match same::command(entry) {
        Ok(command) => fact("by hand")
            .and(Role::Text, command)
            .and(Role::Muted, "  o copies it"),
        Err(why) => fact("by hand").and(Role::Muted, why),
    });
    if let Some(id) = &entry.request_id {
        out.push(fact("id").and(Role::Text, id));
    }
    if let Some(name) = &request.name {
        out.push(
            fact("server")
                .and(Role::Text, name)
                .and(Role::Muted, format!("{DOT}{}", request.server)),
        );
    }
    out.extend(entry.headers.iter().map(|(name, value)| {
        Passage::new(Role::Muted, format!("{name}: "))
            .and(Role::Text, value)
            .hanging(2)
    }));
    out
}

fn how_long(entry: &Entry) -> String {
    let took = rows::span(entry.took);
    let sizes = format!(
        "{} sent, {} read",
        rows::size(entry.request.sent),
        rows::size(entry.received)
    );
    match &entry.outcome {
        Outcome::Open { status: Some(status) } => format!("began with {status}, open for {took}{DOT}{sizes}"),
        Outcome::Open { status: None } => format!("no answer yet after {took}"),
        Outcome::Answered { .. } => format!("after {took}{DOT}{sizes}"),
        Outcome::Failed { .. } => format!("after {took}"),
        Outcome::Throttled { .. } => "nothing was sent yet".to_owned(),
    }
}
