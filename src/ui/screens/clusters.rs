//! The overview: every cluster, worst first, with version, lag, support, state, and how far a running upgrade is.

mod cells;
mod order;
mod row;

use std::sync::Arc;

use jiff::Timestamp;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::Line;

use self::cells::{Columns, cell};
use self::row::Row;
use super::super::actions::ActionId;
use super::super::components::prose::{self, Passage};
use super::super::components::table::{self, Table};
use super::super::components::text_field::TextField;
use super::super::components::{Scene, inset, put, split_top, title, titled};
use super::super::condition::Condition;
use super::super::data::Data;
use super::super::filter::Filter;
use super::super::measure;
use super::super::narrative::{self, Told};
use super::super::theme::{CURSOR, DOT, Mark, Role, Theme};
use super::super::wording::{self, count};
use crate::domain::ids::ClusterId;
use crate::inventory::snapshot::{ClusterSnapshot, SourceState};

pub(crate) use self::order::{Sort, ViewSpec};

/// What is selected.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum Selected {
    /// Nobody moved yet: the first row, whichever that is.
    #[default]
    First,
    Cluster(ClusterId),
    /// The line that stands for the healthy clusters.
    Fold,
}

/// The overview's state.
#[derive(Clone, Debug, Default)]
pub(crate) struct ClustersScreen {
    rows: Vec<Row>,
    /// Indices of the rows that are shown, sorted.
    shown: Vec<usize>,
    /// Healthy rows that are one line.
    folded: usize,
    selected: Selected,
    view: ViewSpec,
    filter: Filter,
    field: TextField,
    pub(crate) is_typing: bool,
    columns: Columns,
    /// The sentence on top.
    summary: Option<(Mark, String)>,
    totals: String,
    /// When the rows were worked out.
    now: Timestamp,
}

/// Fewer healthy clusters than this are shown as they are.
const LEAST_FOLDED: usize = 2;
/// Rows of the table at least, before the line with the totals has a place.
const TABLE_FIRST: u16 = 6;

impl ClustersScreen {
    /// Works the rows out anew.
    pub(crate) fn refresh(&mut self, data: &Data) {
        let before = std::mem::take(&mut self.rows);
        // Both are in id order.
        let mut known = before.iter().peekable();
        self.rows = data
            .fleet
            .clusters
            .iter()
            .map(|snapshot| {
                while known.next_if(|row| row.snapshot.id < snapshot.id).is_some() {}
                let row = known.peek().copied().filter(|row| row.snapshot.id == snapshot.id);
                Row::of(snapshot, row, data)
            })
            .collect();
        self.columns = Columns::of(&self.rows);
        self.summary = self.told(data);
        self.totals = cells::totals(&self.rows);
        self.now = data.now;
        self.choose();
    }

    /// Applies filter, sort and fold.
    fn choose(&mut self) {
        let rows = &self.rows;
        self.shown = (0..rows.len())
            .filter(|at| self.filter.matches(&rows[*at].searchable))
            .collect();
        let sort = self.view.sort;
        // The rows come in id order, and the sort is stable: equal rows never change places.
        self.shown.sort_by(|a, b| rows[*a].compared(&rows[*b], sort, self.now));
        let healthy = self.shown.iter().filter(|at| rows[**at].is_healthy()).count();
        let may_fold = self.view.folded && sort.is_worst_first() && self.field.text().is_empty();
        self.folded = 0;
        if may_fold && healthy >= LEAST_FOLDED && healthy < self.shown.len() {
            self.folded = healthy;
            self.shown.retain(|at| !rows[*at].is_healthy());
        }
    }

    /// The view as a value, to be kept.
    pub(crate) fn view_spec(&self) -> ViewSpec {
        ViewSpec {
            filter: self.field.text().to_owned(),
            ..self.view.clone()
        }
    }

    /// Shows a view that was kept.
    pub(crate) fn show(&mut self, view: ViewSpec) {
        if self.field.text() != view.filter {
            self.field = TextField::default();
            self.field.paste(&view.filter);
            self.filter = Filter::parse(self.field.text());
        }
        self.view = view;
        self.choose();
    }

    /// The selected cluster; `None` where nothing was selected, or the line of the healthy ones is.
    pub(crate) fn selection(&self) -> Option<&ClusterId> {
        match &self.selected {
            Selected::Cluster(id) => Some(id),
            Selected::First | Selected::Fold => None,
        }
    }

    /// Selects a cluster, whether it is in the list already or comes later.
    pub(crate) fn point_at(&mut self, id: ClusterId) {
        self.selected = Selected::Cluster(id);
    }

    /// Rows on the screen, the line of the healthy ones among them.
    fn len(&self) -> usize {
        self.shown.len() + usize::from(self.folded > 0)
    }

    fn index(&self) -> usize {
        match &self.selected {
            Selected::First => 0,
            Selected::Fold => self.len().saturating_sub(1),
            Selected::Cluster(id) => self
                .shown
                .iter()
                .position(|at| self.rows[*at].snapshot.id == *id)
                .unwrap_or(0),
        }
    }

    fn selected_row(&self) -> Option<&Row> {
        Some(&self.rows[*self.shown.get(self.index())?])
    }

    /// The selected cluster.
    pub(crate) fn selected(&self) -> Option<&Arc<ClusterSnapshot>> {
        self.selected_row().map(|row| &row.snapshot)
    }

    /// True where the line of the healthy clusters is selected.
    pub(crate) fn is_at_fold(&self) -> bool {
        self.folded > 0 && self.index() == self.shown.len()
    }

    /// Whether the selected cluster's upgrade is what a person wants to see first.
    pub(crate) fn selected_is_moving(&self) -> bool {
        self.selected_row().is_some_and(|row| {
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

    /// Moves, sorts, folds, or opens the filter line.
    pub(crate) fn act(&mut self, action: ActionId, area: Rect) {
        let view = self.view_spec();
        match action {
            ActionId::Sort => {
                let sort = view.sort.next(&self.columns.sort_keys(area.width));
                self.show(ViewSpec { sort, ..view });
            }
            ActionId::Reverse => {
                let sort = view.sort.reversed();
                self.show(ViewSpec { sort, ..view });
            }
            ActionId::Fold => {
                // The first of the clusters that were one line is where a person goes on.
                let was_at_fold = self.is_at_fold();
                let first = self.shown.len();
                let folded = !view.folded;
                self.show(ViewSpec { folded, ..view });
                if was_at_fold {
                    self.select(first);
                }
            }
            ActionId::Filter => self.is_typing = true,
            other => {
                let to = super::moved(other, self.index(), self.len(), usize::from(area.height / 2));
                if to != self.index() {
                    self.select(to);
                }
            }
        }
    }

    fn select(&mut self, row: usize) {
        self.selected = match self.shown.get(row) {
            Some(at) => Selected::Cluster(self.rows[*at].snapshot.id.clone()),
            None if self.folded > 0 => Selected::Fold,
            None => Selected::First,
        };
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
                execution: row.execution.as_deref(),
            })
            .collect();
        (!told.is_empty()).then(|| narrative::fleet(&told, data.now))
    }

    /// Draws, the columns by the room there is:
    ///
    /// ```text
    /// / filter being typed
    /// ─ 12 of 14 clusters · worst first ─────────────────────────────────────────────────
    ///   Cluster    State ↑   Version  Behind   Support  Upgrade                      Driver  Window
    /// › pay-prod   ▲ stuck   1.33.5   1 minor  17 d     ███░░ 6/15 shop/cart-pdb 14  you     in 14 h: 1.33.7
    ///   ✓ 7 healthy clusters
    /// ! what could not be read
    ///   43 pools · 231 nodes · 1 stuck · 2 upgrading · support of 3 ends soon
    /// ```
    pub(crate) fn view(&self, scene: Scene<'_>, area: Rect, buffer: &mut Buffer) -> Option<Position> {
        let (field_area, area) = split_top(area, u16::from(self.is_typing || self.is_filtered()));
        let cursor = (field_area.height > 0).then(|| self.draw_field(scene.theme, field_area, buffer));
        let area = titled(area, self.title(scene.theme), scene.theme, buffer);
        let notes = Self::notes(scene);
        let lines = prose::lay_out(&notes, area.width.saturating_sub(2), scene.theme);
        let notes_height = measure::cells(lines.len()).min(area.height / 3);
        let has_totals = self.rows.len() > 1 && area.height > TABLE_FIRST + notes_height;
        let (table_area, below) = split_top(area, area.height - notes_height - u16::from(has_totals));
        let (notes_area, totals_area) = split_top(below, notes_height);
        if self.len() == 0 {
            let text = prose::lay_out(&self.nothing(scene), table_area.width.saturating_sub(4), scene.theme);
            prose::draw(&text, 0, inset(split_top(table_area, 1).1, 2), scene.theme, buffer);
        } else {
            self.draw_table(scene, table_area, buffer);
        }
        prose::draw(&lines, 0, inset(notes_area, 1), scene.theme, buffer);
        if has_totals {
            let text = scene.theme.span(Role::Muted, self.totals.as_str());
            let room = totals_area.width.saturating_sub(3);
            put(buffer, totals_area.x + 2, totals_area.y, room, Line::from(text));
        }
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
            theme.span(Role::Muted, format!("{DOT}{}", self.view.sort.words())),
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

    fn draw_table(&self, scene: Scene<'_>, area: Rect, buffer: &mut Buffer) {
        let table = Table {
            columns: self.columns.all(),
            len: self.len(),
            selected: self.index(),
            is_focused: !self.is_typing,
        };
        table.draw(area, scene.theme, buffer, |row, column| {
            self.shown
                .get(row)
                .map_or_else(Line::default, |at| cell(&self.rows[*at], column, scene))
        });
        self.columns.mark_sorted(self.view.sort, scene.theme, area, buffer);
        let rows = table::window(self.index(), self.len(), usize::from(area.height.saturating_sub(1)));
        if self.folded > 0 && rows.contains(&self.shown.len()) {
            let y = area.y + 1 + measure::cells(self.shown.len() - rows.start);
            self.draw_fold(scene.theme, Rect { y, height: 1, ..area }, buffer);
        }
    }

    /// One line for all that need nobody.
    fn draw_fold(&self, theme: Theme, area: Rect, buffer: &mut Buffer) {
        let is_selected = self.is_at_fold();
        let text = format!("{} {}", Mark::Good.symbol(), count(self.folded, "healthy cluster"));
        let (role, sign) = if is_selected {
            (Role::Selected, CURSOR)
        } else {
            (Role::Good, " ")
        };
        let hint = theme.span(Role::Muted, "  z shows them");
        put(buffer, area.x, area.y, 1, Line::from(sign));
        let line = Line::from(vec![theme.span(role, text), hint]);
        put(buffer, area.x + 2, area.y, area.width.saturating_sub(3), line);
        if is_selected {
            buffer.set_style(area, theme.style(role));
        }
    }
}
