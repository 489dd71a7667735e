//! Running text in several roles, wrapped to a width: for dialogs, panels, problems and the help.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::super::measure;
use super::super::theme::{Role, Theme};

/// One paragraph: pieces in their roles, indented as a whole.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Passage {
    indent: u16,
    /// What every line but the first is indented by, on top.
    hang: u16,
    pieces: Vec<(Role, String)>,
}

impl Passage {
    pub(crate) fn new(role: Role, text: impl Into<String>) -> Self {
        Self {
            indent: 0,
            hang: 0,
            pieces: vec![(role, text.into())],
        }
    }

    pub(crate) fn blank() -> Self {
        Self::default()
    }

    /// Adds a piece on the same line.
    #[must_use]
    pub(crate) fn and(mut self, role: Role, text: impl Into<String>) -> Self {
        self.pieces.push((role, text.into()));
        self
    }

    /// Moves the whole paragraph to the right.
    #[must_use]
    pub(crate) fn indented(mut self, by: u16) -> Self {
        self.indent = by;
        self
    }

    /// Moves every line but the first to the right.
    #[must_use]
    pub(crate) fn hanging(mut self, by: u16) -> Self {
        self.hang = by;
        self
    }

    fn lay_out(&self, width: u16, theme: Theme) -> Vec<Line<'static>> {
        let indent = self.indent.min(width / 2);
        let mut writer = Writer::new(indent, (indent + self.hang).min((width / 3).max(indent)), width.max(1));
        for (role, text) in &self.pieces {
            for word in text.split_inclusive(' ') {
                writer.write(word, *role, theme);
            }
        }
        writer.finish()
    }
}

struct Writer {
    /// Where the next line begins.
    indent: u16,
    /// Where words of this line begin.
    start: u16,
    width: u16,
    used: u16,
    spans: Vec<Span<'static>>,
    lines: Vec<Line<'static>>,
}

impl Writer {
    fn new(first: u16, indent: u16, width: u16) -> Self {
        Self {
            indent,
            start: first,
            width,
            used: first,
            spans: vec![Span::raw(" ".repeat(usize::from(first)))],
            lines: Vec::new(),
        }
    }

    fn write(&mut self, word: &str, role: Role, theme: Theme) {
        let wide = measure::width(word.trim_end());
        let fits_here = wide <= self.width - self.used;
        // A word that fits on no line is broken where it stands.
        let fits_below = wide <= self.width - self.indent;
        if !fits_here && fits_below && self.used > self.start {
            self.break_line();
        }
        let mut rest = word;
        loop {
            let (start, _) = measure::start_of(rest, self.width - self.used);
            if start.len() >= rest.trim_end().len() {
                break;
            }
            if start.is_empty() {
                if self.used == self.start {
                    // Not even one character fits.
                    return;
                }
                self.break_line();
                continue;
            }
            self.spans.push(theme.span(role, start.to_owned()));
            self.break_line();
            rest = &rest[start.len()..];
        }
        let (fitting, wide) = measure::start_of(rest, self.width - self.used);
        self.used += wide;
        self.spans.push(theme.span(role, fitting.to_owned()));
    }

    fn break_line(&mut self) {
        let spans = std::mem::replace(&mut self.spans, vec![Span::raw(" ".repeat(usize::from(self.indent)))]);
        self.lines.push(Line::from(spans));
        self.start = self.indent;
        self.used = self.indent;
    }

    fn finish(mut self) -> Vec<Line<'static>> {
        self.break_line();
        self.lines
    }
}

/// Wraps all passages to a width.
pub(crate) fn lay_out(passages: &[Passage], width: u16, theme: Theme) -> Vec<Line<'static>> {
    passages
        .iter()
        .flat_map(|passage| passage.lay_out(width, theme))
        .collect()
}

/// The last useful scroll position of `lines` in `height` rows.
pub(crate) fn last_scroll(lines: usize, height: u16) -> u16 {
    measure::cells(lines).saturating_sub(height)
}

/// Draws laid out lines from `scroll` on, with a mark where more follows.
pub(crate) fn draw(lines: &[Line<'static>], scroll: u16, area: Rect, theme: Theme, buffer: &mut Buffer) {
    let scroll = scroll.min(last_scroll(lines.len(), area.height));
    for (line, y) in lines.iter().skip(usize::from(scroll)).zip(area.y..area.bottom()) {
        super::put(buffer, area.x, y, area.width, line.clone());
    }
    let below = lines
        .len()
        .saturating_sub(usize::from(scroll) + usize::from(area.height));
    if below > 0 && area.height > 1 {
        let text = format!(" {below} more below ");
        let room = measure::width(&text).min(area.width);
        let line = Line::from(theme.span(Role::Dimmed, text));
        super::put(buffer, area.right() - room, area.bottom() - 1, room, line);
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::theme::Look;
    use super::*;

    fn text(passages: &[Passage], width: u16) -> Vec<String> {
        lay_out(passages, width, Theme::new(Look::default()))
            .iter()
            .map(|line| line.to_string().trim_end().to_owned())
            .collect()
    }

    #[test]
    fn words_wrap_and_keep_their_indent() {
        let passage = Passage::new(Role::Text, "one two ")
            .and(Role::Strong, "three four")
            .indented(2);
        assert_eq!(text(&[passage], 11), ["  one two", "  three", "  four"]);
    }

    #[test]
    fn a_word_wider_than_the_line_is_broken() {
        let passage = Passage::new(Role::Text, "see /subscriptions/abc/x");
        assert_eq!(text(&[passage], 8), ["see /sub", "scriptio", "ns/abc/x"]);
        assert_eq!(text(&[Passage::new(Role::Text, "日本語")], 4), ["日本", "語"]);
        assert_eq!(
            text(&[Passage::new(Role::Text, "日本語")], 1),
            [""],
            "no room for a wide character"
        );
    }

    #[test]
    fn lines_after_the_first_can_hang() {
        let passage = Passage::new(Role::Key, "key  ")
            .and(Role::Text, "one two three")
            .hanging(5);
        assert_eq!(text(std::slice::from_ref(&passage), 15), ["key  one two", "     three"]);
        assert_eq!(
            text(&[passage], 12),
            ["key  one two", "    three"],
            "never more than a third"
        );
    }

    #[test]
    fn a_blank_passage_is_a_blank_line() {
        assert_eq!(text(&[Passage::blank()], 5), [""]);
        assert_eq!(last_scroll(10, 4), 6);
        assert_eq!(last_scroll(3, 4), 0);
    }
}
