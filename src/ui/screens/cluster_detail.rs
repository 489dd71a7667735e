//! One cluster: its pools, the versions it can go to by which hops, what runs on it, settings, windows, history, events.

use jiff::civil::Date;
use jiff::tz::TimeZone;
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
use crate::domain::survey::PoolDetails;
use crate::domain::version::NodeImageVersion;
use crate::inventory::snapshot::ClusterSnapshot;

/// The parts of the screen, in the order of the tabs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Panel {
    #[default]
    Pools,
    Versions,
    Upgrade,
    Settings,
    Windows,
    History,
    Events,
    Claims,
}

impl Panel {
    const ALL: [Self; 8] = [
        Self::Pools,
        Self::Versions,
        Self::Upgrade,
        Self::Settings,
        Self::Windows,
        Self::History,
        Self::Events,
        Self::Claims,
    ];

    fn title(self) -> &'static str {
        match self {
            Self::Pools => "Pools",
            Self::Versions => "Versions",
            Self::Upgrade => "Upgrade",
            Self::Settings => "Settings",
            Self::Windows => "Windows",
            Self::History => "History",
            Self::Events => "Events",
            Self::Claims => "Claims",
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

    /// True where the changes are on the screen, of which the activity log tells.
    pub(crate) fn shows_history(&self) -> bool {
        self.panel == Panel::History
    }

    /// What a remedy would be about: the selected leftover.
    pub(crate) fn topic(&self, data: &Data) -> Option<Topic> {
        let leftover = claims::leftovers(data, &self.id).get(self.leftover)?;
        self.shows_claims().then(|| claims::topic(leftover))
    }

    /// Moves between panels and within one.
    pub(crate) fn act(&mut self, action: ActionId, scene: Scene<'_>, area: Rect) {
        let (data, half_page) = (scene.data, usize::from(area.height / 2));
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
                let last = data.cluster(&self.id).map_or(0, |snapshot| {
                    let (width, height) = self.text_size(area);
                    let text = prose::lay_out(&self.passages(snapshot, data), width, scene.theme);
                    prose::last_scroll(text.len(), height)
                });
                let to = super::moved(other, usize::from(self.scroll), usize::from(last) + 1, half_page);
                self.scroll = measure::cells(to);
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
    /// ─ Versions ──────────── ─ Upgrade · Settings · Windows · History · Events · Claims ─
    ///   ↑ 1.34.2  offered now   ► Running: step 2 of 3
    /// ```
    ///
    /// and with tabs, one panel at a time, where there is not.
    pub(crate) fn view(&self, scene: Scene<'_>, area: Rect, buffer: &mut Buffer) {
        let Some(snapshot) = scene.data.cluster(&self.id) else {
            super::draw_gone(scene, area, buffer);
            return;
        };
        let facts = prose::lay_out(
            &panels::fact_line(snapshot, scene.data),
            area.width.saturating_sub(2),
            scene.theme,
        );
        let (facts_area, area) = split_top(area, measure::cells(facts.len()).min(2));
        prose::draw(&facts, 0, inset(facts_area, 1), scene.theme, buffer);
        if has_room(area) {
            self.view_all(scene, snapshot, area, buffer);
        } else {
            self.view_tabs(scene, snapshot, area, buffer);
        }
    }

    /// Columns and rows of the panel's text, a row less than there may be: a line of facts stands above all.
    fn text_size(&self, area: Rect) -> (u16, u16) {
        if !has_room(area) {
            return (area.width.saturating_sub(2), area.height.saturating_sub(2));
        }
        let half = area.width / 2;
        let width = if self.panel == Panel::Versions {
            half - 2
        } else {
            area.width - half
        };
        (width.saturating_sub(2), area.height / 2)
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
            Panel::Pools | Panel::Versions => Panel::Upgrade,
            other => other,
        };
        let heading = self.tabs(scene.theme, &Panel::ALL[2..], right_panel, right.width);
        let area = titled(right, heading, scene.theme, buffer);
        self.view_content(right_panel, scene, snapshot, area, buffer);
    }

    /// The names of the panels that share a place; from the one before the shown on, where not all fit.
    fn tabs(&self, theme: Theme, panels: &[Panel], shown: Panel, width: u16) -> Line<'static> {
        let room = usize::from(width.saturating_sub(4));
        let wide = |panels: &[Panel]| {
            panels
                .iter()
                .map(|panel| panel.title().len() + DOT.chars().count())
                .sum::<usize>()
        };
        let at = panels.iter().position(|panel| *panel == shown).unwrap_or(0);
        let first = if wide(panels) <= room + 3 {
            0
        } else {
            at.saturating_sub(1)
        };
        let mut spans: Vec<Span<'static>> = Vec::new();
        for panel in &panels[first..] {
            if !spans.is_empty() {
                spans.push(theme.span(Role::Rule, DOT));
            }
            let role = match (*panel == shown, *panel == self.panel) {
                (true, true) => Role::Heading,
                (true, false) => Role::Strong,
                _ => Role::Muted,
            };
            spans.push(theme.span(role, panel.title()));
        }
        Line::from(spans)
    }

    fn view_panel(&self, panel: Panel, scene: Scene<'_>, snapshot: &ClusterSnapshot, area: Rect, buffer: &mut Buffer) {
        let is_focused = self.panel == panel;
        let heading = Line::from(title(scene.theme, panel.title(), is_focused));
        let area = titled(area, heading, scene.theme, buffer);
        self.view_content(panel, scene, snapshot, area, buffer);
    }

    fn view_tabs(&self, scene: Scene<'_>, snapshot: &ClusterSnapshot, area: Rect, buffer: &mut Buffer) {
        let heading = self.tabs(scene.theme, &Panel::ALL, self.panel, area.width);
        let area = titled(area, heading, scene.theme, buffer);
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
            let details = snapshot.details.as_deref().and_then(|all| all.pools.get(&pool.name));
            let about = About {
                real,
                details,
                today: scene.data.now.to_zoned(TimeZone::UTC).date(),
            };
            pool_cell(pool, &about, column, scene.theme)
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

/// True where all panels stand beside each other.
fn has_room(area: Rect) -> bool {
    area.width >= 110 && area.height >= 24
}

fn pool_columns() -> [Column; 15] {
    [
        Column::text("Pool", 12, 12, 0),
        Column::text("Mode", 6, 7, 7),
        Column::number("Nodes", 5, 0),
        Column::text("Version", 8, 8, 0),
        Column::text("Nodes run", 9, 9, 2),
        Column::text("Image", 11, 12, 1),
        Column::text("State", 11, 28, 0),
        Column::text("Image age", 9, 9, 4),
        Column::text("Surge", 7, 9, 3),
        Column::text("Drain timeout", 13, 13, 5),
        Column::text("Soak", 6, 6, 6),
        Column::text("Undrainable", 11, 11, 8),
        Column::text("Zones", 7, 11, 9),
        Column::text("OS", 7, 12, 10),
        Column::text("Size", 10, 20, 11),
    ]
}

/// What is known of a pool beside itself.
struct About<'a> {
    /// What its nodes run: `same` as Azure says, or something else; `None` where they cannot be seen.
    real: Option<&'a str>,
    details: Option<&'a PoolDetails>,
    today: Date,
}

/// Days after which an image is called old: AKS releases one about every week
/// (AKS docs "Node image upgrades", 2026).
const OLD_IMAGE: i32 = 30;

fn pool_cell<'a>(pool: &'a NodePool, about: &About<'a>, column: usize, theme: Theme) -> Line<'a> {
    let settings = &pool.upgrade_settings;
    let usual = |text: &str| Line::from(theme.span(Role::Muted, text.to_owned()));
    match column {
        0 => Line::from(theme.span(Role::Strong, pool.name.as_str())),
        1 => Line::from(pool.mode.to_string()),
        2 => Line::from(pool.count.to_string()),
        3 => pool
            .version
            .map_or_else(|| usual("-"), |version| Line::from(version.to_string())),
        4 => match about.real {
            None => usual("-"),
            Some("same") => usual("same"),
            Some(real) => Line::from(theme.span(Role::Attention, real)),
        },
        5 => pool
            .node_image
            .as_ref()
            .map_or_else(|| usual("-"), |image| Line::from(image.release())),
        6 => Line::from(theme.state(state_mark(&pool.provisioning_state), pool.provisioning_state.as_str())),
        7 => {
            let released = pool.node_image.as_ref().and_then(NodeImageVersion::released_on);
            released.map_or_else(
                || usual("-"),
                |day| {
                    let days = (about.today - day).get_days();
                    let role = if days > OLD_IMAGE { Role::Attention } else { Role::Text };
                    Line::from(theme.span(role, format!("{days} d")))
                },
            )
        }
        8 => match (settings.max_surge, settings.max_unavailable) {
            (Some(surge), _) => Line::from(surge.to_string()),
            (None, Some(unavailable)) => Line::from(format!("-{unavailable}")),
            (None, None) => usual("default"),
        },
        9 => {
            let text = wording::duration(settings.drain_timeout());
            if settings.drain_timeout_minutes.is_some() {
                Line::from(text)
            } else {
                usual(&text)
            }
        }
        10 => Line::from(wording::duration(settings.node_soak())),
        11 => settings
            .undrainable_node_behavior
            .as_ref()
            .map_or_else(|| usual("Schedule"), |behaviour| Line::from(behaviour.to_string())),
        12 => match about.details {
            None => usual("-"),
            Some(details) if details.zones.is_empty() => usual("none"),
            Some(details) => Line::from(details.zones.join(",")),
        },
        13 => match about.details.and_then(|details| details.os_sku.as_deref()) {
            Some(system) => Line::from(system),
            None => usual(&pool.os_type),
        },
        _ => Line::from(pool.vm_size.as_str()),
    }
}
