//! Every request this session made, newest first: state, time, size, what for; what stands out is marked.
//! Looks at a copy that is renewed every second; the selection stays on its request while others come.

mod about;
mod rows;

use std::sync::Arc;

use jiff::Timestamp;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::Line;

use self::rows::{FIELDS, Row};
use super::super::actions::ActionId;
use super::super::components::prose::{self, Passage};
use super::super::components::table::{Column, Table};
use super::super::components::text_field::TextField;
use super::super::components::{Scene, inset, split_top, title, titled};
use super::super::filter::Filter;
use super::super::measure;
use super::super::theme::{DOT, Mark, Role};
use super::super::wording::{self, count};
use crate::requests::entry::{Entry, Kind, Trouble};
use crate::requests::log::Picture;
use crate::requests::same;
use crate::requests::totals::Minute;

/// By what the rows are sorted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Order {
    #[default]
    Newest,
    Worst,
    Slowest,
    Largest,
}

impl Order {
    fn next(self) -> Self {
        match self {
            Self::Newest => Self::Worst,
            Self::Worst => Self::Slowest,
            Self::Slowest => Self::Largest,
            Self::Largest => Self::Newest,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Newest => "newest first",
            Self::Worst => "worst first",
            Self::Slowest => "slowest first",
            Self::Largest => "largest first",
        }
    }
}

/// The screen's state.
#[derive(Clone, Debug, Default)]
pub(crate) struct RequestsScreen {
    picture: Arc<Picture>,
    /// False before the first look.
    is_read: bool,
    /// What the filter lets through, sorted.
    shown: Vec<Arc<Entry>>,
    /// Number of the selected request; `None`: the first row, whichever that is.
    selected: Option<u64>,
    order: Order,
    filter: Filter,
    field: TextField,
    pub(crate) is_typing: bool,
    shows_panel: bool,
}

/// Rows of the panel below the table, with its title.
const PANEL: u16 = 13;
/// Rows the table keeps beside the panel.
const LEAST_TABLE: u16 = 5;

const COLUMNS: [Column; 9] = [
    Column::text("When", 8, 8, 0),
    Column::text("State", 10, 12, 0),
    Column::number("Took", 7, 0),
    Column::text("For", 20, 60, 0).wishing(34),
    Column::text("Kind", 12, 12, 2),
    Column::number("Size", 8, 3),
    Column::text("Server", 12, 24, 4),
    Column::text("Request", 14, 120, 1).wishing(40),
    Column::text("Id", 36, 36, 5),
];

impl RequestsScreen {
    /// Takes a newer look at the log.
    pub(crate) fn take(&mut self, picture: Arc<Picture>) {
        self.picture = picture;
        self.is_read = true;
        self.choose();
    }

    /// Applies filter and order.
    fn choose(&mut self) {
        let fits = |entry: &&Arc<Entry>| self.filter.matches(&Row(entry));
        self.shown = self.picture.entries.iter().filter(fits).map(Arc::clone).collect();
        // The picture is newest first, and the sorts are stable.
        match self.order {
            Order::Newest => (),
            Order::Worst => self.shown.sort_by_key(|entry| {
                let trouble = entry.trouble();
                (trouble.is_none(), trouble)
            }),
            Order::Slowest => self.shown.sort_by_key(|entry| {
                let is_watch = entry.request.kind == Kind::KubernetesWatch;
                (is_watch, std::cmp::Reverse(entry.took))
            }),
            Order::Largest => self.shown.sort_by_key(|entry| std::cmp::Reverse(entry.received)),
        }
    }

    /// The place of the selected request; of the next older one where the ring has lost it.
    fn index(&self) -> usize {
        let Some(number) = self.selected else {
            return 0;
        };
        let place = |wanted: &dyn Fn(u64) -> bool| self.shown.iter().position(|entry| wanted(entry.number));
        place(&|known| known == number)
            .or_else(|| place(&|known| known < number))
            .unwrap_or(self.shown.len().saturating_sub(1))
    }

    pub(crate) fn selected(&self) -> Option<&Entry> {
        self.shown.get(self.index()).map(Arc::as_ref)
    }

    /// Moves, sorts, opens the filter line, or shows and hides the panel.
    pub(crate) fn act(&mut self, action: ActionId, half_page: usize) {
        match action {
            ActionId::Sort => {
                self.order = self.order.next();
                self.choose();
            }
            ActionId::Filter => self.is_typing = true,
            ActionId::Open => {
                self.shows_panel = !self.shows_panel;
                // What is read below must not run away.
                if self.shows_panel {
                    self.selected = self.selected().map(|entry| entry.number);
                }
            }
            other => {
                let from = self.index();
                let to = super::moved(other, from, self.shown.len(), half_page);
                let follows = to == 0 && self.order == Order::Newest && !self.shows_panel;
                if to != from || follows {
                    let number = self.shown.get(to).map(|entry| entry.number);
                    self.selected = number.filter(|_| !follows);
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

    pub(crate) fn is_filtered(&self) -> bool {
        !self.field.text().is_empty()
    }

    /// What enter does now, in two words.
    pub(crate) fn open_title(&self) -> &'static str {
        if self.shows_panel { "hide panel" } else { "panel" }
    }

    /// Heading and text of everything known about the selected request.
    pub(crate) fn details(&self, now: Timestamp) -> Option<(String, Vec<Passage>)> {
        let entry = self.selected()?;
        Some((format!("Request {}", entry.number), about::whole(entry, now)))
    }

    /// The command that makes the selected read by hand, or why there is none.
    pub(crate) fn command(&self) -> Option<Result<String, &'static str>> {
        self.selected().map(same::command)
    }

    /// The sentence on top.
    pub(crate) fn summary(&self, now: Timestamp) -> (Mark, String) {
        if !self.is_read {
            return (Mark::Loading, "Looking at the requests of this session".to_owned());
        }
        let minute = self.minute(now);
        let sent = format!("{} in the last minute", count(minute.all(), "request"));
        let mut troubles = Vec::new();
        if minute.errors > 0 {
            troubles.push(count(minute.errors, "error"));
        }
        if minute.throttled > 0 {
            troubles.push(format!("{} throttled", wording::grouped(minute.throttled)));
        }
        match troubles.as_slice() {
            [] => (Mark::Good, format!("{sent}, no error and no throttling")),
            some => (Mark::Stale, format!("{sent}, {}", some.join(" and "))),
        }
    }

    fn minute(&self, now: Timestamp) -> Minute {
        Minute::of(self.picture.entries.iter().map(Arc::as_ref), now)
    }

    /// Draws:
    ///
    /// ```text
    ///  last minute  48 requests: 12 azure reads, 31 k8s reads, 5 k8s watches · 1.2 MB
    ///  session      1,240 requests, 3 errors, 1 throttled, slowest 2.1 s
    ///  budget       Azure: 11,987 reads left · Kubernetes: 5 watches open
    /// ─ Requests · 312 of 2,000 · newest first ─────────────────
    ///   When      State    Took   For           Request
    /// › 09:12:09  ✓ 200    80 ms  list nodes    GET /api/v1/nodes?limit=500
    /// ─ Request 312 ────────────────────────────────────────────
    ///  GET https://...
    /// ```
    pub(crate) fn view(&self, scene: Scene<'_>, area: Rect, buffer: &mut Buffer) -> Option<Position> {
        let (field_area, area) = split_top(area, u16::from(self.is_typing || self.is_filtered()));
        let cursor =
            (field_area.height > 0).then(|| self.field.draw("  filter: ", inset(field_area, 1), scene.theme, buffer));
        let top = prose::lay_out(&self.totals(scene), area.width.saturating_sub(2), scene.theme);
        let (totals_area, area) = split_top(area, measure::cells(top.len()));
        prose::draw(&top, 0, inset(totals_area, 1), scene.theme, buffer);
        let panel = self.panel_height(area);
        let (table_area, panel_area) = split_top(area, area.height - panel);
        let inner = titled(table_area, self.heading(scene), scene.theme, buffer);
        if self.shown.is_empty() {
            let text = prose::lay_out(&[self.nothing()], inner.width.saturating_sub(4), scene.theme);
            prose::draw(&text, 0, inset(inner, 2), scene.theme, buffer);
        } else {
            self.draw_table(scene, inner, buffer);
        }
        if let Some(entry) = self.selected().filter(|_| panel > 0) {
            let name = title(scene.theme, &format!("Request {}", entry.number), false);
            let inner = titled(panel_area, Line::from(name), scene.theme, buffer);
            let passages = about::whole(entry, scene.data.now);
            let lines = prose::lay_out(&passages, inner.width.saturating_sub(2), scene.theme);
            prose::draw(&lines, 0, inset(inner, 1), scene.theme, buffer);
        }
        cursor.filter(|_| self.is_typing)
    }

    fn panel_height(&self, area: Rect) -> u16 {
        if !self.shows_panel || self.selected().is_none() {
            return 0;
        }
        PANEL.max(area.height / 2).min(area.height.saturating_sub(LEAST_TABLE))
    }

    fn heading(&self, scene: Scene<'_>) -> Line<'static> {
        let all = self.picture.entries.len();
        let number = if self.shown.len() == all {
            wording::grouped(all)
        } else {
            format!("{} of {}", wording::grouped(self.shown.len()), wording::grouped(all))
        };
        let mut text = format!("{DOT}{number}{DOT}{}", self.order.word());
        if self.selected.is_some() && self.order == Order::Newest {
            text.push_str(&format!("{DOT}g follows what comes"));
        }
        let mut spans = vec![
            title(scene.theme, "Requests", true),
            scene.theme.span(Role::Muted, text),
        ];
        if let Some(field) = self.filter.unknown_field(&FIELDS) {
            let text = format!("{DOT}! no field '{field}': {}", FIELDS.join(", "));
            spans.push(scene.theme.span(Role::Attention, text));
        }
        Line::from(spans)
    }

    fn nothing(&self) -> Passage {
        let text = match (self.is_read, self.is_filtered()) {
            (false, _) => "Looking at the log of requests.",
            (true, true) => "No request matches the filter.",
            (true, false) => "No request was made yet.",
        };
        Passage::new(Role::Text, text)
    }

    fn totals(&self, scene: Scene<'_>) -> [Passage; 3] {
        let line = |name: &str| Passage::new(Role::Muted, format!("{name:<13}")).hanging(13);
        let minute = self.minute(scene.data.now);
        let by_kind: Vec<String> = Kind::ALL
            .into_iter()
            .filter(|kind| minute.of_kind(*kind) > 0)
            .map(|kind| match minute.of_kind(kind) {
                1 => format!("1 {}", kind.word()),
                more => format!("{} {}", wording::grouped(more), kind.plural()),
            })
            .collect();
        let kinds = if by_kind.is_empty() {
            String::new()
        } else {
            format!(": {}", by_kind.join(", "))
        };
        let last = format!("{}{kinds}", count(minute.all(), "request"));
        let tally = self.picture.tally;
        let in_all = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
        let (errors, throttled) = (in_all(tally.errors), in_all(tally.throttled));
        let role = |number: usize| if number > 0 { Role::Attention } else { Role::Text };
        [
            line("last minute")
                .and(Role::Text, last)
                .and(Role::Muted, format!("{DOT}{}", rows::size(minute.received))),
            line("session")
                .and(Role::Text, format!("{}, ", count(in_all(tally.requests), "request")))
                .and(role(errors), format!("{}, ", count(errors, "error")))
                .and(role(throttled), format!("{} throttled", wording::grouped(throttled)))
                .and(
                    Role::Muted,
                    format!(
                        "{DOT}slowest {}{DOT}{}",
                        rows::span(tally.slowest),
                        rows::size(tally.received)
                    ),
                ),
            budget(line("budget"), scene, minute.open_watches),
        ]
    }

    fn draw_table(&self, scene: Scene<'_>, area: Rect, buffer: &mut Buffer) {
        let table = Table {
            columns: &COLUMNS,
            len: self.shown.len(),
            selected: self.index(),
            is_focused: true,
        };
        table.draw(area, scene.theme, buffer, |row, column| {
            self.shown
                .get(row)
                .map_or_else(Line::default, |entry| rows::cell(entry, column, scene.theme))
        });
    }
}

/// What Azure leaves us, and what is open at API servers.
fn budget(line: Passage, scene: Scene<'_>, watches: usize) -> Passage {
    let budget = scene.data.fleet.requests;
    let line = match (budget.throttled_until, budget.remaining_reads) {
        (Some(until), _) if until > scene.data.now => line.and(
            Mark::Held.role(),
            format!(
                "{} Azure asked to wait, {} left",
                Mark::Held.symbol(),
                wording::since(scene.data.now, until)
            ),
        ),
        (_, Some(left)) => {
            let left = usize::try_from(left).unwrap_or(usize::MAX);
            line.and(Role::Text, format!("Azure leaves {}", count(left, "read")))
        }
        (_, None) => line.and(Role::Text, "Azure has not said what is left"),
    };
    let open = match watches {
        1 => "1 Kubernetes watch is open".to_owned(),
        more => format!("{} Kubernetes watches are open", wording::grouped(more)),
    };
    line.and(Role::Muted, format!("{DOT}{open}"))
}

/// The mark of what stands out.
fn mark_of(trouble: Trouble) -> Mark {
    match trouble {
        Trouble::Error => Mark::Failed,
        Trouble::Throttled => Mark::Held,
        Trouble::Slow => Mark::Stale,
    }
}
