//! The grid of nodes: a cell for each node by its phase, zoomed to fit; several nodes share a cell only when they must.
//! Cards, a little larger, have a file of their own and stand in the same order.

use std::ops::Range;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::super::measure;
use super::super::theme::{NOT_READY, Role, Theme, phase_mark};
use crate::progress::picture::NodePhase;

/// A node as a cell shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shown<'n> {
    pub(crate) phase: NodePhase,
    /// It is not ready, and nothing that is done to it explains that.
    pub(crate) is_not_ready: bool,
    pub(crate) name: &'n str,
}

impl Shown<'_> {
    /// The sign and its role: being cordoned is wanted, not being ready is not.
    pub(crate) fn mark(self) -> (&'static str, Role) {
        if self.is_not_ready && !self.phase.is_trouble() {
            (NOT_READY, Role::Danger)
        } else {
            phase_mark(self.phase)
        }
    }

    /// The order in which a person should look: trouble, nodes that are not ready, movement, rest.
    pub(crate) fn rank(self) -> u8 {
        rank(self.phase, self.is_not_ready)
    }
}

/// The order in which a person should look at a node.
pub(crate) fn rank(phase: NodePhase, is_not_ready: bool) -> u8 {
    if is_not_ready && !phase.is_trouble() {
        urgency(NodePhase::Quarantined) * 2 + 1
    } else {
        urgency(phase) * 2
    }
}

/// Nodes of one pool, in the order of the grid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Section {
    pub(crate) label: String,
    pub(crate) len: usize,
}

/// How much of a node fits into its cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Zoom {
    /// Symbol and the end of the name.
    Named,
    /// Symbol and a gap.
    Spaced,
    /// Symbol only.
    Dense,
    /// A card of so many columns.
    Card(u16),
    /// This many nodes share a symbol: that of the one a person should look at first.
    Shared(usize),
}

impl Zoom {
    fn cell_width(self) -> u16 {
        match self {
            Self::Named => 14,
            Self::Card(width) => width,
            Self::Spaced => 2,
            Self::Dense | Self::Shared(_) => 1,
        }
    }

    fn nodes_in_a_cell(self) -> usize {
        match self {
            Self::Shared(nodes) => nodes,
            Self::Named | Self::Spaced | Self::Dense | Self::Card(_) => 1,
        }
    }
}

/// Where each node stands.
#[derive(Clone, Debug)]
pub(crate) struct Grid {
    zoom: Zoom,
    margin: u16,
    /// Nodes of each row of cells, with the label of a pool on its first row.
    rows: Vec<(Option<String>, Range<usize>)>,
}

impl Grid {
    /// Chooses the largest zoom at which all nodes fit; below one cell a node, nodes share cells.
    pub(crate) fn lay_out(sections: &[Section], width: u16, height: u16) -> Self {
        let longest = sections
            .iter()
            .map(|section| measure::width(&section.label))
            .max()
            .unwrap_or(0);
        let margin = (longest + 2).min(width / 4);
        let total: usize = sections.iter().map(|section| section.len).sum();
        let room = width.saturating_sub(margin);
        for zoom in [Zoom::Named, Zoom::Spaced, Zoom::Dense] {
            let rows = rows(sections, usize::from(room / zoom.cell_width()).max(1), 1);
            if rows.len() <= usize::from(height) {
                return Self { zoom, margin, rows };
            }
        }
        let cells = usize::from(width).max(1) * usize::from(height).max(1);
        let share = total.div_ceil(cells).max(1);
        // Pools keep their own rows as long as there is one for each.
        if sections.len() <= usize::from(height) && room > 0 {
            let mut share = share.max(2);
            loop {
                let rows = rows(sections, usize::from(room), share);
                if rows.len() <= usize::from(height) {
                    return Self {
                        zoom: Zoom::Shared(share),
                        margin,
                        rows,
                    };
                }
                share += 1;
            }
        }
        let everything = [Section {
            label: String::new(),
            len: total,
        }];
        Self {
            zoom: Zoom::Shared(share),
            margin: 0,
            rows: rows(&everything, usize::from(width).max(1), share),
        }
    }

    /// Cards of this width, as many in a row as fit.
    pub(crate) fn of_cards(sections: &[Section], width: u16, card: u16) -> Self {
        Self {
            zoom: Zoom::Card(card),
            margin: 0,
            rows: rows(sections, usize::from(width / card.max(1)).max(1), 1),
        }
    }

    /// The nodes of each row of cells, with the label of a section on its first row.
    pub(crate) fn rows(&self) -> &[(Option<String>, Range<usize>)] {
        &self.rows
    }

    /// How many nodes share a cell; 1 for a cell each.
    pub(crate) fn nodes_in_a_cell(&self) -> usize {
        self.zoom.nodes_in_a_cell()
    }

    /// Rows of cells.
    pub(crate) fn height(&self) -> u16 {
        measure::cells(self.rows.len())
    }

    /// The node reached from `from` by so many cells to the right and rows down.
    pub(crate) fn moved(&self, from: usize, right: isize, down: isize) -> usize {
        let Some(row) = self.rows.iter().position(|(_, nodes)| nodes.contains(&from)) else {
            return 0;
        };
        let share = self.nodes_in_a_cell();
        let last_row = self.rows.len() - 1;
        let target_row = row.saturating_add_signed(down).min(last_row);
        let column = (from - self.rows[row].1.start) / share;
        if down != 0 {
            let nodes = &self.rows[target_row].1;
            return (nodes.start + column * share).min(nodes.end - 1);
        }
        let last = self.rows[last_row].1.end - 1;
        let step = isize::try_from(share).unwrap_or(1);
        from.saturating_add_signed(right * step).min(last)
    }

    /// Draws the cells; `node` gives what a cell shows.
    pub(crate) fn draw<'n>(
        &self,
        area: Rect,
        theme: Theme,
        buffer: &mut Buffer,
        selected: Option<usize>,
        node: impl Fn(usize) -> Shown<'n>,
    ) {
        for ((label, nodes), y) in self.rows.iter().zip(area.y..area.bottom()) {
            if let Some(label) = label {
                let room = self.margin.saturating_sub(2);
                super::put(
                    buffer,
                    area.x,
                    y,
                    room,
                    Line::from(theme.span(Role::Muted, label.as_str())),
                );
            }
            let mut x = area.x + self.margin;
            let mut first = nodes.start;
            while first < nodes.end {
                let cell = first..nodes.end.min(first + self.nodes_in_a_cell());
                let is_selected = selected.is_some_and(|selected| cell.contains(&selected));
                self.draw_cell(x, y, cell.clone(), is_selected, theme, buffer, &node);
                x += self.zoom.cell_width();
                first = cell.end;
            }
        }
    }

    #[expect(clippy::too_many_arguments, reason = "one cell, called from one place")]
    fn draw_cell<'n>(
        &self,
        x: u16,
        y: u16,
        cell: Range<usize>,
        is_selected: bool,
        theme: Theme,
        buffer: &mut Buffer,
        node: impl Fn(usize) -> Shown<'n>,
    ) {
        let name = node(cell.start).name;
        let Some(worst) = cell.map(node).min_by_key(|node| node.rank()) else {
            return;
        };
        let (symbol, role) = worst.mark();
        let style = theme.style(if is_selected { Role::Selected } else { role });
        buffer.set_stringn(x, y, symbol, 1, style);
        if self.zoom == Zoom::Named {
            let style = theme.style(if is_selected { Role::Selected } else { Role::Text });
            let room = self.zoom.cell_width() - 3;
            let tail = measure::cut_middle(tail_of(name), room);
            buffer.set_stringn(x + 1, y, " ", 1, style);
            buffer.set_stringn(x + 2, y, tail, usize::from(room), style);
        }
    }
}

/// The part of a node's name that tells it from its neighbours: `vmss000004` of `aks-user-29871234-vmss000004`.
pub(super) fn tail_of(name: &str) -> &str {
    name.rsplit_once('-').map_or(name, |(_, tail)| tail)
}

fn rows(sections: &[Section], cells: usize, share: usize) -> Vec<(Option<String>, Range<usize>)> {
    let mut rows = Vec::new();
    let mut start = 0;
    for section in sections {
        let end = start + section.len;
        let mut label = Some(section.label.clone());
        while start < end {
            let stop = end.min(start + cells * share);
            rows.push((label.take(), start..stop));
            start = stop;
        }
    }
    rows
}

/// The order in which a person should look at phases: trouble, then movement, then rest.
pub(crate) fn urgency(phase: NodePhase) -> u8 {
    match phase {
        NodePhase::Failed => 0,
        NodePhase::Stuck => 1,
        NodePhase::Quarantined => 2,
        NodePhase::Draining => 3,
        NodePhase::Cordoned => 4,
        NodePhase::Drained => 5,
        NodePhase::Soaking => 6,
        NodePhase::Reimaging => 7,
        NodePhase::Joining => 8,
        NodePhase::Surge => 9,
        NodePhase::Leaving => 10,
        NodePhase::Waiting => 11,
        NodePhase::Upgraded => 12,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid(sizes: &[usize], width: u16, height: u16) -> Grid {
        let sections: Vec<Section> = sizes
            .iter()
            .map(|len| Section {
                label: "user".into(),
                len: *len,
            })
            .collect();
        Grid::lay_out(&sections, width, height)
    }

    #[test]
    fn the_zoom_is_the_largest_that_fits() {
        assert_eq!(grid(&[3, 12], 100, 4).zoom, Zoom::Named);
        assert_eq!(grid(&[3, 90], 100, 4).zoom, Zoom::Spaced);
        assert_eq!(grid(&[3, 200], 100, 4).zoom, Zoom::Dense);
        assert_eq!(grid(&[3, 5000], 100, 10).zoom, Zoom::Shared(6));
        assert_eq!(grid(&[], 100, 10).rows.len(), 0);
        assert_eq!(grid(&[5], 0, 0).nodes_in_a_cell(), 5);
    }

    #[test]
    fn cordoned_and_not_ready_never_look_alike() {
        let node = |phase: NodePhase, is_not_ready: bool| Shown {
            phase,
            is_not_ready,
            name: "n",
        };
        let cordoned = node(NodePhase::Cordoned, false);
        let not_ready = node(NodePhase::Waiting, true);
        assert_ne!(cordoned.mark(), not_ready.mark());
        assert_eq!(node(NodePhase::Cordoned, true).mark(), not_ready.mark());
        assert_eq!(
            node(NodePhase::Stuck, true).mark(),
            node(NodePhase::Stuck, false).mark()
        );
        assert!(not_ready.rank() < cordoned.rank());
    }

    #[test]
    fn every_node_has_exactly_one_place() {
        for (sizes, width, height) in [
            (&[3, 200][..], 80, 5),
            (&[5000], 80, 9),
            (&[1, 1, 1, 700], 60, 4),
            (&[9, 9, 9], 5, 2),
        ] {
            let grid = grid(sizes, width, height);
            let placed: Vec<usize> = grid.rows.iter().flat_map(|(_, nodes)| nodes.clone()).collect();
            assert_eq!(placed, (0..sizes.iter().sum()).collect::<Vec<_>>());
            assert!(grid.rows.len() <= usize::from(height));
        }
    }

    #[test]
    fn moves_stay_inside() {
        let grid = grid(&[3, 30], 100, 4);
        assert_eq!(grid.moved(0, 0, 1), 3, "down into the next pool");
        assert_eq!(grid.moved(2, 1, 0), 3, "right over the edge of a pool");
        assert_eq!(grid.moved(0, -1, 0), 0);
        assert_eq!(grid.moved(32, 1, 0), 32);
        assert_eq!(grid.moved(32, 0, 9), 32);
        assert_eq!(grid.moved(99, 0, 1), 0, "a node that is gone");
    }
}
