//! A table that builds only the rows on screen, and keeps its important columns when it is narrow.

use std::ops::Range;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::super::measure;
use super::super::theme::{CURSOR, Role, Theme};

/// On which side a column's text stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Align {
    Left,
    Right,
}

/// One column.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Column {
    pub(crate) title: &'static str,
    /// Below this it is left out.
    pub(crate) least: u16,
    /// What it gets before any weaker column is shown at all.
    pub(crate) good: u16,
    pub(crate) most: u16,
    pub(crate) align: Align,
    /// 0 always stays; the highest rank goes first.
    pub(crate) rank: u8,
}

impl Column {
    /// A column for texts between two widths.
    pub(crate) const fn text(title: &'static str, least: u16, most: u16, rank: u8) -> Self {
        Self {
            title,
            least,
            good: least,
            most,
            align: Align::Left,
            rank,
        }
    }

    /// The same, wider before any weaker column is shown.
    #[must_use]
    pub(crate) const fn wishing(mut self, good: u16) -> Self {
        self.good = good;
        self
    }

    /// A column for numbers of a width.
    pub(crate) const fn number(title: &'static str, width: u16, rank: u8) -> Self {
        Self {
            title,
            least: width,
            good: width,
            most: width,
            align: Align::Right,
            rank,
        }
    }
}

/// Between two columns.
const GAP: u16 = 2;
/// For the mark of the selected row.
const MARGIN: u16 = 2;

/// Chooses the columns that fit and their widths, in the columns' order: `(column, width)`.
///
/// The strongest come first: each gets what it wishes for before a weaker one is shown at all. What is left over
/// then goes to the shown ones, again the strongest first.
pub(crate) fn fit(columns: &[Column], width: u16) -> Vec<(usize, u16)> {
    let mut by_rank: Vec<usize> = (0..columns.len()).collect();
    by_rank.sort_by_key(|at| columns[*at].rank);
    let mut widths: Vec<Option<u16>> = vec![None; columns.len()];
    let mut spare = width + GAP;
    for at in &by_rank {
        let column = &columns[*at];
        if column.rank > 0 && spare < column.least + GAP {
            break;
        }
        widths[*at] = Some(column.least);
        spare = spare.saturating_sub(column.least + GAP);
        grow(&mut widths, columns, &by_rank, &mut spare, |column| column.good);
    }
    grow(&mut widths, columns, &by_rank, &mut spare, |column| column.most);
    widths
        .into_iter()
        .enumerate()
        .filter_map(|(at, width)| Some((at, width?)))
        .collect()
}

fn grow(
    widths: &mut [Option<u16>],
    columns: &[Column],
    order: &[usize],
    spare: &mut u16,
    limit: impl Fn(&Column) -> u16,
) {
    // The columns that always stay come as one: none of them grows while another has no place yet.
    if order.iter().any(|at| columns[*at].rank == 0 && widths[*at].is_none()) {
        return;
    }
    for at in order {
        if let Some(width) = &mut widths[*at] {
            let more = limit(&columns[*at]).saturating_sub(*width).min(*spare);
            *width += more;
            *spare -= more;
        }
    }
}

/// The rows to show, so that the selected one is among them and stands in the middle where it can.
pub(crate) fn window(selected: usize, len: usize, height: usize) -> Range<usize> {
    let start = selected.saturating_sub(height / 2).min(len.saturating_sub(height));
    start..len.min(start + height)
}

/// A table to draw; `len` rows in all.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Table<'a> {
    pub(crate) columns: &'a [Column],
    pub(crate) len: usize,
    pub(crate) selected: usize,
    pub(crate) is_focused: bool,
}

impl Table<'_> {
    /// Rows this table needs with its heading.
    pub(crate) fn height(&self) -> u16 {
        measure::cells(self.len).saturating_add(1)
    }

    /// Draws the heading and the rows in the window; `cell` is asked only for what is on screen.
    pub(crate) fn draw<'r>(
        &self,
        area: Rect,
        theme: Theme,
        buffer: &mut Buffer,
        cell: impl Fn(usize, usize) -> Line<'r>,
    ) {
        let Some(height) = area.height.checked_sub(1) else {
            return;
        };
        let slots = fit(self.columns, area.width.saturating_sub(2 * MARGIN));
        let mut x = area.x + MARGIN;
        for (column, width) in &slots {
            let heading = Line::from(theme.span(Role::Muted, self.columns[*column].title));
            place(buffer, x, area.y, *width, self.columns[*column].align, heading);
            x += width + GAP;
        }
        for (row, y) in window(self.selected, self.len, usize::from(height)).zip(area.y + 1..) {
            let mut x = area.x + MARGIN;
            for (column, width) in &slots {
                let line = cell(row, *column);
                place(buffer, x, y, *width, self.columns[*column].align, line);
                x += width + GAP;
            }
            if row == self.selected {
                let role = if self.is_focused { Role::Selected } else { Role::Dimmed };
                super::put(buffer, area.x, y, 1, Line::from(CURSOR));
                buffer.set_style(Rect { y, height: 1, ..area }, theme.style(role));
            }
        }
    }
}

fn place(buffer: &mut Buffer, x: u16, y: u16, width: u16, align: Align, line: Line<'_>) {
    let line = measure::cut_line(line, width);
    let used = measure::cells(line.width()).min(width);
    let shift = match align {
        Align::Left => 0,
        Align::Right => width - used,
    };
    super::put(buffer, x + shift, y, used, line);
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: [Column; 4] = [
        Column::text("Cluster", 10, 30, 0).wishing(14),
        Column::text("State", 8, 8, 0),
        Column::text("Group", 10, 20, 2),
        Column::number("Nodes", 5, 1),
    ];

    #[test]
    fn narrow_tables_lose_their_weakest_columns_first() {
        let check = |width: u16, expected: &[(usize, u16)]| assert_eq!(fit(&COLUMNS, width), expected, "{width}");
        check(100, &[(0, 30), (1, 8), (2, 20), (3, 5)]);
        check(43, &[(0, 14), (1, 8), (2, 10), (3, 5)]);
        check(42, &[(0, 25), (1, 8), (3, 5)]);
        check(26, &[(0, 16), (1, 8)]);
        check(20, &[(0, 10), (1, 8)]);
        check(5, &[(0, 10), (1, 8)]);
    }

    #[test]
    fn the_window_follows_the_selection() {
        assert_eq!(window(0, 100, 10), 0..10);
        assert_eq!(window(50, 100, 10), 45..55);
        assert_eq!(window(99, 100, 10), 90..100);
        assert_eq!(window(2, 3, 10), 0..3);
        assert_eq!(window(0, 0, 10), 0..0);
        assert_eq!(window(5, 10, 0), 5..5);
    }
}
