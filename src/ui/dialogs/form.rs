//! Lines of text with labels, one under the other, and what is wrong with them. Decides nothing.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::Line;

use super::super::actions::ActionId;
use super::super::components::text_field::TextField;
use super::super::components::{put, split_top};
use super::super::measure;
use super::super::theme::{CURSOR, Role, Theme};

/// One line.
#[derive(Clone, Debug)]
struct Entry {
    label: &'static str,
    /// What may be written here, or what an empty line means.
    hint: String,
    field: TextField,
}

/// The lines and the one that has the cursor.
#[derive(Clone, Debug)]
pub(super) struct Form {
    entries: Vec<Entry>,
    marked: usize,
    /// Why the form was not taken as it is.
    pub(super) complaint: Option<String>,
}

impl Form {
    /// A form of one line.
    pub(super) fn of(label: &'static str, hint: impl Into<String>, text: &str) -> Self {
        Self {
            entries: Vec::new(),
            marked: 0,
            complaint: None,
        }
        .with(label, hint, text)
    }

    /// Adds a line.
    #[must_use]
    pub(super) fn with(mut self, label: &'static str, hint: impl Into<String>, text: &str) -> Self {
        self.entries.push(Entry {
            label,
            hint: hint.into(),
            field: TextField::of(text),
        });
        self
    }

    /// What was written into a line, without spaces around it.
    pub(super) fn text(&self, at: usize) -> &str {
        self.entries.get(at).map_or("", |entry| entry.field.text().trim())
    }

    /// The line that has the cursor; a key pressed there takes the complaint away.
    pub(super) fn field(&mut self) -> &mut TextField {
        self.complaint = None;
        let at = self.marked.min(self.entries.len().saturating_sub(1));
        &mut self.entries[at].field
    }

    pub(super) fn mark(&mut self, at: usize) {
        self.marked = at.min(self.entries.len().saturating_sub(1));
    }

    /// Goes from line to line.
    pub(super) fn act(&mut self, action: ActionId) {
        let len = self.entries.len().max(1);
        match action {
            ActionId::NextPanel | ActionId::Down => self.marked = (self.marked + 1) % len,
            ActionId::PreviousPanel | ActionId::Up => self.marked = (self.marked + len - 1) % len,
            _ => (),
        }
    }

    /// Rows it needs: its lines, the hint of the marked one, the complaint.
    pub(super) fn height(&self) -> u16 {
        measure::cells(self.entries.len()) + 3
    }

    /// Draws the form, and gives the cursor's place.
    pub(super) fn draw(&self, area: Rect, theme: Theme, buffer: &mut Buffer) -> Position {
        let label_width = self.entries.iter().map(|entry| measure::width(entry.label)).max();
        let label_width = label_width.unwrap_or(0);
        let mut cursor = Position::new(area.x, area.y);
        for (at, (entry, y)) in self.entries.iter().zip(area.y..area.bottom()).enumerate() {
            let is_marked = at == self.marked;
            let mark = if is_marked { CURSOR } else { " " };
            let gap = usize::from(label_width - measure::width(entry.label));
            let label = format!("{mark} {}{}  ", entry.label, " ".repeat(gap));
            let line = Rect { y, height: 1, ..area };
            let place = entry.field.draw(&label, line, theme, buffer);
            if is_marked {
                cursor = place;
            }
        }
        let (_, below) = split_top(area, measure::cells(self.entries.len()) + 1);
        if let Some(entry) = self.entries.get(self.marked) {
            let hint = Line::from(theme.span(Role::Muted, entry.hint.clone()));
            put(buffer, below.x + 2, below.y, below.width.saturating_sub(2), hint);
        }
        if let Some(complaint) = &self.complaint {
            let text = Line::from(theme.span(Role::Attention, format!("! {complaint}")));
            put(buffer, below.x, below.y + 1, below.width, text);
        }
        cursor
    }
}
