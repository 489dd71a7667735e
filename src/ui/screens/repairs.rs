//! The repairs made on a cluster, newest first: who, what, how it ended, and whether it can be taken back.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::super::actions::ActionId;
use super::super::components::prose::{self, Passage};
use super::super::components::table::{Column, Table};
use super::super::components::{Scene, inset, split_top, title, titled};
use super::super::data::Data;
use super::super::dialogs::note;
use super::super::inquiry::Repairs;
use super::super::measure;
use super::super::theme::{DOT, Mark, Role};
use super::super::wording::{self, count};
use super::trouble::{heading, risk_role};
use crate::domain::ids::ClusterId;
use crate::engine::repair::{RepairEntry, RepairRequest, RepairState};

/// The screen's state.
#[derive(Clone, Debug)]
pub(crate) struct RepairsScreen {
    pub(crate) id: ClusterId,
    selected: usize,
}

impl RepairsScreen {
    pub(crate) fn new(id: ClusterId) -> Self {
        Self { id, selected: 0 }
    }

    pub(crate) fn selected<'a>(&self, data: &'a Data) -> Option<&'a RepairEntry> {
        entries(data, &self.id).get(self.selected)
    }

    pub(crate) fn act(&mut self, action: ActionId, data: &Data, half_page: usize) {
        self.selected = super::moved(action, self.selected, entries(data, &self.id).len(), half_page);
    }

    /// Draws:
    ///
    /// ```text
    /// ─ Repairs of shop-prod · 2 repairs ─────────────────────────
    ///   When (UTC)      State     What                        Who
    /// › 07-14 09:28:11  ✓ done    allow one disruption in ...  you
    /// ```
    pub(crate) fn view(&self, scene: Scene<'_>, area: Rect, buffer: &mut Buffer) {
        let entries = entries(scene.data, &self.id);
        let repairs = scene.data.inquiries.repairs(&self.id);
        let mut spans = vec![title(scene.theme, &format!("Repairs of {}", self.id.name()), true)];
        if repairs.is_some_and(|repairs| repairs.entries.is_some()) {
            let text = format!("{DOT}{}", count(entries.len(), "repair"));
            spans.push(scene.theme.span(Role::Muted, text));
        }
        let area = titled(area, Line::from(spans), scene.theme, buffer);
        let notes = notes(repairs, scene.data.is_read_only);
        let lines = prose::lay_out(&notes, area.width.saturating_sub(4), scene.theme);
        prose::draw(&lines, 0, inset(area, 2), scene.theme, buffer);
        if entries.is_empty() {
            return;
        }
        let rest = split_top(area, measure::cells(lines.len())).1;
        let columns = [
            Column::text("When (UTC)", 14, 14, 1),
            Column::text("State", 13, 13, 0),
            Column::text("What", 30, 110, 0).wishing(46),
            Column::text("Who", 10, 24, 2),
            Column::text("Id", 5, 8, 3),
        ];
        let table = Table {
            columns: &columns,
            len: entries.len(),
            selected: self.selected,
            is_focused: true,
        };
        table.draw(rest, scene.theme, buffer, |row, column| {
            entries
                .get(row)
                .map_or_else(Line::default, |entry| cell(entry, column, scene))
        });
    }
}

fn entries<'a>(data: &'a Data, id: &ClusterId) -> &'a [RepairEntry] {
    let known = data
        .inquiries
        .repairs(id)
        .and_then(|repairs| repairs.entries.as_deref());
    known.map(Vec::as_slice).unwrap_or_default()
}

fn notes(repairs: Option<&Repairs>, is_read_only: bool) -> Vec<Passage> {
    match repairs {
        Some(Repairs {
            problem: Some(problem), ..
        }) => note::problem_passages(problem),
        Some(Repairs {
            entries: Some(entries), ..
        }) if entries.is_empty() => {
            let none = Passage::new(Role::Text, "No repair was made here from this journal.");
            if is_read_only {
                vec![none]
            } else {
                let how = "x shows what is wrong; M there mends it";
                vec![none, Passage::new(Role::Muted, how)]
            }
        }
        Some(Repairs { entries: Some(_), .. }) => Vec::new(),
        _ => vec![Passage::new(
            Role::Muted,
            format!("{} reading the journal", Mark::Loading.symbol()),
        )],
    }
}

/// How a repair stands: symbol and word.
fn state(state: &RepairState) -> (Mark, &'static str) {
    match state {
        RepairState::Begun => (Mark::Busy, "begun"),
        RepairState::Done => (Mark::Good, "done"),
        RepairState::Failed { .. } => (Mark::Failed, "failed"),
        RepairState::Undone => (Mark::Off, "undone"),
        RepairState::UndoFailed { .. } => (Mark::Failed, "undo failed"),
    }
}

/// True where it may be taken back now.
pub(crate) fn can_be_undone(entry: &RepairEntry) -> bool {
    let may = !matches!(entry.state, RepairState::Undone);
    may && entry.undo.is_some()
}

fn cell<'a>(entry: &'a RepairEntry, column: usize, scene: Scene<'_>) -> Line<'a> {
    match column {
        0 => Line::from(
            scene
                .theme
                .span(Role::Muted, entry.at.strftime("%m-%d %H:%M:%S").to_string()),
        ),
        1 => {
            let (mark, word) = state(&entry.state);
            Line::from(scene.theme.state(mark, word))
        }
        2 => Line::from(entry.repair.title.as_str()),
        3 => Line::from(scene.data.called(&entry.by)),
        _ => Line::from(scene.theme.span(Role::Muted, entry.id.as_str())),
    }
}

/// Everything about a repair: what it changed, what was sent, how it is taken back.
pub(crate) fn whole_repair(entry: &RepairEntry, data: &Data) -> Vec<Passage> {
    let (mark, word) = state(&entry.state);
    let when = wording::ago(entry.at, data.now);
    let mut out = vec![
        Passage::new(mark.role(), format!("{} {word}", mark.symbol())).and(
            Role::Text,
            format!("{DOT}{when} by {}{DOT}{}", data.called(&entry.by), entry.id),
        ),
        Passage::new(Role::Strong, wording::sentence_start(&entry.repair.title)),
    ];
    match &entry.state {
        RepairState::Failed { why } | RepairState::UndoFailed { why } => {
            out.push(Passage::new(Role::Muted, "because: ").and(Role::Text, why));
        }
        RepairState::Begun => {
            let text = "It was written down and begun; how far it came is not known. Look at the object first.";
            out.push(Passage::new(Role::Attention, text));
        }
        RepairState::Done | RepairState::Undone => (),
    }
    if !entry.changed.is_empty() {
        out.push(heading("What was changed"));
        out.extend(
            entry
                .changed
                .iter()
                .map(|line| Passage::new(Role::Text, line).indented(2)),
        );
    }
    if !entry.requests.is_empty() {
        out.push(heading("What was sent"));
        out.extend(entry.requests.iter().flat_map(request));
    }
    out.push(heading("How to undo it"));
    out.push(match &entry.undo {
        Some(undo) if can_be_undone(entry) => Passage::new(Role::Text, undo).indented(2),
        Some(_) => Passage::new(Role::Text, "It was taken back already.").indented(2),
        None => Passage::new(Role::Text, "It cannot be taken back.").indented(2),
    });
    out
}

/// A request as it is sent: method, path, server, body.
pub(crate) fn request(request: &RepairRequest) -> Vec<Passage> {
    let mut out = vec![
        Passage::new(Role::Key, format!("{} ", request.method))
            .and(Role::Text, &request.path)
            .and(Role::Muted, format!("{DOT}{}", request.server))
            .indented(2)
            .hanging(2),
    ];
    out.extend(request.body.iter().flat_map(|body| body.lines()).map(|line| {
        let depth = measure::cells(line.len() - line.trim_start().len());
        Passage::new(Role::Muted, line.trim_start()).indented(4 + depth)
    }));
    out
}

/// As `medium risk: what may go wrong`.
pub(crate) fn risk(entry: &crate::remedy::repair::Repair) -> Passage {
    let note = crate::remedy::library::remedy(&entry.remedy).map_or("", |remedy| remedy.risk_note.as_str());
    Passage::new(risk_role(entry.risk), format!("{} ", entry.risk.as_str()))
        .and(Role::Text, note)
        .indented(2)
}
