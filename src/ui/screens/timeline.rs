//! What happened in an execution, oldest first: who, what, when, with which request. Follows its end while it grows.

use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::super::actions::ActionId;
use super::super::components::prose::{self, Passage};
use super::super::components::table::{Column, Table};
use super::super::components::{Scene, inset, split_top, title, titled};
use super::super::data::Data;
use super::super::dialogs::note;
use super::super::measure;
use super::super::theme::{DOT, Mark, Role, Theme};
use super::super::wording::{self, count};
use crate::domain::ids::{ClusterId, ExecutionId, StepId};
use crate::engine::replay::moments;
use crate::engine::timeline::Entry;
use crate::engine::view::ExecutionView;
use crate::problem::Problem;

/// One line of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Row {
    Step(StepId),
    /// A place among the entries.
    Entry(usize),
}

/// The screen's state.
#[derive(Clone, Debug)]
pub(crate) struct TimelineScreen {
    pub(crate) id: ClusterId,
    execution: Arc<ExecutionView>,
    /// Oldest first; `None` before the first reading.
    entries: Option<Vec<Entry>>,
    problem: Option<Problem>,
    /// `None`: the newest, whichever that is.
    selected: Option<usize>,
    /// The lines of the table: an entry, or the step that the entries below it are about.
    rows: Vec<Row>,
    is_old: bool,
    is_reading: bool,
}

impl TimelineScreen {
    /// A timeline that is being read.
    pub(crate) fn new(id: ClusterId, execution: Arc<ExecutionView>) -> Self {
        Self {
            id,
            execution,
            entries: None,
            problem: None,
            selected: None,
            rows: Vec::new(),
            is_old: false,
            is_reading: true,
        }
    }

    /// Whose story it is.
    pub(crate) fn execution(&self) -> &ExecutionId {
        &self.execution.id
    }

    /// Notices that more has happened.
    pub(crate) fn refresh(&mut self, data: &Data) {
        let newest = data
            .execution(&self.id)
            .filter(|newest| newest.id == self.execution.id && **newest != self.execution);
        if let Some(newest) = newest {
            self.execution = Arc::clone(newest);
            self.is_old = true;
        }
    }

    /// True where the entries are to be read again; they count as being read from then on.
    pub(crate) fn begin_reading(&mut self) -> bool {
        let begins = self.is_old && !self.is_reading;
        self.is_reading |= begins;
        self.is_old &= !begins;
        begins
    }

    /// Takes the entries. What could not be read again leaves the old ones standing.
    pub(crate) fn take(&mut self, answer: Result<Vec<Entry>, Problem>) {
        self.is_reading = false;
        match answer {
            Ok(entries) => {
                self.rows = grouped(&entries);
                self.entries = Some(entries);
                self.problem = None;
            }
            Err(problem) => self.problem = Some(problem),
        }
    }

    fn all(&self) -> &[Entry] {
        self.entries.as_deref().unwrap_or_default()
    }

    fn position(&self) -> usize {
        let last = self.all().len().saturating_sub(1);
        self.selected.unwrap_or(last).min(last)
    }

    /// The selected entry.
    pub(crate) fn selected(&self) -> Option<&Entry> {
        self.all().get(self.position())
    }

    pub(crate) fn act(&mut self, action: ActionId, half_page: usize) {
        let len = self.all().len();
        let from = self.position();
        let is_problem = |at: &usize| moments::is_problem(&self.all()[*at].kind);
        let to = match action {
            ActionId::NextMoment => (from + 1..len).find(is_problem).unwrap_or(from),
            ActionId::PreviousMoment => (0..from).rev().find(is_problem).unwrap_or(from),
            other => super::moved(other, from, len, half_page),
        };
        // At the end it follows what comes.
        self.selected = (to + 1 < len).then_some(to);
    }

    /// Everything about an entry, for `d`.
    pub(crate) fn details(&self, entry: &Entry, data: &Data) -> Vec<Passage> {
        let fact = |name: &str, value: String| {
            Passage::new(Role::Muted, format!("{name:<12}"))
                .and(Role::Text, value)
                .hanging(12)
        };
        let mut out = vec![
            Passage::new(Role::Strong, &entry.what),
            Passage::blank(),
            fact("when", format!("{}, {}", entry.at, wording::ago(entry.at, data.now))),
            fact("who", who(entry, data)),
            fact("kind", entry.kind.clone()),
        ];
        out.extend(entry.step.as_ref().map(|step| {
            let title = self.execution.plan.step(step).map(|step| step.kind.title());
            fact("step", title.unwrap_or_else(|| step.to_string()))
        }));
        out.extend(entry.request_id.map(|id| fact("request id", id.to_string())));
        out
    }

    /// Draws:
    ///
    /// ```text
    /// ─ Timeline of k3v9 · 42 entries · follows ───────────────
    ///   When      Who          Step       What
    ///   09:12:05  anna@laptop             Created the plan
    /// › 09:12:09  driver       pool-user  Azure accepted it
    /// ```
    pub(crate) fn view(&self, scene: Scene<'_>, area: Rect, buffer: &mut Buffer) {
        let mut heading = vec![title(scene.theme, &format!("Timeline of {}", self.execution.id), true)];
        if self.entries.is_some() {
            let follows = match (self.selected, self.execution.state.is_final()) {
                (_, true) => "ended",
                (None, false) => "follows what comes",
                (Some(_), false) => "G follows what comes",
            };
            let problems = self
                .all()
                .iter()
                .filter(|entry| moments::is_problem(&entry.kind))
                .count();
            let problems = match problems {
                0 => String::new(),
                some => format!("{DOT}{}", count(some, "problem")),
            };
            let text = format!("{DOT}{}{problems}{DOT}{follows}", count(self.all().len(), "record"));
            heading.push(scene.theme.span(Role::Muted, text));
        }
        let area = titled(area, Line::from(heading), scene.theme, buffer);
        let notes = self.notes();
        let lines = prose::lay_out(&notes, area.width.saturating_sub(4), scene.theme);
        if self.all().is_empty() || !notes.is_empty() {
            prose::draw(&lines, 0, inset(area, 2), scene.theme, buffer);
        }
        if self.all().is_empty() {
            return;
        }
        let used = measure::cells(if notes.is_empty() { 0 } else { lines.len() });
        let area = split_top(area, used).1;
        self.draw_table(scene, area, buffer);
    }

    /// The heading of a step's entries.
    fn step_cell(&self, step: &StepId, column: usize, theme: Theme) -> Line<'static> {
        if column != 2 {
            return Line::default();
        }
        let known = self.execution.plan.step(step);
        let title = known.map_or_else(|| step.to_string(), |known| known.kind.title());
        Line::from(theme.span(Role::Heading, title))
    }

    fn notes(&self) -> Vec<Passage> {
        match (&self.problem, &self.entries) {
            (Some(problem), _) => note::problem_passages(problem),
            (None, None) => vec![Passage::new(
                Role::Muted,
                format!("{} reading the journal", Mark::Loading.symbol()),
            )],
            (None, Some(entries)) if entries.is_empty() => {
                vec![Passage::new(Role::Text, "Nothing has happened yet.")]
            }
            (None, Some(_)) => Vec::new(),
        }
    }

    fn draw_table(&self, scene: Scene<'_>, area: Rect, buffer: &mut Buffer) {
        let columns = [
            Column::text("When (UTC)", 14, 14, 0),
            Column::text("Who", 12, 24, 0),
            Column::text("What", 40, 120, 0).wishing(110),
            Column::text("Step", 14, 20, 1),
            Column::text("Request", 36, 36, 2),
        ];
        let table = Table {
            columns: &columns,
            len: self.rows.len(),
            selected: self
                .rows
                .iter()
                .position(|row| *row == Row::Entry(self.position()))
                .unwrap_or(0),
            is_focused: true,
        };
        table.draw(area, scene.theme, buffer, |row, column| {
            let entry = match self.rows.get(row) {
                Some(Row::Entry(at)) => self.all().get(*at),
                Some(Row::Step(step)) => return self.step_cell(step, column, scene.theme),
                None => None,
            };
            let Some(entry) = entry else {
                return Line::default();
            };
            let is_problem = moments::is_problem(&entry.kind);
            let muted = |text: String| Line::from(scene.theme.span(Role::Muted, text));
            match column {
                0 => muted(entry.at.strftime("%m-%d %H:%M:%S").to_string()),
                1 => Line::from(who(entry, scene.data)),
                2 if is_problem => Line::from(scene.theme.span(
                    Role::Attention,
                    format!("{} {}", Mark::Unsupported.symbol(), entry.what),
                )),
                2 => Line::from(entry.what.as_str()),
                3 => entry
                    .step
                    .as_ref()
                    .map_or_else(Line::default, |step| muted(step.to_string())),
                _ => entry.request_id.map_or_else(Line::default, |id| muted(id.to_string())),
            }
        });
    }
}

/// Every step's entries stand below its heading; what is about no step stays where it happened.
fn grouped(entries: &[Entry]) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut last = None;
    for (at, entry) in entries.iter().enumerate() {
        if let Some(step) = entry.step.as_ref().filter(|step| last != Some(*step)) {
            rows.push(Row::Step(step.clone()));
            last = Some(step);
        }
        rows.push(Row::Entry(at));
    }
    rows
}

fn who(entry: &Entry, data: &Data) -> String {
    entry
        .who
        .as_ref()
        .map_or_else(|| "-".to_owned(), |person| data.called(person))
}
