//! Nodes as small cards: sign, the end of the name, since when, pods left, and what holds it. Only cards on the screen
//! are built.

use jiff::Timestamp;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::super::measure;
use super::super::narrative;
use super::super::theme::{Role, Theme};
use super::super::wording;
use super::node_grid::{Grid, Section, Shown, tail_of};
use super::put;
use crate::progress::picture::{NodePhase, NodeProgress};

/// Columns of a card, with the gap behind it.
pub(crate) const WIDTH: u16 = 28;
/// Rows of a card.
const HEIGHT: u16 = 2;

/// Where the cards stand.
pub(crate) fn lay_out(sections: &[Section], width: u16) -> Grid {
    Grid::of_cards(sections, width, WIDTH)
}

/// The first row of cards to draw, so that the selected one is in sight and stands in the middle where it can.
fn first_row(grid: &Grid, selected: usize, height: u16) -> usize {
    let rows = grid.rows();
    let at = rows
        .iter()
        .position(|(_, nodes)| nodes.contains(&selected))
        .unwrap_or(0);
    let tall = |row: usize| {
        rows.get(row)
            .map_or(0, |(label, _)| HEIGHT + u16::from(label.is_some()))
    };
    let mut first = at;
    let mut used = tall(at);
    let mut above = 0;
    while first > 0 && above + tall(first - 1) <= height.saturating_sub(used) / 2 {
        first -= 1;
        above += tall(first);
    }
    used += above;
    // What is left below the last row is given to rows above.
    let below: u16 = (at + 1..rows.len()).map(tall).fold(0, u16::saturating_add);
    let mut spare = height.saturating_sub(used.saturating_add(below));
    while first > 0 && tall(first - 1) <= spare {
        first -= 1;
        spare -= tall(first);
    }
    first
}

/// Draws the cards in sight; `node` gives what the grid shows of a node, and the node itself.
pub(crate) fn draw<'n>(
    grid: &Grid,
    selected: usize,
    (theme, now): (Theme, Timestamp),
    area: Rect,
    buffer: &mut Buffer,
    node: impl Fn(usize) -> Option<(Shown<'n>, &'n NodeProgress)>,
) {
    let mut y = area.y;
    for (label, nodes) in grid.rows().iter().skip(first_row(grid, selected, area.height)) {
        if let Some(label) = label.as_deref().filter(|_| y < area.bottom()) {
            let line = Line::from(theme.span(Role::Muted, label));
            put(buffer, area.x, y, area.width, line);
            y += 1;
        }
        if y >= area.bottom() {
            return;
        }
        for (at, x) in nodes.clone().zip((area.x..area.right()).step_by(usize::from(WIDTH))) {
            let Some((shown, progress)) = node(at) else {
                continue;
            };
            let width = (WIDTH - 2).min(area.right() - x);
            let card = Rect {
                x,
                y,
                width,
                height: HEIGHT.min(area.bottom() - y),
            };
            draw_card(shown, progress, at == selected, (theme, now), card, buffer);
        }
        y += HEIGHT;
    }
}

fn draw_card(
    shown: Shown<'_>,
    node: &NodeProgress,
    is_selected: bool,
    (theme, now): (Theme, Timestamp),
    area: Rect,
    buffer: &mut Buffer,
) {
    let (sign, role) = shown.mark();
    let since = if node.phase == NodePhase::Waiting {
        String::new()
    } else {
        wording::since(node.since, now)
    };
    let room = area.width.saturating_sub(measure::width(&since) + 3);
    let name = measure::cut_middle(tail_of(shown.name), room).into_owned();
    let gap = " ".repeat(usize::from(room.saturating_sub(measure::width(&name)) + 1));
    let first = Line::from(vec![
        theme.span(role, sign),
        theme.span(Role::Strong, format!(" {name}")),
        theme.span(Role::Muted, format!("{gap}{since}")),
    ]);
    put(buffer, area.x, area.y, area.width, first);
    if area.height > 1 {
        let room = area.width.saturating_sub(2);
        put(buffer, area.x + 2, area.y + 1, room, second_line(shown, node, theme));
    }
    if is_selected {
        buffer.set_style(area, theme.style(Role::Selected));
    }
}

/// What is going on: the drain with what holds it, else the phase with the version.
fn second_line(shown: Shown<'_>, node: &NodeProgress, theme: Theme) -> Line<'static> {
    let drain = node.drain.as_ref();
    let pods = drain.and_then(|drain| match (drain.pods_left, drain.pods_at_start) {
        (Some(left), Some(start)) => Some(format!("{left}/{start} ")),
        (Some(left), None) => Some(format!("{left} left ")),
        (None, _) => None,
    });
    let held = drain.and_then(|drain| drain.holds.first()).map(narrative::held_by);
    if pods.is_some() || held.is_some() {
        return Line::from(vec![
            theme.span(Role::Text, pods.unwrap_or_default()),
            theme.span(Role::Attention, held.unwrap_or_default()),
        ]);
    }
    let version = node
        .version
        .map_or_else(|| node.version_text.clone(), |version| version.to_string());
    let word = if shown.is_not_ready {
        format!("not ready, {}", node.phase.as_str())
    } else {
        node.phase.as_str().to_owned()
    };
    Line::from(vec![
        theme.span(shown.mark().1, format!("{word} ")),
        theme.span(Role::Muted, version),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_selected_card_is_in_sight() {
        let section = |label: &str, len: usize| Section {
            label: label.to_owned(),
            len,
        };
        let grid = lay_out(&[section("system", 3), section("user", 100)], WIDTH * 4);
        for selected in [0, 2, 3, 50, 102] {
            for height in [2, 3, 5, 9, 100] {
                let first = first_row(&grid, selected, height);
                let row = grid
                    .rows()
                    .iter()
                    .position(|(_, nodes)| nodes.contains(&selected))
                    .unwrap();
                let used: u16 = grid.rows()[first..=row]
                    .iter()
                    .map(|(label, _)| HEIGHT + u16::from(label.is_some()))
                    .sum();
                assert!(
                    first <= row && (first == row || used <= height),
                    "{selected} in {height}"
                );
            }
        }
        assert_eq!(first_row(&grid, 102, 1000), 0, "all of them fit");
        assert_eq!(first_row(&lay_out(&[], 80), 0, 10), 0);
    }
}
