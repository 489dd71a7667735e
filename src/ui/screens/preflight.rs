//! What would go wrong, before the button: findings by harm, passes as a count, the selected one in full. After an
//! upgrade: only what is different from before.

mod rows;

use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

use self::rows::{FIELDS, Row, rows_of};
use super::super::actions::ActionId;
use super::super::checking::Goal;
use super::super::components::prose::{self, Passage};
use super::super::components::table::{Column, Table};
use super::super::components::text_field::TextField;
use super::super::components::{Scene, inset, put, split_top, title, titled};
use super::super::data::Data;
use super::super::dialogs::note;
use super::super::filter::Filter;
use super::super::inquiry::{Checked, Checks};
use super::super::measure;
use super::super::theme::{DOT, Mark, Role};
use super::super::wording::{self, count};
use super::topic::Topic;
use super::trouble::{self, outcome_mark};
use crate::domain::ids::ClusterId;
use crate::preflight::finding::{Outcome, Report};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Focus {
    #[default]
    List,
    Text,
}

/// The screen's state; `rows` and `shown` are worked out when the data changes.
#[derive(Clone, Debug)]
pub(crate) struct PreflightScreen {
    pub(crate) id: ClusterId,
    /// `None` until the person chooses: the likeliest, whichever that is.
    goal: Option<Goal>,
    /// The likeliest first.
    goals: Vec<Goal>,
    of: Option<Arc<Checked>>,
    rows: Vec<Row>,
    /// Rows that the filter lets through; passes are among them only while they are unfolded.
    shown: Vec<usize>,
    passes: usize,
    shows_passes: bool,
    selected: usize,
    focus: Focus,
    scroll: u16,
    filter: Filter,
    field: TextField,
    pub(crate) is_typing: bool,
}

impl PreflightScreen {
    pub(crate) fn new(id: ClusterId) -> Self {
        Self {
            id,
            goal: None,
            goals: Vec::new(),
            of: None,
            rows: Vec::new(),
            shown: Vec::new(),
            passes: 0,
            shows_passes: false,
            selected: 0,
            focus: Focus::default(),
            scroll: 0,
            filter: Filter::default(),
            field: TextField::default(),
            is_typing: false,
        }
    }

    /// Takes what can be asked about, and works the rows out anew where another answer has come.
    pub(crate) fn refresh(&mut self, data: &Data, goals: Vec<Goal>) {
        self.goals = goals;
        let last = checks(data, &self.id).and_then(|checks| checks.last.as_ref());
        let last = last.filter(|last| Some(&last.goal) == self.goal());
        let is_same = match (last, &self.of) {
            (Some(last), Some(of)) => Arc::ptr_eq(last, of),
            (None, None) => true,
            _ => false,
        };
        if !is_same {
            self.of = last.cloned();
            self.rows = self.of.as_deref().map(rows_of).unwrap_or_default();
            self.choose();
        }
    }

    /// What is asked about; `None` while that is still being read.
    pub(crate) fn goal(&self) -> Option<&Goal> {
        self.goal.as_ref().or_else(|| self.goals.first())
    }

    /// True where no answer to what is asked about is here.
    pub(crate) fn has_no_answer(&self) -> bool {
        self.of.is_none()
    }

    fn choose(&mut self) {
        let fits = |row: &Row| self.filter.matches(row);
        self.passes = self.rows.iter().filter(|row| row.is_pass() && fits(row)).count();
        self.shown = (0..self.rows.len())
            .filter(|at| (self.shows_passes || !self.rows[*at].is_pass()) && fits(&self.rows[*at]))
            .collect();
        self.selected = self.selected.min(self.len().saturating_sub(1));
    }

    /// Rows on the screen, with the one that stands for the passes.
    fn len(&self) -> usize {
        self.shown.len() + usize::from(self.passes > 0)
    }

    /// Where the line that stands for the passes is: before them.
    fn fold(&self) -> Option<usize> {
        let hidden = if self.shows_passes { self.passes } else { 0 };
        (self.passes > 0).then(|| self.shown.len() - hidden)
    }

    fn row(&self, at: usize) -> Option<&Row> {
        let at = match self.fold() {
            Some(fold) if at == fold => return None,
            Some(fold) if at > fold => at - 1,
            _ => at,
        };
        self.rows.get(*self.shown.get(at)?)
    }

    /// What a page or a remedy would be about.
    pub(crate) fn topic(&self) -> Option<Topic> {
        Some(Topic::Finding(Box::new(self.row(self.selected)?.finding.clone())))
    }

    /// Folds or unfolds the passes; false where something else is selected.
    pub(crate) fn toggle_passes(&mut self) -> bool {
        let is_fold = self.fold() == Some(self.selected);
        if is_fold {
            self.shows_passes = !self.shows_passes;
            self.choose();
        }
        is_fold
    }

    pub(crate) fn shows_passes(&self) -> bool {
        self.shows_passes
    }

    /// True where the line that stands for the passes is selected.
    pub(crate) fn is_at_fold(&self) -> bool {
        self.fold() == Some(self.selected)
    }

    /// Moves, scrolls, chooses what is asked about, or opens the filter line.
    pub(crate) fn act(&mut self, action: ActionId, scene: Scene<'_>, area: Rect) {
        match action {
            ActionId::Filter => self.is_typing = true,
            ActionId::Left => self.step_goal(-1),
            ActionId::Right => self.step_goal(1),
            ActionId::NextPanel | ActionId::PreviousPanel => {
                self.focus = match self.focus {
                    Focus::List => Focus::Text,
                    Focus::Text => Focus::List,
                };
            }
            other if self.focus == Focus::Text => {
                let text = self.areas(area).1;
                let rows = text.height.saturating_sub(1);
                let lines = self.lines(scene, text.width).len();
                let last = usize::from(prose::last_scroll(lines, rows));
                let to = super::moved(other, usize::from(self.scroll), last + 1, usize::from(rows / 2));
                self.scroll = measure::cells(to);
            }
            other => {
                let half = usize::from(self.areas(area).0.height / 2);
                let to = super::moved(other, self.selected, self.len(), half);
                if to != self.selected {
                    self.selected = to;
                    self.scroll = 0;
                }
            }
        }
    }

    fn step_goal(&mut self, by: isize) {
        let at = self
            .goal()
            .and_then(|goal| self.goals.iter().position(|one| one == goal));
        let next = at.and_then(|at| at.checked_add_signed(by));
        if let Some(goal) = next.and_then(|next| self.goals.get(next)) {
            self.goal = Some(goal.clone());
            self.selected = 0;
            self.scroll = 0;
        }
    }

    /// Changes the filter line; the list follows while one types.
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

    fn areas(&self, area: Rect) -> (Rect, Rect) {
        let head = 2 + u16::from(self.is_typing || self.is_filtered()) + u16::from(self.note().is_some());
        if self.len() == 0 {
            return (area, split_top(area, area.height).1);
        }
        let least = area.height / 3;
        split_top(
            area,
            (measure::cells(self.len()) + head).min((area.height / 2).max(least)),
        )
    }

    /// Draws:
    ///
    /// ```text
    /// ─ Checks to 1.34.2 · 2 blockers, 1 warning, 3 unknown · 12 s ago ──
    ///   Result     About         What                        Code
    /// › ✖ blocker  PodDisr...    it allows no eviction       pdb-zero
    ///   ? unknown  ...
    ///   ✓ 62 checks passed: enter shows them
    /// ─ pdb-zero ────────────────────────────────────────────────────────
    ///  headline, evidence, what it leads to, remedies
    /// ```
    pub(crate) fn view(&self, scene: Scene<'_>, area: Rect, buffer: &mut Buffer) -> Option<Position> {
        let (list, text) = self.areas(area);
        let mut list = titled(list, self.heading(scene), scene.theme, buffer);
        let mut cursor = None;
        if self.is_typing || self.is_filtered() {
            let (line, rest) = split_top(list, 1);
            let place = self.field.draw("  filter: ", line, scene.theme, buffer);
            self.draw_complaint(line, scene, buffer);
            cursor = self.is_typing.then_some(place);
            list = rest;
        }
        if let Some(note) = self.note() {
            let (line, rest) = split_top(list, 1);
            let text = Line::from(scene.theme.span(Role::Muted, note));
            put(buffer, line.x + 2, line.y, line.width.saturating_sub(2), text);
            list = rest;
        }
        if self.len() == 0 {
            let lines = prose::lay_out(&self.nothing(scene), list.width.saturating_sub(4), scene.theme);
            prose::draw(&lines, 0, inset(list, 2), scene.theme, buffer);
            return cursor;
        }
        self.draw_list(scene, list, buffer);
        let heading = self
            .row(self.selected)
            .map_or("passes", |row| row.finding.title.as_str());
        let heading = Line::from(title(scene.theme, heading, self.focus == Focus::Text));
        let inner = titled(text, heading, scene.theme, buffer);
        let lines = self.lines(scene, text.width);
        prose::draw(&lines, self.scroll, inset(inner, 1), scene.theme, buffer);
        cursor
    }

    fn draw_complaint(&self, line: Rect, scene: Scene<'_>, buffer: &mut Buffer) {
        if let Some(field) = self.filter.unknown_field(&FIELDS) {
            let text = format!("! no field '{field}': {}", FIELDS.join(", "));
            let width = measure::width(&text).min(line.width / 2);
            let text = Line::from(scene.theme.span(Role::Attention, text));
            put(buffer, line.right() - width, line.y, width, text);
        }
    }

    /// Said once above a comparison.
    fn note(&self) -> Option<&'static str> {
        match self.of.as_deref() {
            Some(of) if of.difference.is_some() => Some("Only what differs from the checks before the upgrade."),
            Some(Checked {
                goal: Goal::After { .. },
                ..
            }) => Some("No checks were kept from before this upgrade: all findings are shown."),
            _ => None,
        }
    }

    fn heading(&self, scene: Scene<'_>) -> Line<'static> {
        let name = match self.goal() {
            Some(goal) => format!("Checks {}", goal.title()),
            None => "Checks".to_owned(),
        };
        let mut spans = vec![title(scene.theme, &name, self.focus == Focus::List)];
        if let Some(of) = &self.of {
            for (mark, text) in tally(of) {
                spans.push(Span::raw("  "));
                spans.push(scene.theme.state(mark, &text));
            }
            let age = wording::ago(of.survey.0.taken_at, scene.data.now);
            spans.push(scene.theme.span(Role::Muted, format!("{DOT}{age}")));
        }
        if self.goals.len() > 1 {
            spans.push(scene.theme.span(Role::Muted, format!("{DOT}h l other targets")));
        }
        Line::from(spans)
    }

    /// What stands where findings would be.
    fn nothing(&self, scene: Scene<'_>) -> Vec<Passage> {
        let checks = checks(scene.data, &self.id);
        if let Some(asked) = checks.and_then(|checks| checks.asked) {
            let text = format!(
                "{} reading the cluster, its workloads and its place in Azure, for {}",
                Mark::Loading.symbol(),
                wording::since(asked.since, scene.data.now)
            );
            return vec![
                Passage::new(Role::Muted, text),
                Passage::new(
                    Role::Muted,
                    format!("{} checks are made from it; esc stops", all_checks()),
                )
                .indented(2),
            ];
        }
        if let Some(problem) = checks.and_then(|checks| checks.problem.as_ref()) {
            return note::problem_passages(problem);
        }
        match &self.of {
            None => vec![Passage::new(
                Role::Muted,
                format!("{} reading what Azure offers this cluster", Mark::Loading.symbol()),
            )],
            Some(_) if self.is_filtered() => vec![Passage::new(Role::Text, "No finding matches the filter.")],
            Some(of) if of.difference.is_some() => vec![Passage::new(
                Role::Good,
                format!(
                    "{} Nothing differs: the upgrade left no new trouble.",
                    Mark::Good.symbol()
                ),
            )],
            Some(_) => vec![Passage::new(Role::Text, "No check has said anything.")],
        }
    }

    fn draw_list(&self, scene: Scene<'_>, area: Rect, buffer: &mut Buffer) {
        let columns = [
            Column::text("Result", 9, self.result_width(), 0).wishing(self.result_width()),
            Column::text("About", 20, 46, 0).wishing(24),
            Column::text("What", 30, 110, 0).wishing(48),
            Column::text("Code", 14, 26, 2),
            Column::text("Said by", 12, 12, 1),
        ];
        let table = Table {
            columns: &columns,
            len: self.len(),
            selected: self.selected,
            is_focused: self.focus == Focus::List,
        };
        table.draw(area, scene.theme, buffer, |row, column| match self.row(row) {
            Some(row) => cell(row, column, scene),
            None => self.fold_cell(column, scene),
        });
    }

    fn result_width(&self) -> u16 {
        let is_comparison = self.of.as_deref().is_some_and(|of| of.difference.is_some());
        if is_comparison { 22 } else { 9 }
    }

    fn fold_cell(&self, column: usize, scene: Scene<'_>) -> Line<'static> {
        match column {
            0 => Line::from(scene.theme.state(Mark::Good, "pass")),
            2 => {
                let what = if self.shows_passes { "hides" } else { "shows" };
                let text = format!("{} passed; enter {what} them", count(self.passes, "check"));
                Line::from(scene.theme.span(Role::Muted, text))
            }
            _ => Line::default(),
        }
    }

    fn lines(&self, scene: Scene<'_>, width: u16) -> Vec<Line<'static>> {
        let passages = match self.row(self.selected) {
            Some(row) => trouble::finding(&row.finding, !scene.data.is_read_only),
            None => Vec::new(),
        };
        prose::lay_out(&passages, width.saturating_sub(2).min(WIDEST), scene.theme)
    }
}

/// Longer lines are hard to read.
const WIDEST: u16 = 120;

fn checks<'a>(data: &'a Data, id: &ClusterId) -> Option<&'a Checks> {
    data.inquiries.checks(id)
}

fn all_checks() -> usize {
    crate::preflight::catalogue().len()
}

/// Counts by result, worst first, or by what is different.
fn tally(of: &Checked) -> Vec<(Mark, String)> {
    if let Some(difference) = &of.difference {
        return [
            (Mark::Unsupported, difference.new.len(), "new"),
            (Mark::Note, difference.changed.len(), "changed"),
            (Mark::Good, difference.gone.len(), "gone"),
        ]
        .into_iter()
        .filter(|(_, number, _)| *number > 0)
        .map(|(mark, number, word)| (mark, format!("{number} {word}")))
        .collect();
    }
    counts(&of.report)
}

/// As `✖ 2 blockers`, for each result there is, worst first.
pub(crate) fn counts(report: &Report) -> Vec<(Mark, String)> {
    [
        Outcome::Blocker,
        Outcome::Warning,
        Outcome::Unknown,
        Outcome::Info,
        Outcome::Pass,
    ]
    .into_iter()
    .map(|outcome| (outcome, report.count(outcome)))
    .filter(|(_, number)| *number > 0)
    .map(|(outcome, number)| {
        let text = match outcome {
            Outcome::Blocker | Outcome::Warning => count(number, outcome.as_str()),
            Outcome::Pass => format!("{number} passed"),
            Outcome::Unknown | Outcome::Info => format!("{number} {}", outcome.as_str()),
        };
        (outcome_mark(outcome), text)
    })
    .collect()
}

fn cell<'a>(row: &'a Row, column: usize, scene: Scene<'_>) -> Line<'a> {
    let finding = &row.finding;
    match column {
        0 => {
            let state = scene
                .theme
                .state(outcome_mark(finding.outcome), finding.outcome.as_str());
            match row.change_word() {
                Some(word) => Line::from(vec![state, scene.theme.span(Role::Muted, format!(", {word}"))]),
                None => Line::from(state),
            }
        }
        1 => Line::from(row.subject.as_str()),
        2 => Line::from(finding.headline.as_str()),
        3 => Line::from(scene.theme.span(Role::Muted, finding.code.as_str())),
        _ => Line::from(trouble::origin_word(&finding.origin)),
    }
}
