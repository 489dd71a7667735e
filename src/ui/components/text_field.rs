//! One line of text being typed, with a cursor. Control characters never get in.

use crossterm::event::{Event, KeyEvent};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::Line;
use tui_input::backend::crossterm::EventHandler;
use tui_input::{Input, InputRequest};

use super::super::measure;
use super::super::theme::{Role, Theme};
use crate::domain::text::printable;

/// Longest text that is taken, in characters; what is pasted beyond it is left out.
const LONGEST: usize = 200;

#[derive(Clone, Debug, Default)]
pub(crate) struct TextField {
    input: Input,
}

impl TextField {
    /// A line with text in it already, the cursor behind it.
    pub(crate) fn of(text: &str) -> Self {
        let mut field = Self::default();
        field.paste(text);
        field
    }

    pub(crate) fn text(&self) -> &str {
        self.input.value()
    }

    pub(crate) fn press(&mut self, key: KeyEvent) {
        if self.text().chars().count() < LONGEST || !matches!(key.code, crossterm::event::KeyCode::Char(_)) {
            self.input.handle_event(&Event::Key(key));
        }
    }

    pub(crate) fn paste(&mut self, text: &str) {
        let room = LONGEST.saturating_sub(self.text().chars().count());
        // Cut before cleaning, so that a paste of any size costs the same.
        let start: String = text.chars().take(room).collect();
        for character in printable(&start).chars() {
            self.input.handle(InputRequest::InsertChar(character));
        }
    }

    /// Draws the label and the text, and gives the cursor's place.
    pub(crate) fn draw(&self, label: &str, area: Rect, theme: Theme, buffer: &mut Buffer) -> Position {
        let label_width = measure::width(label);
        super::put(
            buffer,
            area.x,
            area.y,
            area.width,
            Line::from(theme.span(Role::Key, label)),
        );
        let room = area.width.saturating_sub(label_width + 1);
        let scroll = self.input.visual_scroll(usize::from(room));
        let mut shown = String::new();
        let mut skipped = 0;
        for character in self.text().chars() {
            if skipped < scroll {
                skipped += unicode_width::UnicodeWidthChar::width(character).unwrap_or(0);
            } else {
                shown.push(character);
            }
        }
        let text = Line::from(theme.span(Role::Strong, shown));
        super::put(buffer, area.x + label_width, area.y, room + 1, text);
        let cursor = measure::cells(self.input.visual_cursor().saturating_sub(scroll));
        Position::new(
            (area.x + label_width + cursor).min(area.right().saturating_sub(1)),
            area.y,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::keymap::keys_of;
    use super::*;

    #[test]
    fn typing_and_pasting_take_printable_text_only() {
        let mut field = TextField::default();
        for key in keys_of("abc") {
            field.press(key.event());
        }
        field.paste("d\u{1b}[2J\u{202e}e");
        assert_eq!(field.text(), "abcd[2Je");
        field.paste(&"x".repeat(1_000_000));
        assert_eq!(field.text().chars().count(), LONGEST);
    }
}
