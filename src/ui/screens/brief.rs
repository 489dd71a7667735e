//! The hand-over brief as text: what the next person at the controls has to know. Words come from the engine.

use jiff::Timestamp;

use super::super::components::prose::Passage;
use super::super::theme::{Mark, Role};
use super::super::wording;
use crate::engine::brief::Brief;

/// The brief, blockers first.
pub(crate) fn passages(brief: &Brief, now: Timestamp) -> Vec<Passage> {
    let mut out = vec![Passage::new(Role::Strong, &brief.headline)];
    if !brief.blockers.is_empty() {
        out.push(Passage::blank());
        out.extend(brief.blockers.iter().map(|blocker| {
            let mark = Mark::Stuck;
            Passage::new(mark.role(), format!("{} ", mark.symbol()))
                .and(Role::Text, blocker)
                .hanging(2)
        }));
    }
    out.push(Passage::blank());
    out.push(
        Passage::new(Role::Key, "next: ")
            .and(Role::Text, &brief.next_decision)
            .hanging(6),
    );
    if !brief.deadlines.is_empty() {
        out.push(Passage::blank());
        out.push(Passage::new(Role::Heading, "What happens by itself"));
        out.extend(brief.deadlines.iter().map(|(at, what)| {
            Passage::new(Role::Muted, format!("{:<14}", when(*at, now)))
                .and(Role::Text, what)
                .indented(2)
                .hanging(14)
        }));
    }
    if !brief.notes.is_empty() {
        out.push(Passage::blank());
        out.push(Passage::new(Role::Heading, "What was done before"));
        out.extend(
            brief
                .notes
                .iter()
                .map(|note| Passage::new(Role::Text, note).indented(2)),
        );
    }
    out
}

fn when(at: Timestamp, now: Timestamp) -> String {
    if at > now {
        format!("in {}", wording::since(now, at))
    } else {
        wording::ago(at, now)
    }
}
