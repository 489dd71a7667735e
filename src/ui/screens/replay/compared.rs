//! What was planned beside what came of it: a row for each step of the plan.

use jiff::Timestamp;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::super::super::components::table::{Column, Table};
use super::super::super::components::{title, titled};
use super::super::super::theme::{Role, Theme};
use super::super::super::wording;
use crate::engine::replay::compare::StepComparison;

/// Steps that begin after `at` are shown muted: they were still to come.
pub(super) fn draw(
    steps: &[StepComparison],
    selected: usize,
    at: Timestamp,
    theme: Theme,
    area: Rect,
    buffer: &mut Buffer,
) {
    let heading = vec![
        title(theme, "Planned and real", true),
        theme.span(Role::Muted, "  of the whole recording"),
    ];
    let area = titled(area, Line::from(heading), theme, buffer);
    let columns = [
        Column::number("#", 3, 0),
        Column::text("Step", 20, 44, 0).wishing(26),
        Column::text("Planned", 12, 18, 0),
        Column::text("Real", 10, 14, 0),
        Column::text("Difference", 13, 20, 1),
        Column::text("Nodes", 16, 30, 2),
        Column::text("Began", 8, 8, 3),
        Column::text("Ended", 9, 9, 4),
        Column::number("Tries", 5, 5),
        Column::text("Order", 5, 5, 6),
    ];
    let table = Table {
        columns: &columns,
        len: steps.len(),
        selected,
        is_focused: true,
    };
    table.draw(area, theme, buffer, |row, column| {
        let Some(step) = steps.get(row) else {
            return Line::default();
        };
        let is_to_come = step.began.is_none_or(|began| began > at);
        let (role, text) = cell(step, column);
        let role = if is_to_come { Role::Muted } else { role };
        Line::from(theme.span(role, text))
    });
}

fn cell(step: &StepComparison, column: usize) -> (Role, String) {
    let clock = |at: Option<Timestamp>| at.map(|at| at.strftime("%H:%M:%S").to_string());
    match column {
        0 => (Role::Muted, step.number.to_string()),
        1 => (Role::Text, step.title.clone()),
        2 => (
            Role::Text,
            step.planned.map_or_else(|| "not kept".to_owned(), wording::time_left),
        ),
        3 => (
            Role::Text,
            step.worked().map_or_else(|| step.state.to_owned(), wording::duration),
        ),
        4 => difference(step),
        5 => (Role::Text, nodes(step)),
        6 => (Role::Muted, clock(step.began).unwrap_or_else(|| "-".to_owned())),
        7 => (Role::Muted, clock(step.ended).unwrap_or_else(|| step.state.to_owned())),
        8 => (Role::Text, step.attempts.to_string()),
        _ => (
            Role::Text,
            step.order.map_or_else(|| "-".to_owned(), |place| place.to_string()),
        ),
    }
}

fn difference(step: &StepComparison) -> (Role, String) {
    let span = |seconds: i64| wording::duration(std::time::Duration::from_secs(seconds.unsigned_abs()));
    match step.outside_seconds() {
        None => (Role::Muted, "-".to_owned()),
        Some(0) => (Role::Good, "as planned".to_owned()),
        Some(late) if late > 0 => (Role::Attention, format!("{} longer", span(late))),
        Some(early) => (Role::Good, format!("{} shorter", span(early))),
    }
}

fn nodes(step: &StepComparison) -> String {
    match (&step.nodes, step.planned_nodes) {
        (Some(nodes), _) => format!(
            "{}, median {}",
            wording::count(nodes.count, "node"),
            wording::duration(nodes.median)
        ),
        (None, Some(planned)) if planned > 0 => {
            format!(
                "{} planned",
                wording::count(usize::try_from(planned).unwrap_or(usize::MAX), "node")
            )
        }
        (None, _) => "-".to_owned(),
    }
}
