//! What the terminal shows, and the bytes that bring it there: only what differs, all at once, and nothing when nothing
//! does. Knows no screen; writes into whatever it is given.

use std::io::{self, Write};

use crossterm::cursor::{Hide, MoveTo, Show};
use crossterm::queue;
use crossterm::terminal::{BeginSynchronizedUpdate, Clear, ClearType, EndSynchronizedUpdate};
use ratatui::backend::{Backend, CrosstermBackend};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

/// Where the terminal's cursor is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cursor {
    Unknown,
    Hidden,
    At(Position),
}

/// The screen as it is, and room to draw the next one.
#[derive(Debug)]
pub(crate) struct Canvas<W> {
    out: W,
    shown: Buffer,
    next: Buffer,
    cursor: Cursor,
    /// True where the terminal's content is not known: it is cleared and drawn whole.
    is_unknown: bool,
    bytes: Vec<u8>,
}

impl<W: Write> Canvas<W> {
    pub(crate) fn new(out: W) -> Self {
        Self {
            out,
            shown: Buffer::default(),
            next: Buffer::default(),
            cursor: Cursor::Unknown,
            is_unknown: true,
            bytes: Vec::new(),
        }
    }

    /// Forgets what the terminal shows: the next frame is drawn whole.
    pub(crate) fn forget(&mut self) {
        self.is_unknown = true;
    }

    /// Draws a frame of so many columns and rows, and says how many bytes it took. `view` gives the place of the
    /// cursor where there is one.
    ///
    /// # Errors
    /// When the terminal does not take the bytes; what it shows then is not known.
    pub(crate) fn draw(
        &mut self,
        (columns, rows): (u16, u16),
        view: impl FnOnce(Rect, &mut Buffer) -> Option<Position>,
    ) -> io::Result<usize> {
        let area = Rect::new(0, 0, columns, rows);
        if self.shown.area != area {
            self.is_unknown = true;
        }
        if self.is_unknown {
            self.shown = Buffer::empty(area);
            self.cursor = Cursor::Unknown;
        }
        self.next.resize(area);
        self.next.reset();
        let cursor = view(area, &mut self.next).map_or(Cursor::Hidden, Cursor::At);
        self.bytes.clear();
        self.write_changes(cursor)?;
        if !self.bytes.is_empty() {
            // Until all is written, nobody knows what arrived.
            self.is_unknown = true;
            self.out.write_all(&self.bytes)?;
            self.out.flush()?;
        }
        self.is_unknown = false;
        self.cursor = cursor;
        std::mem::swap(&mut self.shown, &mut self.next);
        Ok(self.bytes.len())
    }

    /// Passes bytes on that are no part of a frame.
    ///
    /// # Errors
    /// When the terminal does not take them.
    pub(crate) fn pass(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.out.write_all(bytes)?;
        self.out.flush()
    }

    #[cfg(test)]
    pub(crate) fn out(&mut self) -> &mut W {
        &mut self.out
    }

    fn write_changes(&mut self, cursor: Cursor) -> io::Result<()> {
        let changes = self.shown.diff(&self.next);
        if changes.is_empty() && !self.is_unknown && self.cursor == cursor {
            return Ok(());
        }
        queue!(self.bytes, BeginSynchronizedUpdate)?;
        // Without a cursor on its way over the screen.
        if self.cursor != Cursor::Hidden {
            queue!(self.bytes, Hide)?;
        }
        if self.is_unknown {
            queue!(self.bytes, Clear(ClearType::All))?;
        }
        if !changes.is_empty() {
            CrosstermBackend::new(&mut self.bytes).draw(changes.into_iter())?;
        }
        if let Cursor::At(place) = cursor {
            queue!(self.bytes, MoveTo(place.x, place.y), Show)?;
        }
        queue!(self.bytes, EndSynchronizedUpdate)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(text: &'static str) -> impl FnOnce(Rect, &mut Buffer) -> Option<Position> {
        move |area, buffer| {
            buffer.set_stringn(0, 0, text, usize::from(area.width), ratatui::style::Style::new());
            None
        }
    }

    fn shown(bytes: &[u8]) -> String {
        let mut parser = vt100::Parser::default();
        parser.process(bytes);
        parser.screen().contents()
    }

    #[test]
    fn nothing_is_written_when_nothing_changed() {
        let mut canvas = Canvas::new(Vec::new());
        assert!(canvas.draw((20, 3), write("one")).unwrap() > 0);
        let before = canvas.out.len();
        for _ in 0..10 {
            assert_eq!(canvas.draw((20, 3), write("one")).unwrap(), 0);
        }
        assert_eq!(canvas.out.len(), before);
        let bytes = canvas.draw((20, 3), write("onE")).unwrap();
        assert!((1..60).contains(&bytes), "{bytes}");
        assert_eq!(shown(&canvas.out), "onE");
    }

    #[test]
    fn a_cursor_that_moves_is_a_change_and_one_that_rests_is_none() {
        let at = |x: u16| move |_: Rect, _: &mut Buffer| Some(Position::new(x, 0));
        let mut canvas = Canvas::new(Vec::new());
        canvas.draw((20, 3), at(1)).unwrap();
        assert_eq!(canvas.draw((20, 3), at(1)).unwrap(), 0);
        assert!(canvas.draw((20, 3), at(2)).unwrap() > 0);
        assert!(canvas.draw((20, 3), |_, _| None).unwrap() > 0);
        assert_eq!(canvas.draw((20, 3), |_, _| None).unwrap(), 0);
    }

    #[test]
    fn another_size_and_a_forgotten_screen_are_drawn_whole() {
        let mut canvas = Canvas::new(Vec::new());
        canvas.draw((20, 3), write("one")).unwrap();
        canvas.out.clear();
        canvas.draw((30, 5), write("one")).unwrap();
        assert_eq!(shown(&canvas.out), "one");
        canvas.out.clear();
        canvas.forget();
        canvas.draw((30, 5), write("one")).unwrap();
        assert_eq!(shown(&canvas.out), "one");
        for size in [(0, 0), (1, 1), (300, 100)] {
            canvas.draw(size, write("one")).unwrap();
        }
    }

    #[test]
    fn a_frame_that_did_not_arrive_is_drawn_whole_the_next_time() {
        struct Broken(bool);
        impl Write for Broken {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                if self.0 {
                    Err(io::Error::other("the line is gone"))
                } else {
                    Ok(bytes.len())
                }
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let mut canvas = Canvas::new(Broken(false));
        let first = canvas.draw((20, 3), write("one")).unwrap();
        canvas.out.0 = true;
        assert!(canvas.draw((20, 3), write("two")).is_err());
        canvas.out.0 = false;
        assert!(canvas.draw((20, 3), write("two")).unwrap() >= first);
    }
}
