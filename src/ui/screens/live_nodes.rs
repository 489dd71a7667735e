//! The upgrade node by node: pools with progress, a cell or a row for each node, and what holds the selected one.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::super::actions::ActionId;
use super::super::components::node_grid::{Grid, Section, urgency};
use super::super::components::prose;
use super::super::components::table::{Column, Table};
use super::super::components::{Scene, drain_panel, inset, pool_bars, split_left, split_top, title, titled};
use super::super::data::Data;
use super::super::measure;
use super::super::narrative;
use super::super::theme::{Role, Theme, phase_mark};
use super::super::wording::{self, count};
use super::live_facts::{draw_cause, last_events, no_nodes, top_cause, top_passages};
use super::panels;
use crate::domain::ids::{ClusterId, NodeName};
use crate::inventory::snapshot::ClusterSnapshot;
use crate::progress::picture::{LivePicture, NodePhase, NodeProgress};

/// How the nodes are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Shape {
    #[default]
    Grid,
    Table,
}

/// What the panel beside the nodes shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Side {
    #[default]
    Node,
    Events,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Focus {
    #[default]
    Nodes,
    Side,
}

/// The order of the table's rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Sort {
    #[default]
    WorstFirst,
    ByPool,
}

/// The screen's state; `cells` and `rows` are worked out when the data changes.
#[derive(Clone, Debug)]
pub(crate) struct LiveNodes {
    pub(crate) id: ClusterId,
    shape: Shape,
    side: Side,
    focus: Focus,
    sort: Sort,
    /// `None` until the person moves: the node a person should look at first, whichever that is.
    selected: Option<NodeName>,
    scroll: u16,
    /// Pool by pool, then by name: the order of the grid, in which no node ever changes its place.
    cells: Vec<(NodeName, NodePhase)>,
    sections: Vec<Section>,
    /// Positions in `cells`, in the order of the table.
    rows: Vec<usize>,
    counts: Vec<(NodePhase, usize)>,
}

/// Where the parts of the screen stand.
struct Areas {
    /// One line for the most likely cause of trouble; empty where there is none.
    cause: Rect,
    top: Rect,
    pools: Rect,
    nodes: Rect,
    side: Rect,
}

/// From this width on the panel stands beside the nodes, else below them.
const WIDE: u16 = 110;

impl LiveNodes {
    pub(crate) fn new(id: ClusterId) -> Self {
        Self {
            id,
            shape: Shape::default(),
            side: Side::default(),
            focus: Focus::default(),
            sort: Sort::default(),
            selected: None,
            scroll: 0,
            cells: Vec::new(),
            sections: Vec::new(),
            rows: Vec::new(),
            counts: Vec::new(),
        }
    }

    /// Works the order of the nodes out anew.
    pub(crate) fn refresh(&mut self, data: &Data) {
        let Some(live) = live_of(data, &self.id) else {
            return;
        };
        let rank = |node: &NodeProgress| {
            let pool = node.pool.as_ref();
            live.pools
                .iter()
                .position(|known| Some(&known.name) == pool)
                .unwrap_or(live.pools.len())
        };
        let mut ordered: Vec<(usize, &NodeProgress)> = live.nodes.values().map(|node| (rank(node), node)).collect();
        // The nodes come by name and the sort is stable.
        ordered.sort_by_key(|(pool, _)| *pool);
        self.sections.clear();
        let mut last_pool = None;
        for (pool, _) in &ordered {
            if last_pool != Some(*pool) {
                last_pool = Some(*pool);
                let label = live
                    .pools
                    .get(*pool)
                    .map_or_else(|| "no pool".to_owned(), |pool| pool.name.to_string());
                self.sections.push(Section { label, len: 0 });
            }
            if let Some(section) = self.sections.last_mut() {
                section.len += 1;
            }
        }
        self.cells = ordered
            .into_iter()
            .map(|(_, node)| (node.name.clone(), node.phase))
            .collect();
        self.counts = NodePhase::ALL
            .into_iter()
            .map(|phase| (phase, self.cells.iter().filter(|(_, at)| *at == phase).count()))
            .filter(|(_, number)| *number > 0)
            .collect();
        // What a person should look at stands first, where nothing is ever cut off.
        self.counts.sort_by_key(|(phase, _)| urgency(*phase));
        self.order_rows();
    }

    fn order_rows(&mut self) {
        self.rows = (0..self.cells.len()).collect();
        if self.sort == Sort::WorstFirst {
            self.rows.sort_by_key(|at| urgency(self.cells[*at].1));
        }
    }

    /// The selected node's position in `cells`.
    fn position(&self) -> usize {
        let chosen = self
            .selected
            .as_ref()
            .and_then(|name| self.cells.iter().position(|(cell, _)| cell == name));
        chosen.unwrap_or_else(|| {
            let most_urgent = self
                .cells
                .iter()
                .enumerate()
                .min_by_key(|(_, (_, phase))| urgency(*phase));
            most_urgent.map_or(0, |(at, _)| at)
        })
    }

    /// The selected node.
    pub(crate) fn selected_node<'a>(&self, live: &'a LivePicture) -> Option<&'a NodeProgress> {
        live.nodes.get(&self.cells.get(self.position())?.0)
    }

    /// Moves, and switches what is shown.
    pub(crate) fn act(&mut self, action: ActionId, scene: Scene<'_>, area: Rect) {
        match action {
            ActionId::SwitchView => {
                self.shape = match self.shape {
                    Shape::Grid => Shape::Table,
                    Shape::Table => Shape::Grid,
                };
            }
            ActionId::Sort => {
                self.sort = match self.sort {
                    Sort::WorstFirst => Sort::ByPool,
                    Sort::ByPool => Sort::WorstFirst,
                };
                self.shape = Shape::Table;
                self.order_rows();
            }
            ActionId::Events => {
                self.side = match self.side {
                    Side::Node => Side::Events,
                    Side::Events => Side::Node,
                };
                self.scroll = 0;
            }
            ActionId::NextPanel | ActionId::PreviousPanel => {
                self.focus = match self.focus {
                    Focus::Nodes => Focus::Side,
                    Focus::Side => Focus::Nodes,
                };
            }
            other if self.focus == Focus::Side => self.scroll_side(other, scene, area),
            other => self.select(other, scene, area),
        }
    }

    fn scroll_side(&mut self, action: ActionId, scene: Scene<'_>, area: Rect) {
        let side = self.areas(scene, area).side;
        let lines = self.side_lines(scene, side.width.saturating_sub(2));
        let last = usize::from(prose::last_scroll(lines.len(), side.height.saturating_sub(1)));
        let to = super::moved(action, usize::from(self.scroll), last + 1, usize::from(side.height / 2));
        self.scroll = measure::cells(to);
    }

    fn select(&mut self, action: ActionId, scene: Scene<'_>, area: Rect) {
        let nodes = split_top(self.areas(scene, area).nodes, 1).1;
        let from = self.position();
        let to = match self.shape {
            Shape::Table => {
                let row = self.rows.iter().position(|at| *at == from).unwrap_or(0);
                let row = super::moved(action, row, self.rows.len(), usize::from(nodes.height / 2));
                self.rows.get(row).copied().unwrap_or(0)
            }
            Shape::Grid => {
                let grid = Grid::lay_out(&self.sections, nodes.width.saturating_sub(2), nodes.height);
                let page = isize::try_from(nodes.height / 2).unwrap_or(1).max(1);
                match action {
                    ActionId::Right => grid.moved(from, 1, 0),
                    ActionId::Left => grid.moved(from, -1, 0),
                    ActionId::Down => grid.moved(from, 0, 1),
                    ActionId::Up => grid.moved(from, 0, -1),
                    ActionId::HalfPageDown => grid.moved(from, 0, page),
                    ActionId::HalfPageUp => grid.moved(from, 0, -page),
                    other => super::moved(other, from, self.cells.len(), 1),
                }
            }
        };
        if to != from {
            self.selected = self.cells.get(to).map(|(name, _)| name.clone());
            self.scroll = 0;
        }
    }

    fn areas(&self, scene: Scene<'_>, area: Rect) -> Areas {
        let snapshot = scene.data.cluster(&self.id);
        let top_lines = snapshot.map_or(0, |snapshot| {
            prose::lay_out(
                &top_passages(snapshot, scene.data),
                area.width.saturating_sub(2),
                scene.theme,
            )
            .len()
        });
        let pools = live_of(scene.data, &self.id).map_or(0, |live| live.pools.len());
        let (cause, area) = split_top(area, u16::from(top_cause(scene.data, &self.id).is_some()));
        let (top, rest) = split_top(area, measure::cells(top_lines).min((area.height / 3).max(2)));
        let most_pools = (rest.height / 4).max(2);
        let (pools, rest) = split_top(
            rest,
            if pools == 0 {
                0
            } else {
                measure::cells(pools).min(most_pools) + 1
            },
        );
        let (nodes, side) = if area.width >= WIDE {
            let (nodes, side) = split_left(rest, rest.width * 11 / 20);
            (split_left(nodes, nodes.width.saturating_sub(2)).0, side)
        } else {
            // What holds a node matters more than the nodes that move by themselves.
            let most = (rest.height * 2 / 5).max(4);
            let needed = Grid::lay_out(&self.sections, rest.width.saturating_sub(2), most - 1).height() + 1;
            let height = match self.shape {
                Shape::Grid => needed.clamp(3, most),
                Shape::Table => most,
            };
            split_top(rest, height)
        };
        Areas {
            cause,
            top,
            pools,
            nodes,
            side,
        }
    }

    /// Draws, with the last two side by side where there is room:
    ///
    /// ```text
    /// ▲ cause: PodDisruptionBudget shop/cart-pdb allows no eviction   x why
    /// ► Running: step 2 of 3, node pool user to 1.34.2, for 12 min
    /// ─ Pools · 6 of 15 nodes done · 18 to 25 min left ──────────
    ///   user   ████░░░░░░  4/12  ► Upgrading   12 ready  2 in flight
    /// ─ Nodes · 6 upgraded · 1 draining ─────────────────────────
    ///   user   ■■■■◐·······
    /// ─ aks-user-29871234-vmss000004 ────────────────────────────
    ///  ◐ draining for 14 min; 6 of 21 pods left; each held pod
    /// ```
    pub(crate) fn view(&self, scene: Scene<'_>, area: Rect, buffer: &mut Buffer) {
        let Some(snapshot) = scene.data.cluster(&self.id) else {
            super::draw_gone(scene, area, buffer);
            return;
        };
        let areas = self.areas(scene, area);
        if let Some(cause) = top_cause(scene.data, &self.id) {
            draw_cause(cause, scene, areas.cause, buffer);
        }
        let top = prose::lay_out(
            &top_passages(snapshot, scene.data),
            areas.top.width.saturating_sub(2),
            scene.theme,
        );
        prose::draw(&top, 0, inset(areas.top, 1), scene.theme, buffer);
        let Some(live) = snapshot.live.as_deref() else {
            let passages = no_nodes(snapshot);
            let rest = split_top(area, areas.cause.height + areas.top.height + 1).1;
            let lines = prose::lay_out(&passages, rest.width.saturating_sub(4), scene.theme);
            prose::draw(&lines, 0, inset(rest, 2), scene.theme, buffer);
            return;
        };
        pool_bars::draw(live, areas.pools, scene.theme, buffer);
        self.draw_nodes(snapshot, live, scene, areas.nodes, buffer);
        self.draw_side(live, scene, areas.side, buffer);
    }

    fn draw_nodes(
        &self,
        snapshot: &ClusterSnapshot,
        live: &LivePicture,
        scene: Scene<'_>,
        area: Rect,
        buffer: &mut Buffer,
    ) {
        let area = titled(area, self.nodes_title(scene.theme, area), scene.theme, buffer);
        if self.cells.is_empty() {
            let lines = prose::lay_out(&no_nodes(snapshot), area.width.saturating_sub(4), scene.theme);
            prose::draw(&lines, 0, inset(area, 2), scene.theme, buffer);
            return;
        }
        match self.shape {
            Shape::Grid => {
                let grid = Grid::lay_out(&self.sections, area.width.saturating_sub(2), area.height);
                grid.draw(inset(area, 1), scene.theme, buffer, Some(self.position()), |at| {
                    self.cells
                        .get(at)
                        .map_or((NodePhase::Waiting, ""), |(name, phase)| (*phase, name.as_str()))
                });
            }
            Shape::Table => self.draw_table(live, scene, area, buffer),
        }
    }

    fn nodes_title(&self, theme: Theme, area: Rect) -> Line<'static> {
        let mut spans = vec![title(theme, "Nodes", self.focus == Focus::Nodes)];
        for (phase, number) in &self.counts {
            let (symbol, role) = phase_mark(*phase);
            spans.push(Span::raw("  "));
            spans.push(theme.span(
                role,
                format!("{symbol} {} {}", wording::grouped(*number), phase.as_str()),
            ));
        }
        if self.shape == Shape::Grid {
            let share = Grid::lay_out(
                &self.sections,
                area.width.saturating_sub(2),
                area.height.saturating_sub(1),
            )
            .nodes_in_a_cell();
            if share > 1 {
                spans.push(theme.span(
                    Role::Muted,
                    format!("  {} a cell, the worst shown", count(share, "node")),
                ));
            }
        }
        Line::from(spans)
    }

    fn draw_table(&self, live: &LivePicture, scene: Scene<'_>, area: Rect, buffer: &mut Buffer) {
        let columns = [
            Column::text("Node", 20, 36, 0),
            Column::text("Phase", 13, 13, 0),
            Column::text("For", 12, 12, 1),
            Column::text("Pods", 7, 7, 2),
            Column::text("Held by", 12, 30, 3),
            Column::text("Version", 8, 8, 4),
            Column::text("Image", 11, 12, 6),
            Column::text("Pool", 12, 12, 5),
        ];
        let position = self.position();
        let table = Table {
            columns: &columns,
            len: self.rows.len(),
            selected: self.rows.iter().position(|at| *at == position).unwrap_or(0),
            is_focused: self.focus == Focus::Nodes,
        };
        let widths = super::super::components::table::fit(&columns, area.width.saturating_sub(4));
        let name_width = widths.first().map_or(20, |(_, width)| *width);
        table.draw(area, scene.theme, buffer, |row, column| {
            let node = self
                .rows
                .get(row)
                .and_then(|at| live.nodes.get(&self.cells.get(*at)?.0));
            node.map_or_else(Line::default, |node| node_cell(node, column, name_width, scene))
        });
    }

    fn draw_side(&self, live: &LivePicture, scene: Scene<'_>, area: Rect, buffer: &mut Buffer) {
        let heading = match (self.side, self.selected_node(live)) {
            (Side::Events, _) => "Events".to_owned(),
            (Side::Node, Some(node)) => node.name.to_string(),
            (Side::Node, None) => "No node".to_owned(),
        };
        let heading = Line::from(title(scene.theme, &heading, self.focus == Focus::Side));
        let inner = titled(area, heading, scene.theme, buffer);
        let lines = self.side_lines(scene, inner.width.saturating_sub(2));
        prose::draw(&lines, self.scroll, inset(inner, 1), scene.theme, buffer);
    }

    fn side_lines(&self, scene: Scene<'_>, width: u16) -> Vec<Line<'static>> {
        let Some(live) = live_of(scene.data, &self.id) else {
            return Vec::new();
        };
        let passages = match (self.side, self.selected_node(live)) {
            (Side::Events, _) => panels::events(Some(live), scene.data.now),
            (Side::Node, None) => Vec::new(),
            (Side::Node, Some(node)) => {
                let mut passages = drain_panel::passages(node, scene.data.now);
                passages.extend(last_events(live, node, scene.data.now));
                passages
            }
        };
        prose::lay_out(&passages, width, scene.theme)
    }
}

fn live_of<'a>(data: &'a Data, id: &ClusterId) -> Option<&'a LivePicture> {
    data.cluster(id)?.live.as_deref()
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
        5 => Line::from(
            node.version
                .map_or_else(|| node.version_text.clone(), |version| version.to_string()),
        ),
        6 => node
            .node_image
            .as_ref()
            .map_or_else(Line::default, |image| Line::from(image.release())),
        _ => node
            .pool
            .as_ref()
            .map_or_else(Line::default, |pool| Line::from(pool.as_str())),
    }
}
