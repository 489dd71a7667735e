//! The upgrade node by node: pools with progress, a cell, a card or a row for each node, and what holds the selected one.

mod order;
mod table;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use self::order::{Cell, Grouping, Order, Sort};
use super::super::actions::ActionId;
use super::super::capacity::Capacity;
use super::super::components::node_grid::{Grid, Shown};
use super::super::components::prose;
use super::super::components::{
    Scene, capacity_line, drain_panel, inset, node_cards, pool_bars, put, split_left, split_top, title, titled,
};
use super::super::data::Data;
use super::super::measure;
use super::super::theme::{DOT, NOT_READY, Role, Theme, phase_mark};
use super::super::wording::{self, count};
use super::live_facts::{cause_lines, draw_cause, last_events, no_nodes, top_cause, top_passages};
use super::panels;
use crate::domain::ids::{ClusterId, NodeName};
use crate::inventory::snapshot::ClusterSnapshot;
use crate::progress::picture::{LivePicture, NodePhase, NodeProgress};

/// How much of each node is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Shape {
    #[default]
    Cells,
    Cards,
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

/// The screen's state; the order is worked out when the data changes.
#[derive(Clone, Debug)]
pub(crate) struct LiveNodes {
    pub(crate) id: ClusterId,
    shape: Shape,
    side: Side,
    focus: Focus,
    grouping: Grouping,
    sort: Sort,
    /// `None` until the person moves: the node a person should look at first, whichever that is.
    selected: Option<NodeName>,
    scroll: u16,
    order: Order,
}

/// Where the parts of the screen stand; a part without room is empty.
struct Areas {
    /// The most likely cause of trouble.
    cause: Rect,
    top: Rect,
    /// Ready nodes over time.
    capacity: Rect,
    pools: Rect,
    nodes: Rect,
    side: Rect,
    /// The newest events, where the side shows a node.
    events: Rect,
}

/// From this width on the panel stands beside the nodes, else below them.
const WIDE: u16 = 110;
/// From this height on the newest events have a panel of their own, and the cause has its evidence.
const TALL: u16 = 30;
/// Below this height only the nodes and what holds them have a place.
const SHORT: u16 = 12;
/// Rows of the panel of events, with its title.
const EVENT_ROWS: u16 = 6;

impl LiveNodes {
    pub(crate) fn new(id: ClusterId) -> Self {
        Self {
            id,
            shape: Shape::default(),
            side: Side::default(),
            focus: Focus::default(),
            grouping: Grouping::default(),
            sort: Sort::default(),
            selected: None,
            scroll: 0,
            order: Order::default(),
        }
    }

    /// Works the order of the nodes out anew.
    pub(crate) fn refresh(&mut self, data: &Data) {
        if let Some(live) = live_of(data, &self.id) {
            self.order = Order::of(live, self.grouping, self.sort);
        }
    }

    /// The selected node's position among the cells.
    fn position(&self) -> usize {
        let chosen = self
            .selected
            .as_ref()
            .and_then(|name| self.order.cells.iter().position(|cell| cell.name == *name));
        let at = chosen.unwrap_or_else(|| self.order.most_urgent());
        let is_folded = self.shape == Shape::Table && self.order.folded > 0 && !self.order.rows.contains(&at);
        match self.order.rows.first() {
            Some(first) if is_folded => *first,
            _ => at,
        }
    }

    /// The selected node.
    pub(crate) fn selected_node<'a>(&self, live: &'a LivePicture) -> Option<&'a NodeProgress> {
        live.nodes.get(&self.order.cells.get(self.position())?.name)
    }

    /// Moves, and switches what is shown.
    pub(crate) fn act(&mut self, action: ActionId, scene: Scene<'_>, area: Rect) {
        match action {
            ActionId::SwitchView => {
                self.shape = match self.shape {
                    Shape::Cells | Shape::Cards => Shape::Table,
                    Shape::Table => Shape::Cells,
                };
            }
            ActionId::Zoom => {
                self.shape = match self.shape {
                    Shape::Cells => Shape::Cards,
                    Shape::Cards => Shape::Table,
                    Shape::Table => Shape::Cells,
                };
            }
            ActionId::Sort | ActionId::Reverse => {
                match (self.shape, action) {
                    (Shape::Table, ActionId::Sort) => self.sort = self.sort.next(),
                    (Shape::Table, _) => self.sort = self.sort.reversed(),
                    (Shape::Cells | Shape::Cards, _) => self.grouping = self.grouping.next(),
                }
                self.refresh(scene.data);
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
        let cells = self.order.cells.len();
        let to = match self.shape {
            Shape::Table => {
                let rows = &self.order.rows;
                let row = rows.iter().position(|at| *at == from).unwrap_or(0);
                let row = super::moved(action, row, rows.len(), usize::from(nodes.height / 2));
                rows.get(row).copied().unwrap_or(0)
            }
            Shape::Cells => moved_in(&self.grid(nodes), action, from, cells, nodes.height / 2),
            Shape::Cards => {
                let cards = node_cards::lay_out(&self.order.sections, nodes.width.saturating_sub(2));
                moved_in(&cards, action, from, cells, nodes.height / 4)
            }
        };
        if to != from {
            self.selected = self.order.cells.get(to).map(|cell| cell.name.clone());
            self.scroll = 0;
        }
    }

    fn grid(&self, area: Rect) -> Grid {
        Grid::lay_out(&self.order.sections, area.width.saturating_sub(2), area.height)
    }

    fn areas(&self, scene: Scene<'_>, area: Rect) -> Areas {
        let (data, is_short) = (scene.data, area.height < SHORT);
        let snapshot = data.cluster(&self.id);
        let top_lines = snapshot.map_or(0, |snapshot| {
            let passages = top_passages(snapshot, data);
            prose::lay_out(&passages, area.width.saturating_sub(2), scene.theme).len()
        });
        let cause = top_cause(data, &self.id).map_or(0, |cause| cause_lines(cause, area.height >= TALL));
        let most_top = if is_short { 1 } else { (area.height / 3).max(2) };
        // A flat line tells nothing that is worth a row of a small screen.
        let has_dipped = data.capacity(&self.id).is_some_and(Capacity::has_dipped);
        let has_room = area.height >= TALL || (has_dipped && area.height >= SHORT + 4);
        let capacity = u16::from(has_room && self.capacity_line(scene, area.width).is_some());
        let (cause, rest) = split_top(area, cause);
        let (top, rest) = split_top(rest, measure::cells(top_lines).min(most_top));
        let (capacity, rest) = split_top(rest, capacity);
        let pools = live_of(data, &self.id).map_or(0, |live| measure::cells(live.pools.len()));
        let pool_rows = match pools {
            0 => 0,
            _ if is_short => 0,
            pools => pools.min((rest.height / 4).max(2)) + 1,
        };
        let (pools, rest) = split_top(rest, pool_rows);
        let has_events = area.height >= TALL && self.side == Side::Node;
        let event_rows = if has_events { EVENT_ROWS } else { 0 };
        let (rest, events) = split_top(rest, rest.height - event_rows.min(rest.height));
        let (nodes, side) = if area.width >= WIDE {
            let (nodes, side) = split_left(rest, rest.width * 11 / 20);
            (split_left(nodes, nodes.width.saturating_sub(2)).0, side)
        } else {
            split_top(rest, self.node_rows(rest))
        };
        Areas {
            cause,
            top,
            capacity,
            pools,
            nodes,
            side,
            events,
        }
    }

    /// Rows for the nodes where the side stands below them: what holds a node matters more than the nodes that move by
    /// themselves.
    fn node_rows(&self, area: Rect) -> u16 {
        let most = match self.shape {
            Shape::Cells => (area.height * 2 / 5).max(4),
            Shape::Cards | Shape::Table => (area.height / 2).max(4),
        };
        match self.shape {
            Shape::Cells => {
                let grid = self.grid(Rect {
                    height: most - 1,
                    ..area
                });
                (grid.height() + 1).clamp(3, most)
            }
            Shape::Table => {
                let rows = self.order.rows.len() + usize::from(self.order.folded > 0) + 2;
                measure::cells(rows).clamp(4, most)
            }
            Shape::Cards => most,
        }
    }

    fn capacity_line(&self, scene: Scene<'_>, width: u16) -> Option<Line<'static>> {
        let capacity = scene.data.capacity(&self.id)?;
        capacity_line::line(capacity, width, scene.theme, scene.data.now)
    }

    /// Draws, with nodes and the selected one side by side where there is room:
    ///
    /// ```text
    /// ▲ cause: PodDisruptionBudget shop/cart-pdb allows no eviction   x why
    /// ► Running: step 2 of 3, node pool user to 1.34.2, for 12 min
    ///   checkout  ▂▂▃✖▂  ✓ passed 40 s ago in 132 ms
    ///  ready  ▇▇▆▅▆▇  14 of 16 nodes · least 13, 9 min ago
    /// ─ Pools · 6 of 15 nodes done · 18 to 25 min left ──────────
    ///   user   ████░░░░░░  4/12  ► Upgrading   12 ready  2 in flight
    /// ─ Nodes by pool · 1 draining · 6 upgraded ─────────────────
    ///   user   ■■■■◐·······
    /// ─ aks-user-29871234-vmss000004 ────────────────────────────
    ///  ◐ draining for 14 min; 6 of 21 pods left; each held pod
    /// ─ Events ──────────────────────────────────────────────────
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
        let width = areas.top.width.saturating_sub(2);
        let top = prose::lay_out(&top_passages(snapshot, scene.data), width, scene.theme);
        prose::draw(&top, 0, inset(areas.top, 1), scene.theme, buffer);
        let Some(live) = snapshot.live.as_deref() else {
            let passages = no_nodes(snapshot);
            let rest = split_top(area, areas.cause.height + areas.top.height + 1).1;
            let lines = prose::lay_out(&passages, rest.width.saturating_sub(4), scene.theme);
            prose::draw(&lines, 0, inset(rest, 2), scene.theme, buffer);
            return;
        };
        if let Some(line) = self
            .capacity_line(scene, area.width)
            .filter(|_| areas.capacity.height > 0)
        {
            let area = inset(areas.capacity, 1);
            put(buffer, area.x, area.y, area.width, line);
        }
        pool_bars::draw(live, areas.pools, scene.theme, buffer);
        self.draw_nodes(snapshot, live, scene, areas.nodes, buffer);
        self.draw_side(live, scene, areas.side, buffer);
        if areas.events.height > 0 {
            let heading = Line::from(vec![
                title(scene.theme, "Events", false),
                scene.theme.span(Role::Muted, format!("{DOT}e shows all")),
            ]);
            let inner = titled(areas.events, heading, scene.theme, buffer);
            let newest = panels::newest_events(live, usize::from(inner.height), scene.data.now);
            let lines = prose::lay_out(&newest, inner.width.saturating_sub(2), scene.theme);
            let shown = lines.len().min(usize::from(inner.height));
            prose::draw(&lines[..shown], 0, inset(inner, 1), scene.theme, buffer);
        }
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
        if self.order.cells.is_empty() {
            let lines = prose::lay_out(&no_nodes(snapshot), area.width.saturating_sub(4), scene.theme);
            prose::draw(&lines, 0, inset(area, 2), scene.theme, buffer);
            return;
        }
        let cells = &self.order.cells;
        let nobody = Shown {
            phase: NodePhase::Waiting,
            is_not_ready: false,
            name: "",
        };
        match self.shape {
            Shape::Cells => {
                let selected = Some(self.position());
                self.grid(area)
                    .draw(inset(area, 1), scene.theme, buffer, selected, |at| {
                        cells.get(at).map_or(nobody, Cell::shown)
                    });
            }
            Shape::Cards => {
                let cards = node_cards::lay_out(&self.order.sections, area.width.saturating_sub(2));
                let look = (scene.theme, scene.data.now);
                node_cards::draw(&cards, self.position(), look, inset(area, 1), buffer, |at| {
                    let cell = cells.get(at)?;
                    Some((cell.shown(), live.nodes.get(&cell.name)?))
                });
            }
            Shape::Table => {
                let position = self.position();
                let row = self.order.rows.iter().position(|at| *at == position).unwrap_or(0);
                let state = (row, self.sort, self.focus == Focus::Nodes);
                table::draw(&self.order, live, state, scene, area, buffer);
            }
        }
    }

    fn nodes_title(&self, theme: Theme, area: Rect) -> Line<'static> {
        let how = match self.shape {
            Shape::Cells | Shape::Cards => self.grouping.words(),
            Shape::Table => self.sort.words(),
        };
        let mut spans = vec![
            title(theme, "Nodes", self.focus == Focus::Nodes),
            theme.span(Role::Muted, format!(" {how}")),
        ];
        if self.order.not_ready > 0 {
            let text = format!("  {NOT_READY} {} not ready", wording::grouped(self.order.not_ready));
            spans.push(theme.span(Role::Danger, text));
        }
        for (phase, number) in &self.order.counts {
            let (symbol, role) = phase_mark(*phase);
            spans.push(Span::raw("  "));
            spans.push(theme.span(
                role,
                format!("{symbol} {} {}", wording::grouped(*number), phase.as_str()),
            ));
        }
        let share = self.grid(split_top(area, 1).1).nodes_in_a_cell();
        if self.shape == Shape::Cells && share > 1 {
            spans.push(theme.span(
                Role::Muted,
                format!("  {} a cell, the worst shown", count(share, "node")),
            ));
        }
        Line::from(spans)
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

fn moved_in(grid: &Grid, action: ActionId, from: usize, len: usize, page: u16) -> usize {
    let page = isize::try_from(page).unwrap_or(1).max(1);
    match action {
        ActionId::Right => grid.moved(from, 1, 0),
        ActionId::Left => grid.moved(from, -1, 0),
        ActionId::Down => grid.moved(from, 0, 1),
        ActionId::Up => grid.moved(from, 0, -1),
        ActionId::HalfPageDown => grid.moved(from, 0, page),
        ActionId::HalfPageUp => grid.moved(from, 0, -page),
        other => super::moved(other, from, len, 1),
    }
}
