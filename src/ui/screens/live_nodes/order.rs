//! In which order the nodes stand: grouped for the grid, sorted for the table. Worked out when the data changes.

use super::super::super::components::node_grid::{Section, Shown, rank, urgency};
use crate::domain::ids::NodeName;
use crate::progress::picture::{LivePicture, NodePhase, NodeProgress};

/// How the grid is grouped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Grouping {
    #[default]
    Pool,
    Zone,
}

impl Grouping {
    pub(super) fn next(self) -> Self {
        match self {
            Self::Pool => Self::Zone,
            Self::Zone => Self::Pool,
        }
    }

    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Pool => "by pool",
            Self::Zone => "by zone",
        }
    }
}

/// By what the table is sorted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum SortKey {
    #[default]
    Worst,
    Name,
    Longest,
    Pods,
    Version,
    Pool,
    Zone,
}

/// The table's order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sort {
    pub(super) by: SortKey,
    pub(super) is_reversed: bool,
}

impl Sort {
    pub(super) fn next(self) -> Self {
        let by = match self.by {
            SortKey::Worst => SortKey::Name,
            SortKey::Name => SortKey::Longest,
            SortKey::Longest => SortKey::Pods,
            SortKey::Pods => SortKey::Version,
            SortKey::Version => SortKey::Pool,
            SortKey::Pool => SortKey::Zone,
            SortKey::Zone => SortKey::Worst,
        };
        Self { by, is_reversed: false }
    }

    pub(super) fn reversed(self) -> Self {
        Self {
            is_reversed: !self.is_reversed,
            ..self
        }
    }

    /// True where the largest is on top.
    pub(super) fn is_descending(self) -> bool {
        matches!(self.by, SortKey::Longest | SortKey::Pods) != self.is_reversed
    }

    pub(super) fn words(self) -> &'static str {
        match (self.by, self.is_reversed) {
            (SortKey::Worst, false) => "worst first",
            (SortKey::Worst, true) => "best first",
            (SortKey::Name, false) => "by name",
            (SortKey::Name, true) => "by name, from the end",
            (SortKey::Longest, false) => "longest in its phase first",
            (SortKey::Longest, true) => "latest first",
            (SortKey::Pods, false) => "most pods left first",
            (SortKey::Pods, true) => "fewest pods left first",
            (SortKey::Version, false) => "oldest version first",
            (SortKey::Version, true) => "newest version first",
            (SortKey::Pool, false) => "by pool",
            (SortKey::Pool, true) => "by pool, from the end",
            (SortKey::Zone, false) => "by zone",
            (SortKey::Zone, true) => "by zone, from the end",
        }
    }
}

/// One node's place.
#[derive(Clone, Debug)]
pub(super) struct Cell {
    pub(super) name: NodeName,
    pub(super) phase: NodePhase,
    is_not_ready: bool,
}

impl Cell {
    pub(super) fn shown(&self) -> Shown<'_> {
        Shown {
            phase: self.phase,
            is_not_ready: self.is_not_ready,
            name: self.name.as_str(),
        }
    }

    pub(super) fn rank(&self) -> u8 {
        rank(self.phase, self.is_not_ready)
    }
}

/// Done nodes at least, before they are one line of the table.
const LEAST_FOLDED: usize = 3;

/// All nodes in their orders.
#[derive(Clone, Debug, Default)]
pub(super) struct Order {
    /// Group by group, then by name: the order of the grid, in which no node ever changes its place.
    pub(super) cells: Vec<Cell>,
    pub(super) sections: Vec<Section>,
    /// Positions in `cells`, in the order of the table.
    pub(super) rows: Vec<usize>,
    /// Nodes that are done and one line of the table.
    pub(super) folded: usize,
    /// What a person should look at stands first, where nothing is ever cut off.
    pub(super) counts: Vec<(NodePhase, usize)>,
    pub(super) not_ready: usize,
}

impl Order {
    /// Works all orders out.
    pub(super) fn of(live: &LivePicture, grouping: Grouping, sort: Sort) -> Self {
        let label = |node: &NodeProgress| -> String {
            match grouping {
                Grouping::Pool => node
                    .pool
                    .as_ref()
                    .map_or_else(|| "no pool".to_owned(), ToString::to_string),
                Grouping::Zone => node.zone.clone().unwrap_or_else(|| "no zone".to_owned()),
            }
        };
        let place = |node: &NodeProgress| {
            let pool = live
                .pools
                .iter()
                .position(|known| Some(&known.name) == node.pool.as_ref());
            match grouping {
                Grouping::Pool => (pool.unwrap_or(live.pools.len()), String::new()),
                Grouping::Zone => (0, node.zone.clone().unwrap_or_else(|| "~".to_owned())),
            }
        };
        // The nodes come by name and the sort is stable.
        let mut ordered: Vec<&NodeProgress> = live.nodes.values().collect();
        ordered.sort_by_cached_key(|node| place(node));
        let mut out = Self::default();
        for node in &ordered {
            let label = label(node);
            match out.sections.last_mut() {
                Some(section) if section.label == label => section.len += 1,
                _ => out.sections.push(Section { label, len: 1 }),
            }
        }
        out.cells = ordered.iter().map(|node| cell(node)).collect();
        out.counts = NodePhase::ALL
            .into_iter()
            .map(|phase| (phase, out.cells.iter().filter(|cell| cell.phase == phase).count()))
            .filter(|(_, number)| *number > 0)
            .collect();
        out.counts.sort_by_key(|(phase, _)| urgency(*phase));
        out.not_ready = out.cells.iter().filter(|cell| cell.is_not_ready).count();
        out.sort(live, sort);
        out
    }

    /// Sorts the table.
    pub(super) fn sort(&mut self, live: &LivePicture, sort: Sort) {
        let cells = &self.cells;
        let node = |at: &usize| cells.get(*at).and_then(|cell| live.nodes.get(&cell.name));
        let pods = |at: &usize| node(at).and_then(|node| node.drain.as_ref()?.pods_left);
        let mut rows: Vec<usize> = (0..cells.len()).collect();
        match sort.by {
            SortKey::Worst => rows.sort_by_key(|at| cells[*at].rank()),
            SortKey::Name => rows.sort_by_key(|at| &cells[*at].name),
            SortKey::Longest => rows.sort_by_key(|at| node(at).map(|node| node.since)),
            SortKey::Pods => rows.sort_by_key(|at| std::cmp::Reverse(pods(at))),
            SortKey::Version => rows.sort_by_key(|at| node(at).and_then(|node| node.version)),
            SortKey::Pool => rows.sort_by_key(|at| node(at).and_then(|node| node.pool.clone())),
            SortKey::Zone => rows.sort_by_key(|at| node(at).and_then(|node| node.zone.clone())),
        }
        if sort.is_reversed {
            rows.reverse();
        }
        let is_done = |at: &usize| cells[*at].phase == NodePhase::Upgraded && !cells[*at].is_not_ready;
        let done = rows.iter().filter(|at| is_done(at)).count();
        self.folded = 0;
        if sort == Sort::default() && done >= LEAST_FOLDED && done < rows.len() {
            self.folded = done;
            rows.retain(|at| !is_done(at));
        }
        self.rows = rows;
    }

    /// The node a person should look at first.
    pub(super) fn most_urgent(&self) -> usize {
        let worst = self.cells.iter().enumerate().min_by_key(|(_, cell)| cell.rank());
        worst.map_or(0, |(at, _)| at)
    }
}

fn cell(node: &NodeProgress) -> Cell {
    let is_explained = matches!(
        node.phase,
        NodePhase::Surge | NodePhase::Drained | NodePhase::Soaking | NodePhase::Reimaging | NodePhase::Joining
    );
    Cell {
        name: node.name.clone(),
        phase: node.phase,
        is_not_ready: node.is_ready == Some(false) && !is_explained,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::fixtures;

    #[test]
    fn done_nodes_are_one_line_only_while_the_worst_come_first() {
        let live = fixtures::picture(fixtures::now(), 12);
        let mut order = Order::of(&live, Grouping::Pool, Sort::default());
        assert_eq!((order.cells.len(), order.rows.len(), order.folded), (16, 10, 6));
        assert_eq!(order.cells[order.rows[0]].phase, NodePhase::Draining);
        let mut sort = Sort::default();
        loop {
            sort = sort.next();
            order.sort(&live, sort);
            if sort == Sort::default() {
                break;
            }
            assert_eq!((order.rows.len(), order.folded), (16, 0), "{sort:?}");
        }
        order.sort(&live, sort.reversed());
        assert_eq!(order.cells[order.rows[15]].phase, NodePhase::Draining);
    }

    #[test]
    fn the_grid_is_grouped_by_pool_or_by_zone() {
        let mut live = fixtures::picture(fixtures::now(), 12);
        for (number, node) in live.nodes.values_mut().enumerate() {
            node.zone = (number > 0).then(|| format!("westeurope-{}", number % 3 + 1));
        }
        let labels = |grouping: Grouping| -> Vec<(String, usize)> {
            let order = Order::of(&live, grouping, Sort::default());
            order
                .sections
                .into_iter()
                .map(|section| (section.label, section.len))
                .collect()
        };
        assert_eq!(labels(Grouping::Pool), [("system".into(), 3), ("user".into(), 13)]);
        let zones = labels(Grouping::Zone);
        assert_eq!(zones.len(), 4, "{zones:?}");
        assert_eq!(zones[3], ("no zone".into(), 1));
    }

    #[test]
    fn a_node_that_is_not_ready_without_a_reason_comes_before_those_that_move() {
        let mut live = fixtures::picture(fixtures::now(), 12);
        let last = live.nodes.values_mut().next_back().unwrap();
        (last.phase, last.is_ready) = (NodePhase::Waiting, Some(false));
        let name = last.name.clone();
        let order = Order::of(&live, Grouping::Pool, Sort::default());
        assert_eq!(order.not_ready, 1, "a joining node is not ready for a reason");
        assert_eq!(order.cells[order.most_urgent()].name, name);
    }
}
