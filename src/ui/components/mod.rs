//! Pieces that several screens are made of. They draw what they are given and decide nothing.

pub(crate) mod capacity_line;
pub(crate) mod drain_panel;
pub(crate) mod footer;
pub(crate) mod header;
pub(crate) mod node_cards;
pub(crate) mod node_grid;
pub(crate) mod pool_bars;
pub(crate) mod prose;
pub(crate) mod smoke_lines;
pub(crate) mod table;
pub(crate) mod text_field;
pub(crate) mod toast;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::data::Data;
use super::measure;
use super::theme::{RULE, Role, Theme};

/// What every screen draws from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scene<'a> {
    pub(crate) data: &'a Data,
    pub(crate) theme: Theme,
}

/// Writes one line, cut to `room`; nothing where the place is outside the buffer.
pub(crate) fn put(buffer: &mut Buffer, x: u16, y: u16, room: u16, line: Line<'_>) {
    if room > 0 && buffer.area.contains((x, y).into()) {
        buffer.set_line(x, y, &measure::cut_line(line, room), room);
    }
}

/// Draws a panel's only border, its title in it, and gives the area below.
pub(crate) fn titled(area: Rect, title: Line<'_>, theme: Theme, buffer: &mut Buffer) -> Rect {
    if area.height == 0 || area.width == 0 {
        return area;
    }
    let mut spans = vec![theme.span(Role::Rule, RULE), Span::raw(" ")];
    spans.extend(title.spans);
    spans.push(Span::raw(" "));
    let line = measure::cut_line(Line::from(spans), area.width);
    let used = measure::cells(line.width()).min(area.width);
    buffer.set_line(area.x, area.y, &line, area.width);
    let rest = RULE.repeat(usize::from(area.width - used));
    put(
        buffer,
        area.x + used,
        area.y,
        area.width - used,
        Line::from(theme.span(Role::Rule, rest)),
    );
    Rect {
        y: area.y + 1,
        height: area.height - 1,
        ..area
    }
}

/// A panel's title: strong where the panel has the focus.
pub(crate) fn title(theme: Theme, text: &str, is_focused: bool) -> Span<'static> {
    theme.span(if is_focused { Role::Heading } else { Role::Muted }, text.to_owned())
}

/// The part of `area` that is left after `left` columns on each side.
pub(crate) fn inset(area: Rect, left: u16) -> Rect {
    Rect {
        x: area.x + left.min(area.width),
        width: area.width.saturating_sub(2 * left),
        ..area
    }
}

/// Splits off the top `height` rows.
pub(crate) fn split_top(area: Rect, height: u16) -> (Rect, Rect) {
    let height = height.min(area.height);
    let top = Rect { height, ..area };
    let rest = Rect {
        y: area.y + height,
        height: area.height - height,
        ..area
    };
    (top, rest)
}

/// Splits off the left `width` columns.
pub(crate) fn split_left(area: Rect, width: u16) -> (Rect, Rect) {
    let width = width.min(area.width);
    let left = Rect { width, ..area };
    let rest = Rect {
        x: area.x + width,
        width: area.width - width,
        ..area
    };
    (left, rest)
}
