//! A short word about what just happened, on the line above the footer; goes away by itself.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::super::theme::{Mark, Theme};

/// Ticks, that is seconds of the wall clock, a toast stays.
const STAYS: u8 = 6;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Toast {
    pub(crate) mark: Mark,
    pub(crate) text: String,
    ticks_left: u8,
}

impl Toast {
    pub(crate) fn new(mark: Mark, text: impl Into<String>) -> Self {
        Self {
            mark,
            text: text.into(),
            ticks_left: STAYS,
        }
    }

    /// A second older; `None` when its time is over.
    pub(crate) fn aged(mut self) -> Option<Self> {
        self.ticks_left = self.ticks_left.checked_sub(1)?;
        Some(self)
    }

    pub(crate) fn draw(&self, area: Rect, theme: Theme, buffer: &mut Buffer) {
        for x in area.x..area.right() {
            buffer[(x, area.y)].reset();
        }
        super::put(
            buffer,
            area.x + 1,
            area.y,
            area.width.saturating_sub(2),
            Line::from(theme.state(self.mark, &self.text)),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_toast_goes_after_its_time() {
        let mut toast = Some(Toast::new(Mark::Good, "done"));
        for _ in 0..STAYS {
            toast = toast.and_then(Toast::aged);
            assert!(toast.is_some());
        }
        assert_eq!(toast.and_then(Toast::aged), None);
    }
}
