//! The text of the live view: the lines on top, what stands in place of unseen nodes, a node's own events.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::super::components::prose::Passage;
use super::super::components::{Scene, drain_panel, inset, put, smoke_lines};
use super::super::data::Data;
use super::super::measure;
use super::super::narrative;
use super::super::theme::{DOT, Mark, Role};
use super::trouble::{self, cause_mark};
use super::{details, panels, run_panel};
use crate::diagnosis::cause::Cause;
use crate::domain::cluster::Cluster;
use crate::domain::ids::ClusterId;
use crate::engine::view::StepState;
use crate::inventory::snapshot::{ClusterSnapshot, SourceState};
use crate::progress::picture::{LivePicture, NodeProgress};
use jiff::Timestamp;

/// The node's own events, newest first.
pub(super) fn last_events(live: &LivePicture, node: &NodeProgress, now: Timestamp) -> Vec<Passage> {
    let own = live
        .events
        .iter()
        .filter(|event| event.object_name == node.name.as_str());
    let only_these = LivePicture {
        events: own.take(5).cloned().collect(),
        ..LivePicture::empty(live.as_of)
    };
    if only_these.events.is_empty() {
        return details::last_event(node).into_iter().collect();
    }
    let mut out = vec![Passage::blank()];
    out.extend(panels::events(Some(&only_these), now));
    out
}

/// The lines above everything: how the execution stands and who drives, Azure's word, what is odd.
pub(super) fn top_passages(snapshot: &ClusterSnapshot, data: &Data) -> Vec<Passage> {
    let mut out = Vec::new();
    match data.execution(&snapshot.id) {
        Some(execution) => {
            let (mark, text) = narrative::execution(execution, data.now);
            let driver = match data.driver(execution) {
                Some(driver) => format!("{DOT}driven by {driver}"),
                None if execution.state.is_final() => String::new(),
                None => format!("{DOT}nobody drives it now"),
            };
            out.push(Passage::new(mark.role(), format!("{} {text}", mark.symbol())).and(Role::Muted, driver));
            out.extend(narrative::whom_passage(execution, data.now).map(|passage| passage.indented(2)));
            out.extend(narrative::repair_passage(execution).map(|passage| passage.indented(2)));
            out.extend(
                run_panel::controls(execution, data)
                    .into_iter()
                    .map(|passage| passage.indented(2)),
            );
            if let Some(message) = run_panel::message(execution) {
                out.push(Passage::new(Role::Text, message).indented(2));
            }
            if !execution.state.is_final() {
                let smoke = smoke_lines::passages(execution, data.now);
                out.extend(smoke.into_iter().map(|passage| passage.indented(2)));
            }
            // The message mostly holds Azure's words already; what it leaves out is shown below it.
            let message = execution.message.as_deref().unwrap_or_default();
            match execution.current_step().map(|step| &step.state) {
                Some(StepState::Failed { error }) if !message.contains(&error.message) => {
                    out.extend(panels::error_passages(error, 2));
                }
                _ => {}
            }
        }
        None if snapshot.cluster.value.as_deref().is_some_and(Cluster::is_upgrading) => {
            let whose =
                narrative::begun_by(snapshot, data.now).map_or_else(String::new, |whose| format!("{DOT}{whose}"));
            let text = format!(
                "{} An upgrade runs that this cockpit did not start",
                Mark::Running.symbol()
            );
            out.push(Passage::new(Role::Running, text).and(Role::Muted, whose));
        }
        None => (),
    }
    let text = snapshot.operation_text.as_ref();
    if let Some(text) = text.filter(|text| !text.eq_ignore_ascii_case("InProgress")) {
        out.push(
            Passage::new(Role::Muted, "Azure says: ")
                .and(Role::Text, text)
                .indented(2),
        );
    }
    if snapshot.live.as_deref().is_some_and(|live| !live.nodes.is_empty()) {
        out.extend(super::stale_passage(&snapshot.kubernetes, "the nodes' picture"));
        if let SourceState::Denied { .. } | SourceState::Failed { .. } = snapshot.kubernetes {
            out.extend(super::source_passages(&snapshot.kubernetes, "the nodes").unwrap_or_default());
        }
    }
    if let Some(live) = snapshot.live.as_deref() {
        out.extend(run_panel::window(snapshot, live, data));
    }
    let gaps = snapshot
        .live
        .as_deref()
        .map(|live| live.gaps.as_slice())
        .unwrap_or_default();
    out.extend(gaps.iter().map(|gap| {
        Passage::new(
            Role::Attention,
            format!("{} {}", Mark::Behind.symbol(), drain_panel::gap_text(gap)),
        )
    }));
    out
}

/// What stands in place of the nodes.
pub(super) fn no_nodes(snapshot: &ClusterSnapshot) -> Vec<Passage> {
    let passages = super::source_passages(&snapshot.kubernetes, "the nodes");
    passages.unwrap_or_else(|| vec![Passage::new(Role::Text, "The cluster has no node.")])
}

/// The most likely cause of trouble.
pub(super) fn top_cause<'a>(data: &'a Data, id: &ClusterId) -> Option<&'a Cause> {
    data.inquiries.causes(id)?.top()
}

/// Rows for the cause: one, and with room one for its first evidence and one for its safest remedy.
pub(super) fn cause_lines(cause: &Cause, has_room: bool) -> u16 {
    if has_room {
        1 + u16::from(!cause.evidence.is_empty()) + u16::from(!cause.remedies.is_empty())
    } else {
        1
    }
}

/// The cause; where to read more stands at the end of its first line.
pub(super) fn draw_cause(cause: &Cause, scene: Scene<'_>, area: Rect, buffer: &mut Buffer) {
    let theme = scene.theme;
    let more = Line::from(vec![theme.span(Role::Key, "x"), theme.span(Role::Muted, " why")]);
    let width = measure::cells(more.width());
    let inner = inset(area, 1);
    let line = Line::from(vec![
        theme.state(cause_mark(cause), "cause: "),
        theme.span(Role::Strong, cause.headline.as_str()),
    ]);
    let room = inner.width.saturating_sub(width + 2);
    let used = measure::cells(line.width()).min(room);
    put(buffer, inner.x, inner.y, room, line);
    put(buffer, inner.x + used + 2, inner.y, width, more);
    let evidence = cause.evidence.first().map(|evidence| {
        Line::from(vec![
            theme.span(Role::Muted, "seen: "),
            theme.span(Role::Text, evidence.words.as_str()),
        ])
    });
    let remedies = trouble::safest_first(&cause.remedies);
    let remedy = remedies.first().map(|(id, known)| {
        let title = known.map_or(*id, |known| known.title.as_str());
        Line::from(vec![theme.span(Role::Key, "do: "), theme.span(Role::Text, title)])
    });
    for (line, y) in evidence.into_iter().chain(remedy).zip(area.y + 1..area.bottom()) {
        put(buffer, inner.x + 2, y, inner.width.saturating_sub(2), line);
    }
}
