//! The overview: every cluster, worst first, with version, lag, state, and how far a running upgrade is.

use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

use super::super::actions::ActionId;
use super::super::components::pool_bars::bar;
use super::super::components::prose::{self, Passage};
use super::super::components::table::{Align, Column, Table};
use super::super::components::text_field::TextField;
use super::super::components::{Scene, inset, put, split_top, title, titled};
use super::super::condition::{Condition, Standing, newest_of, standing_of};
use super::super::data::Data;
use super::super::filter::{Filter, Searchable};
use super::super::measure;
use super::super::narrative::{self, Told};
use super::super::theme::{DOT, Mark, Role, Theme};
use super::super::wording::{self, count};
use crate::domain::ids::ClusterId;
use crate::domain::version::KubernetesVersion;
use crate::inventory::snapshot::{ClusterSnapshot, SourceState};

/// By what the rows are sorted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Sort {
    #[default]
    WorstFirst,
    Name,
    OldestVersion,
    MostNodes,
}

impl Sort {
    fn next(self) -> Self {
        match self {
            Self::WorstFirst => Self::Name,
            Self::Name => Self::OldestVersion,
            Self::OldestVersion => Self::MostNodes,
            Self::MostNodes => Self::WorstFirst,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::WorstFirst => "worst first",
            Self::Name => "by name",
            Self::OldestVersion => "oldest version first",
            Self::MostNodes => "most nodes first",
        }
    }
}

/// A cluster as the table shows it, worked out when the data changes.
#[derive(Clone, Debug)]
struct Row {
    snapshot: Arc<ClusterSnapshot>,
    standing: Standing,
    newest: Option<KubernetesVersion>,
    searchable: Searchable,
}

impl Row {
    fn nodes(&self) -> u32 {
        self.snapshot
            .cluster
            .value
            .as_deref()
            .map_or(0, crate::domain::cluster::Cluster::node_count)
    }

    fn version(&self) -> Option<KubernetesVersion> {
        self.snapshot.cluster.value.as_deref()?.version
    }
}

/// The overview's state.
#[derive(Clone, Debug, Default)]
pub(crate) struct ClustersScreen {
    rows: Vec<Row>,
    /// Indices of the rows that the filter lets through, sorted.
    shown: Vec<usize>,
    /// `None` until the person moves: the first row, whichever that is.
    selected: Option<ClusterId>,
    sort: Sort,
    filter: Filter,
    field: TextField,
    pub(crate) is_typing: bool,
    longest_name: u16,
    /// The sentence on top.
    summary: Option<(Mark, String)>,
}

const NAME: usize = 0;
const STATE: usize = 1;
const VERSION: usize = 2;
const NEWEST: usize = 3;
const UPGRADE: usize = 4;
const POOLS: usize = 5;
const NODES: usize = 6;
const GROUP: usize = 7;
const SUBSCRIPTION: usize = 8;
const LOCATION: usize = 9;

impl ClustersScreen {
    /// Works the rows out anew.
    pub(crate) fn refresh(&mut self, data: &Data) {
        self.rows = data.fleet.clusters.iter().map(|snapshot| row(snapshot, data)).collect();
        self.longest_name = self
            .rows
            .iter()
            .map(|row| measure::width(row.snapshot.id.name()))
            .max()
            .unwrap_or(0);
        self.summary = self.told(data);
        self.choose();
    }

    /// Applies filter and sort.
    fn choose(&mut self) {
        let rows = &self.rows;
        self.shown = (0..rows.len())
            .filter(|at| self.filter.matches(&rows[*at].searchable))
            .collect();
        // The rows come in id order, and the sorts are stable: equal rows never change places.
        match self.sort {
            Sort::WorstFirst => self.shown.sort_by(|a, b| {
                let key = |at: &usize| (rows[*at].standing.condition, rows[*at].searchable.name.as_str());
                key(a).cmp(&key(b))
            }),
            Sort::Name => self
                .shown
                .sort_by(|a, b| rows[*a].searchable.name.cmp(&rows[*b].searchable.name)),
            Sort::OldestVersion => self.shown.sort_by_key(|at| rows[*at].version()),
            Sort::MostNodes => self.shown.sort_by_key(|at| std::cmp::Reverse(rows[*at].nodes())),
        }
    }

    fn index(&self) -> usize {
        self.selected
            .as_ref()
            .and_then(|id| self.shown.iter().position(|at| self.rows[*at].snapshot.id == *id))
            .unwrap_or(0)
    }

    /// The selected cluster.
    pub(crate) fn selected(&self) -> Option<&Arc<ClusterSnapshot>> {
        self.shown.get(self.index()).map(|at| &self.rows[*at].snapshot)
    }

    /// Whether the selected cluster's upgrade is what a person wants to see first.
    pub(crate) fn selected_is_moving(&self) -> bool {
        self.shown.get(self.index()).is_some_and(|at| {
            let row = &self.rows[*at];
            let has_run = row
                .snapshot
                .live
                .as_deref()
                .is_some_and(|live| live.running_since.is_some() || live.is_running);
            match row.standing.condition {
                Condition::Stuck | Condition::Upgrading => true,
                Condition::Failed | Condition::Held => has_run,
                _ => false,
            }
        })
    }

    /// Moves, sorts, or opens the filter line.
    pub(crate) fn act(&mut self, action: ActionId, half_page: usize) {
        match action {
            ActionId::Sort => {
                self.sort = self.sort.next();
                self.choose();
            }
            ActionId::Filter => self.is_typing = true,
            other => {
                let to = super::moved(other, self.index(), self.shown.len(), half_page);
                if to != self.index() {
                    self.selected = self.shown.get(to).map(|at| self.rows[*at].snapshot.id.clone());
                }
            }
        }
    }

    /// Changes the filter line; the table follows while one types.
    pub(crate) fn edit(&mut self, change: impl FnOnce(&mut TextField)) {
        change(&mut self.field);
        self.filter = Filter::parse(self.field.text());
        self.choose();
    }

    /// Ends typing; without `keep` the filter is cleared.
    pub(crate) fn end_typing(&mut self, keep: bool) {
        self.is_typing = false;
        if !keep {
            self.edit(|field| *field = TextField::default());
        }
    }

    /// True where a filter narrows the table.
    pub(crate) fn is_filtered(&self) -> bool {
        !self.field.text().is_empty()
    }

    /// The sentence on top.
    pub(crate) fn summary(&self, data: &Data) -> (Mark, String) {
        if let Some(told) = &self.summary {
            return told.clone();
        }
        let (mark, text) = match &data.fleet.list {
            SourceState::NotAsked | SourceState::Loading => (Mark::Loading, "Reading the clusters"),
            SourceState::Denied { .. } => (Mark::Denied, "No cluster may be listed"),
            SourceState::Failed { .. } => (Mark::Failed, "The clusters could not be listed"),
            SourceState::Fresh | SourceState::Stale { .. } | SourceState::Unavailable { .. } => {
                (Mark::Unknown, "No clusters here")
            }
        };
        (mark, text.to_owned())
    }

    /// The fleet's sentence; `None` without clusters.
    fn told(&self, data: &Data) -> Option<(Mark, String)> {
        let told: Vec<Told<'_>> = self
            .rows
            .iter()
            .map(|row| Told {
                name: row.snapshot.id.name(),
                standing: &row.standing,
                snapshot: &row.snapshot,
                execution: data.active(&row.snapshot.id).map(Arc::as_ref),
            })
            .collect();
        (!told.is_empty()).then(|| narrative::fleet(&told, data.now))
    }

    /// Draws:
    ///
    /// ```text
    /// / filter being typed
    /// ─ 12 of 14 clusters · worst first ──────────────
    ///   Cluster    State     Version  Newest  Upgrade
    /// › pay-prod   ▲ stuck   1.33.5   1.34.2  ███░░ 6/15 shop/cart-pdb 14 min
    /// ! what could not be read
    /// ```
    pub(crate) fn view(&self, scene: Scene<'_>, area: Rect, buffer: &mut Buffer) -> Option<Position> {
        let (field_area, area) = split_top(area, u16::from(self.is_typing || self.is_filtered()));
        let cursor = (field_area.height > 0).then(|| self.draw_field(scene.theme, field_area, buffer));
        let area = titled(area, self.title(scene.theme), scene.theme, buffer);
        let notes = Self::notes(scene);
        let lines = prose::lay_out(&notes, area.width.saturating_sub(2), scene.theme);
        let notes_height = measure::cells(lines.len()).min(area.height / 3);
        let (table_area, notes_area) = split_top(area, area.height - notes_height);
        if self.shown.is_empty() {
            let text = prose::lay_out(&self.nothing(scene), table_area.width.saturating_sub(4), scene.theme);
            prose::draw(&text, 0, inset(split_top(table_area, 1).1, 2), scene.theme, buffer);
        } else {
            self.draw_table(scene, table_area, buffer);
        }
        prose::draw(&lines, 0, inset(notes_area, 1), scene.theme, buffer);
        cursor.filter(|_| self.is_typing)
    }

    fn draw_field(&self, theme: Theme, area: Rect, buffer: &mut Buffer) -> Position {
        let cursor = self.field.draw("filter: ", inset(area, 1), theme, buffer);
        if let Some(field) = self.filter.unknown_field(&super::super::filter::FIELDS) {
            let text = format!(
                "no field '{field}'; there are {}",
                super::super::filter::FIELDS.join(", ")
            );
            let x = (cursor.x + 3).min(area.right());
            put(
                buffer,
                x,
                area.y,
                area.right() - x,
                Line::from(theme.state(Mark::Unsupported, &text)),
            );
        }
        cursor
    }

    fn title(&self, theme: Theme) -> Line<'static> {
        let all = self.rows.len();
        let shown = if self.is_filtered() {
            format!("{} of {}", wording::grouped(self.shown.len()), count(all, "cluster"))
        } else {
            count(all, "cluster")
        };
        Line::from(vec![
            title(theme, &shown, true),
            theme.span(Role::Muted, format!("{DOT}{}", self.sort.word())),
        ])
    }

    /// What could not be read, below the table.
    fn notes(scene: Scene<'_>) -> Vec<Passage> {
        let fleet = &scene.data.fleet;
        let mut notes: Vec<Passage> = Vec::new();
        if !fleet.clusters.is_empty() {
            notes.extend(super::stale_passage(&fleet.list, "the list"));
            if let SourceState::Failed { why } | SourceState::Denied { why, .. } = &fleet.list {
                notes.push(Passage::new(Role::Attention, "! the list could not be read again: ").and(Role::Text, why));
            }
        }
        notes.extend(
            fleet
                .list_findings
                .iter()
                .map(|finding| Passage::new(Role::Attention, "! ").and(Role::Text, finding)),
        );
        notes
    }

    /// What stands in place of the table.
    fn nothing(&self, scene: Scene<'_>) -> Vec<Passage> {
        if !self.rows.is_empty() {
            return vec![Passage::new(Role::Text, "No cluster matches the filter.").and(Role::Muted, " esc clears it")];
        }
        super::source_passages(&scene.data.fleet.list, "the clusters").unwrap_or_else(|| {
            vec![
                Passage::new(Role::Text, "The subscriptions this login can see have no AKS cluster."),
                Passage::blank(),
                Passage::new(Role::Key, "do: ").and(
                    Role::Text,
                    "look with another login (az login), name a subscription (--subscription ID), or try: aks-cockpit demo",
                ),
            ]
        })
    }

    fn columns(&self) -> [Column; 11] {
        let name = self.longest_name.clamp(14, 40);
        [
            Column::text("Cluster", 14, name, 0).wishing(name.min(17)),
            Column::text("State", 17, 17, 0),
            Column::text("Version", 8, 8, 0),
            Column::text("Newest", 8, 8, 1),
            Column::text("Upgrade", 14, 44, 2).wishing(36),
            Column::number("Pools", 5, 4),
            Column::number("Nodes", 6, 3),
            Column::text("Group", 12, 28, 6).wishing(20),
            Column::text("Subscription", 36, 36, 7),
            Column::text("Location", 12, 18, 8).wishing(15),
            Column {
                align: Align::Right,
                ..Column::text("Read", 11, 14, 5)
            },
        ]
    }

    fn draw_table(&self, scene: Scene<'_>, area: Rect, buffer: &mut Buffer) {
        let columns = self.columns();
        let table = Table {
            columns: &columns,
            len: self.shown.len(),
            selected: self.index(),
            is_focused: !self.is_typing,
        };
        table.draw(area, scene.theme, buffer, |row, column| {
            self.shown
                .get(row)
                .map_or_else(Line::default, |at| cell(&self.rows[*at], column, scene))
        });
    }
}

fn row(snapshot: &Arc<ClusterSnapshot>, data: &Data) -> Row {
    let execution = data.active(&snapshot.id).map(Arc::as_ref);
    let standing = standing_of(snapshot, execution, data.now);
    let cluster = snapshot.cluster.value.as_deref();
    let newest = cluster
        .zip(snapshot.region.value.as_deref())
        .and_then(|(cluster, region)| newest_of(&cluster.support_plan, region));
    let text = |text: Option<&str>| text.unwrap_or_default().to_lowercase();
    Row {
        searchable: Searchable {
            name: text(Some(snapshot.id.name())),
            group: text(cluster.map(|cluster| cluster.resource_group.as_str())),
            subscription: text(cluster.map(|cluster| cluster.subscription_id.as_str())),
            location: text(cluster.map(|cluster| cluster.location.as_str())),
            version: cluster
                .and_then(|cluster| cluster.version)
                .map_or_else(String::new, |version| version.to_string()),
            state: standing.word.to_lowercase(),
            pools: cluster
                .map(|cluster| {
                    cluster
                        .pools
                        .iter()
                        .map(|pool| pool.name.as_str().to_lowercase())
                        .collect()
                })
                .unwrap_or_default(),
        },
        snapshot: Arc::clone(snapshot),
        standing,
        newest,
    }
}

fn cell<'a>(row: &'a Row, column: usize, scene: Scene<'_>) -> Line<'a> {
    let theme = scene.theme;
    let cluster = row.snapshot.cluster.value.as_deref();
    let muted = |text: String| Line::from(theme.span(Role::Muted, text));
    let unknown = || muted("-".to_owned());
    match (column, cluster) {
        (NAME, _) => Line::from(theme.span(Role::Strong, row.snapshot.id.name())),
        (STATE, _) => Line::from(theme.state(row.standing.condition.mark(), &row.standing.word)),
        (UPGRADE, _) => upgrade_cell(row, scene),
        (_, None) => unknown(),
        (VERSION, Some(_)) => row
            .version()
            .map_or_else(unknown, |version| Line::from(version.to_string())),
        (NEWEST, Some(_)) => row.newest.map_or_else(unknown, |newest| {
            let role = if row.version() == Some(newest) {
                Role::Muted
            } else {
                Role::Text
            };
            Line::from(theme.span(role, newest.to_string()))
        }),
        (POOLS, Some(cluster)) => Line::from(cluster.pools.len().to_string()),
        (NODES, Some(cluster)) => Line::from(wording::grouped(
            usize::try_from(cluster.node_count()).unwrap_or(usize::MAX),
        )),
        (GROUP, Some(cluster)) => Line::from(cluster.resource_group.as_str()),
        (SUBSCRIPTION, Some(cluster)) => Line::from(cluster.subscription_id.as_str()),
        (LOCATION, Some(cluster)) => Line::from(cluster.location.as_str()),
        (_, Some(_)) => age_cell(row, scene),
    }
}

fn age_cell(row: &Row, scene: Scene<'_>) -> Line<'static> {
    let source = &row.snapshot.cluster;
    let age = source
        .as_of
        .map_or_else(|| "-".to_owned(), |at| wording::ago(at, scene.data.now));
    Line::from(match source.state {
        SourceState::Stale { .. } | SourceState::Failed { .. } => scene.theme.state(Mark::Stale, &age),
        SourceState::Denied { .. } => scene.theme.state(Mark::Denied, &age),
        _ => scene.theme.span(Role::Muted, age),
    })
}

/// How far the upgrade is and what holds it: `███░░ 6/15 shop/cart-pdb 14 min`.
fn upgrade_cell<'a>(row: &Row, scene: Scene<'_>) -> Line<'a> {
    let theme = scene.theme;
    let is_told = matches!(
        row.standing.condition,
        Condition::Failed | Condition::Stuck | Condition::Held | Condition::Upgrading
    );
    let active = scene.data.active(&row.snapshot.id);
    if let Some((execution, gate)) = active.and_then(|execution| Some((execution, execution.gate.as_ref()?))) {
        let text = narrative::gate_short(execution, gate, scene.data.now);
        return Line::from(theme.state(Mark::Held, &text));
    }
    let Some(live) = row.snapshot.live.as_deref().filter(|_| is_told) else {
        return Line::default();
    };
    let (done, total) = live.progress();
    let mut spans = Vec::new();
    if total > 0 {
        spans.extend(bar(done, total, 5, row.standing.condition.mark().role(), theme));
        spans.push(Span::raw(format!(" {done}/{total}")));
    }
    if let Some(blocker) = live.blockers.first() {
        let held = blocker
            .nodes
            .first()
            .and_then(|name| live.nodes.get(name)?.drain.as_ref()?.holds.first())
            .map_or_else(|| blocker.what.clone(), narrative::held_by);
        let since = wording::since(blocker.since, scene.data.now);
        spans.push(theme.span(Role::Attention, format!(" {held}")));
        spans.push(theme.span(Role::Muted, format!(" {since}")));
    }
    Line::from(spans)
}
