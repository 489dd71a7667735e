//! A cluster's maintenance configurations: what each bounds, when it opens next (here and in UTC), what is not allowed.

use jiff::Timestamp;

use super::super::components::prose::Passage;
use super::super::data::Data;
use super::super::theme::{DOT, Mark, Role};
use super::super::{windows, wording};
use crate::domain::auto_upgrade::{NODE_IMAGES_WINDOW, NextAct, VERSIONS_WINDOW};
use crate::domain::maintenance::Span;
use crate::domain::survey::WindowFact;
use crate::inventory::snapshot::ClusterSnapshot;

/// The panel's text.
pub(super) fn passages(snapshot: &ClusterSnapshot, data: &Data) -> Vec<Passage> {
    let source = &snapshot.windows;
    let Some(all) = source.value.as_deref() else {
        return super::source_passages(&source.state, "the maintenance windows").unwrap_or_default();
    };
    let mut out: Vec<Passage> = super::stale_passage(&source.state, "what follows")
        .into_iter()
        .collect();
    if all.is_empty() {
        out.push(Passage::new(
            Role::Text,
            "The cluster has no maintenance configuration.",
        ));
        out.push(Passage::new(
            Role::Muted,
            "What AKS does by itself it then does at any time.",
        ));
        for name in [VERSIONS_WINDOW, NODE_IMAGES_WINDOW] {
            out.push(by_itself(name, snapshot));
        }
    }
    for window in all {
        out.extend(one(window, snapshot, data));
        out.push(Passage::blank());
    }
    out.push(Passage::new(
        Role::Muted,
        "Upgrades that a person starts begin at any time; windows bound only what AKS begins.",
    ));
    out
}

fn purpose(name: &str) -> &'static str {
    match name {
        VERSIONS_WINDOW => "Kubernetes versions by the auto-upgrade channel",
        NODE_IMAGES_WINDOW => "node images by the node OS channel",
        "default" => "AKS's own weekly releases",
        _ => "not known to this cockpit",
    }
}

fn by_itself(name: &str, snapshot: &ClusterSnapshot) -> Passage {
    let act = windows::act_in(name, snapshot);
    let role = match act {
        NextAct::Version(_) => Role::Attention,
        _ => Role::Text,
    };
    Passage::new(Role::Muted, format!("{}: ", purpose(name)))
        .and(role, windows::act_words(act))
        .indented(2)
        .hanging(2)
}

fn one(window: &WindowFact, snapshot: &ClusterSnapshot, data: &Data) -> Vec<Passage> {
    let mut out = vec![
        Passage::new(Role::Strong, window.name.as_str()),
        Passage::new(Role::Text, window.schedule.as_str())
            .indented(2)
            .hanging(2),
    ];
    if window.name == VERSIONS_WINDOW || window.name == NODE_IMAGES_WINDOW {
        out.push(by_itself(&window.name, snapshot));
    } else {
        out.push(Passage::new(Role::Muted, purpose(&window.name)).indented(2));
    }
    let ahead: Vec<&Span> = window.openings.iter().filter(|(_, end)| *end > data.now).collect();
    if ahead.is_empty() {
        out.push(
            Passage::new(
                Role::Attention,
                format!("{} it does not open", Mark::Unsupported.symbol()),
            )
            .indented(2),
        );
    }
    for (at, span) in ahead.into_iter().enumerate() {
        let role = if at == 0 { Role::Text } else { Role::Muted };
        out.push(
            Passage::new(role, format!("{:<15}", windows::when(*span, data.now)))
                .and(role, in_both(*span, data))
                .indented(2)
                .hanging(15),
        );
    }
    for span in &window.not_allowed {
        out.push(
            Passage::new(Role::Attention, "not allowed    ")
                .and(Role::Text, in_both(*span, data))
                .indented(2)
                .hanging(15),
        );
    }
    out
}

/// A span here and in UTC: `Tue 14 Jul 22:00 to 02:00 here · 20:00 to 00:00 UTC`.
fn in_both(span: Span, data: &Data) -> String {
    let (from, to) = span;
    let is_long = wording::between(from, to).as_secs() > 24 * 3600;
    let end = if is_long { "%a %d %b %H:%M" } else { "%H:%M" };
    let told =
        |at: Timestamp, zone: &jiff::tz::TimeZone, format: &str| at.to_zoned(zone.clone()).strftime(format).to_string();
    let utc = jiff::tz::TimeZone::UTC;
    let begin = "%a %d %b %H:%M";
    let here = format!("{} to {}", told(from, &data.zone, begin), told(to, &data.zone, end));
    let there = format!("{} to {}", told(from, &utc, begin), told(to, &utc, end));
    if here == there {
        return format!("{there} UTC");
    }
    format!("{here} here{DOT}{there} UTC")
}
