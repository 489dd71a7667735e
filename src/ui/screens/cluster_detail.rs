//! One cluster: its pools, the versions it can go to by which hops, what runs on it, and what the upgrader said.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::super::actions::ActionId;
use super::super::components::prose::{self, Passage};
use super::super::components::table::{Column, Table};
use super::super::components::{Scene, inset, put, split_left, split_top, title, titled};
use super::super::data::Data;
use super::super::measure;
use super::super::theme::{CURSOR, DOT, Mark, Role, Theme, state_mark};
use super::super::wording;
use super::topic::Topic;
use super::{claims, panels};
use crate::domain::cluster::Cluster;
use crate::domain::ids::ClusterId;
use crate::domain::node_pool::NodePool;
use crate::inventory::snapshot::ClusterSnapshot;

/// The parts of the screen, in the order of the tabs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Panel {
    #[default]
    Pools,
    Versions,
    Upgrade,
    Events,
    Claims,
}

impl Panel {
    const ALL: [Self; 5] = [Self::Pools, Self::Versions, Self::Upgrade, Self::Events, Self::Claims];

    fn title(self) -> &'static str {
        match self {
            Self::Pools => "Pools",
            Self::Versions => "Versions",
            Self::Upgrade => "Upgrade",
            Self::Events => "Events",
            Self::Claims => "Claimed and real",
        }
    }

    fn stepped(self, by: usize) -> Self {
        let at = Self::ALL.iter().position(|panel| *panel == self).unwrap_or(0);
        Self::ALL[(at + by) % Self::ALL.len()]
    }
}

/// The screen's state.
#[derive(Clone, Debug)]
pub(crate) struct ClusterDetail {
    pub(crate) id: ClusterId,
    panel: Panel,
    pool: usize,
    leftover: usize,
    scroll: u16,
}

impl ClusterDetail {
    /// Opens on what runs or ran where a person is needed, else on the pools.
    pub(crate) fn new(id: ClusterId, needs_a_person: bool) -> Self {
        Self {
            id,
            panel: if needs_a_person { Panel::Upgrade } else { Panel::Pools },
            pool: 0,
            leftover: 0,
            scroll: 0,
        }
    }

    /// The pool that is selected, where the pools have the focus.
    pub(crate) fn selected_pool<'a>(&self, cluster: &'a Cluster) -> Option<&'a NodePool> {
        (self.panel == Panel::Pools)
            .then(|| cluster.pools.get(self.pool))
            .flatten()
    }

    /// True where Azure's claims are on the screen, which take a survey.
    pub(crate) fn shows_claims(&self) -> bool {
        self.panel == Panel::Claims
    }

    /// What a remedy would be about: the selected leftover.
    pub(crate) fn topic(&self, data: &Data) -> Option<Topic> {
        let leftover = claims::leftovers(data, &self.id).get(self.leftover)?;
        self.shows_claims().then(|| claims::topic(leftover))
    }

    /// Moves between panels and within one.
    pub(crate) fn act(&mut self, action: ActionId, data: &Data, half_page: usize) {
        let before = self.panel;
        match action {
            ActionId::NextPanel | ActionId::Right => self.panel = self.panel.stepped(1),
            ActionId::PreviousPanel | ActionId::Left => self.panel = self.panel.stepped(Panel::ALL.len() - 1),
            ActionId::Events if self.panel == Panel::Events => self.panel = Panel::Pools,
            ActionId::Events => self.panel = Panel::Events,
            other if self.panel == Panel::Pools => {
                let pools = data
                    .cluster(&self.id)
                    .and_then(|snapshot| snapshot.cluster.value.as_deref())
                    .map_or(0, |cluster| cluster.pools.len());
                self.pool = super::moved(other, self.pool, pools, half_page);
            }
            other if self.panel == Panel::Claims => {
                let len = claims::leftovers(data, &self.id).len();
                self.leftover = super::moved(other, self.leftover, len, half_page);
            }
            other => {
                let lines = data
                    .cluster(&self.id)
                    .map_or(0, |snapshot| self.passages(snapshot, data).len());
                self.scroll = measure::cells(super::moved(other, usize::from(self.scroll), lines, half_page));
            }
        }
        if before != self.panel {
            self.scroll = 0;
        }
    }

    /// Draws, where there is room:
    ///
    /// ```text
    /// westeurope · rg-pay · Standard · 3 pools, 15 nodes
    /// ─ Pools ────────────────────────────────────────
    ///   Pool  Mode  Nodes  Version  Image  State  Surge
    /// ─ Versions ────────────┬─ Upgrade ──────────────
    /// ```
    ///
    /// and with tabs, one panel at a time, where there is not.
    pub(crate) fn view(&self, scene: Scene<'_>, area: Rect, buffer: &mut Buffer) {
        let Some(snapshot) = scene.data.cluster(&self.id) else {
            super::draw_gone(scene, area, buffer);
            return;
        };
        let facts = prose::lay_out(&panels::fact_line(snapshot), area.width.saturating_sub(2), scene.theme);
        let (facts_area, area) = split_top(area, measure::cells(facts.len()).min(2));
        prose::draw(&facts, 0, inset(facts_area, 1), scene.theme, buffer);
        if area.width >= 110 && area.height >= 24 {
            self.view_all(scene, snapshot, area, buffer);
        } else {
            self.view_tabs(scene, snapshot, area, buffer);
        }
    }

    fn view_all(&self, scene: Scene<'_>, snapshot: &ClusterSnapshot, area: Rect, buffer: &mut Buffer) {
        let pools = snapshot
            .cluster
            .value
            .as_deref()
            .map_or(1, |cluster| cluster.pools.len());
        let height = (measure::cells(pools) + 3).clamp(5, area.height / 2);
        let (pools_area, rest) = split_top(area, height);
        self.view_panel(Panel::Pools, scene, snapshot, pools_area, buffer);
        let (left, right) = split_left(rest, rest.width / 2);
        let (left, _) = split_left(left, left.width.saturating_sub(2));
        self.view_panel(Panel::Versions, scene, snapshot, left, buffer);
        let right_panel = match self.panel {
            Panel::Events | Panel::Claims => self.panel,
            Panel::Pools | Panel::Versions | Panel::Upgrade => Panel::Upgrade,
        };
        self.view_panel(right_panel, scene, snapshot, right, buffer);
    }

    fn view_panel(&self, panel: Panel, scene: Scene<'_>, snapshot: &ClusterSnapshot, area: Rect, buffer: &mut Buffer) {
        let is_focused = self.panel == panel;
        let heading = Line::from(title(scene.theme, panel.title(), is_focused));
        let area = titled(area, heading, scene.theme, buffer);
        self.view_content(panel, scene, snapshot, area, buffer);
    }

    fn view_tabs(&self, scene: Scene<'_>, snapshot: &ClusterSnapshot, area: Rect, buffer: &mut Buffer) {
        let mut spans: Vec<Span<'static>> = Vec::new();
        for panel in Panel::ALL {
            if !spans.is_empty() {
                spans.push(scene.theme.span(Role::Rule, DOT));
            }
            spans.push(title(scene.theme, panel.title(), panel == self.panel));
        }
        let area = titled(area, Line::from(spans), scene.theme, buffer);
        self.view_content(self.panel, scene, snapshot, area, buffer);
    }

    fn view_content(
        &self,
        panel: Panel,
        scene: Scene<'_>,
        snapshot: &ClusterSnapshot,
        area: Rect,
        buffer: &mut Buffer,
    ) {
        if panel == Panel::Pools {
            self.view_pools(scene, snapshot, area, buffer);
            return;
        }
        let passages = match panel {
            Panel::Claims => claims::passages(scene.data, &self.id, self.leftover),
            other => panels::panel(other, snapshot, scene.data),
        };
        let lines = prose::lay_out(&passages, area.width.saturating_sub(2), scene.theme);
        let scroll = match panel {
            // The selected line is kept in view.
            Panel::Claims => {
                let at = lines.iter().position(|line| line.to_string().starts_with(CURSOR));
                measure::cells(at.unwrap_or(0) + 3).saturating_sub(area.height)
            }
            panel if self.panel == panel => self.scroll,
            _ => 0,
        };
        prose::draw(&lines, scroll, inset(area, 1), scene.theme, buffer);
    }

    fn passages(&self, snapshot: &ClusterSnapshot, data: &Data) -> Vec<Passage> {
        panels::panel(self.panel, snapshot, data)
    }

    fn view_pools(&self, scene: Scene<'_>, snapshot: &ClusterSnapshot, area: Rect, buffer: &mut Buffer) {
        let Some(cluster) = snapshot.cluster.value.as_deref() else {
            let passages = super::source_passages(&snapshot.cluster.state, "the cluster's pools").unwrap_or_default();
            let lines = prose::lay_out(&passages, area.width.saturating_sub(4), scene.theme);
            prose::draw(&lines, 0, inset(area, 2), scene.theme, buffer);
            return;
        };
        if cluster.pools.is_empty() {
            put(
                buffer,
                area.x + 2,
                area.y,
                area.width,
                Line::from("Azure names no node pool for this cluster."),
            );
            return;
        }
        let columns = pool_columns();
        let table = Table {
            columns: &columns,
            len: cluster.pools.len(),
            selected: self.pool,
            is_focused: self.panel == Panel::Pools,
        };
        let gaps = snapshot
            .live
            .as_deref()
            .map(|live| live.gaps.as_slice())
            .unwrap_or_default();
        table.draw(area, scene.theme, buffer, |row, column| {
            let Some(pool) = cluster.pools.get(row) else {
                return Line::default();
            };
            let seen = snapshot.live.as_deref().filter(|live| !live.nodes.is_empty());
            let real = seen.map(|_| {
                gaps.iter()
                    .find(|gap| gap.pool == pool.name)
                    .map_or("same", |gap| gap.real.as_str())
            });
            pool_cell(pool, real, column, scene.theme)
        });
        let below = split_top(area, table.height()).1;
        for (gap, y) in gaps.iter().zip(below.y..below.bottom()) {
            let text = super::super::components::drain_panel::gap_text(gap);
            put(
                buffer,
                below.x + 2,
                y,
                below.width.saturating_sub(4),
                Line::from(scene.theme.state(Mark::Behind, &text)),
            );
        }
    }
}

fn pool_columns() -> [Column; 11] {
    [
        Column::text("Pool", 12, 12, 0),
        Column::text("Mode", 6, 7, 3),
        Column::number("Nodes", 5, 0),
        Column::text("Version", 8, 8, 0),
        Column::text("Nodes run", 9, 9, 2),
        Column::text("Image", 11, 12, 1),
        Column::text("State", 11, 28, 0),
        Column::text("Surge", 9, 9, 4),
        Column::text("Drain timeout", 13, 13, 5),
        Column::text("Soak", 6, 6, 6),
        Column::text("Size", 10, 20, 7),
    ]
}

/// `real` is what the pool's nodes run: `same` as Azure says, or something else; `None` where they cannot be seen.
fn pool_cell<'a>(pool: &'a NodePool, real: Option<&'a str>, column: usize, theme: Theme) -> Line<'a> {
    let settings = &pool.upgrade_settings;
    let usual = |text: &str| Line::from(theme.span(Role::Muted, text.to_owned()));
    match column {
        0 => Line::from(theme.span(Role::Strong, pool.name.as_str())),
        1 => Line::from(pool.mode.to_string()),
        2 => Line::from(pool.count.to_string()),
        3 => pool
            .version
            .map_or_else(|| usual("-"), |version| Line::from(version.to_string())),
        4 => match real {
            None => usual("-"),
            Some("same") => usual("same"),
            Some(real) => Line::from(theme.span(Role::Attention, real)),
        },
        5 => pool
            .node_image
            .as_ref()
            .map_or_else(|| usual("-"), |image| Line::from(image.release())),
        6 => Line::from(theme.state(state_mark(&pool.provisioning_state), pool.provisioning_state.as_str())),
        7 => match (settings.max_surge, settings.max_unavailable) {
            (Some(surge), _) => Line::from(surge.to_string()),
            (None, Some(unavailable)) => Line::from(format!("-{unavailable}")),
            (None, None) => usual("default"),
        },
        8 => {
            let text = wording::duration(settings.drain_timeout());
            if settings.drain_timeout_minutes.is_some() {
                Line::from(text)
            } else {
                usual(&text)
            }
        }
        9 => Line::from(wording::duration(settings.node_soak())),
        _ => Line::from(pool.vm_size.as_str()),
    }
}
