//! The nodes as rows: the columns, what stands in each, and the line that stands for the done ones.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::super::super::components::table::{Column, Table, fit, window};
use super::super::super::components::{Scene, put};
use super::super::super::measure;
use super::super::super::narrative;
use super::super::super::theme::{ASCENDING, DESCENDING, Role, phase_mark};
use super::super::super::wording::{self, count};
use super::order::{Order, Sort, SortKey};
use crate::progress::picture::{LivePicture, NodePhase, NodeProgress};

const COLUMNS: [Column; 10] = [
    Column::text("Node", 20, 36, 0),
    Column::text("Phase", 13, 13, 0),
    Column::text("For", 10, 12, 1),
    Column::text("Pods", 7, 7, 2),
    Column::text("Held by", 12, 30, 3),
    Column::text("Ready", 7, 7, 4),
    Column::text("Version", 9, 9, 5),
    Column::text("Pool", 12, 12, 6),
    Column::text("Zone", 7, 16, 7),
    Column::text("Image", 11, 12, 8),
];

/// What each column is sorted by.
const KEYS: [Option<SortKey>; 10] = [
    Some(SortKey::Name),
    Some(SortKey::Worst),
    Some(SortKey::Longest),
    Some(SortKey::Pods),
    None,
    None,
    Some(SortKey::Version),
    Some(SortKey::Pool),
    Some(SortKey::Zone),
    None,
];

/// Cells beside the columns that a table keeps for itself.
const MARGINS: u16 = 4;
/// Between two columns.
const GAP: u16 = 2;

/// Draws the rows in sight; `selected` is a position in the order's rows.
pub(super) fn draw(
    order: &Order,
    live: &LivePicture,
    (selected, sort, is_focused): (usize, Sort, bool),
    scene: Scene<'_>,
    area: Rect,
    buffer: &mut Buffer,
) {
    let len = order.rows.len() + usize::from(order.folded > 0);
    let table = Table {
        columns: &COLUMNS,
        len,
        selected,
        is_focused,
    };
    let slots = fit(&COLUMNS, area.width.saturating_sub(MARGINS));
    let name_width = slots.first().map_or(20, |(_, width)| *width);
    table.draw(area, scene.theme, buffer, |row, column| {
        let cell = order.rows.get(row).and_then(|at| order.cells.get(*at));
        cell.and_then(|cell| live.nodes.get(&cell.name))
            .map_or_else(Line::default, |node| node_cell(node, column, name_width, scene))
    });
    let mut x = area.x + MARGINS / 2;
    for (column, width) in slots {
        if KEYS[column] == Some(sort.by) {
            let arrow = if sort.is_descending() { DESCENDING } else { ASCENDING };
            let place = x + measure::width(COLUMNS[column].title) + 1;
            put(
                buffer,
                place,
                area.y,
                1,
                Line::from(scene.theme.span(Role::Heading, arrow)),
            );
        }
        x += width + GAP;
    }
    let shown = window(selected, len, usize::from(area.height.saturating_sub(1)));
    if order.folded > 0 && shown.contains(&order.rows.len()) {
        let y = area.y + 1 + measure::cells(order.rows.len() - shown.start);
        let (sign, role) = phase_mark(NodePhase::Upgraded);
        let text = format!("{sign} {} done", count(order.folded, "node"));
        let hint = scene.theme.span(Role::Muted, "  s sorts them in");
        let fold = Line::from(vec![scene.theme.span(role, text), hint]);
        put(buffer, area.x + 2, y, area.width.saturating_sub(3), fold);
    }
}

fn node_cell<'a>(node: &'a NodeProgress, column: usize, name_width: u16, scene: Scene<'_>) -> Line<'a> {
    let drain = node.drain.as_ref();
    match column {
        0 if measure::width(node.name.as_str()) <= name_width => Line::from(node.name.as_str()),
        0 => Line::from(measure::cut_middle(&narrative::short_node(node.name.as_str()), name_width).into_owned()),
        1 => Line::from(scene.theme.phase(node.phase)),
        2 if node.phase == NodePhase::Waiting => Line::default(),
        2 => Line::from(wording::since(node.since, scene.data.now)),
        3 => Line::from(match drain.and_then(|drain| drain.pods_left) {
            Some(left) => match drain.and_then(|drain| drain.pods_at_start) {
                Some(start) => format!("{left}/{start}"),
                None => left.to_string(),
            },
            None => String::new(),
        }),
        4 => drain
            .and_then(|drain| drain.holds.first())
            .map_or_else(Line::default, |hold| {
                Line::from(scene.theme.span(Role::Attention, narrative::held_by(hold)))
            }),
        5 => Line::from(match node.is_ready {
            Some(true) => scene.theme.span(Role::Muted, "yes"),
            Some(false) => scene.theme.span(Role::Danger, "NO"),
            None => scene.theme.span(Role::Muted, "no node"),
        }),
        6 => Line::from(
            node.version
                .map_or_else(|| node.version_text.clone(), |version| version.to_string()),
        ),
        7 => node
            .pool
            .as_ref()
            .map_or_else(Line::default, |pool| Line::from(pool.as_str())),
        8 => node.zone.as_deref().map_or_else(Line::default, Line::from),
        _ => node
            .node_image
            .as_ref()
            .map_or_else(Line::default, |image| Line::from(image.release())),
    }
}
