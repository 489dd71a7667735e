//! The cockpit in front of a person: messages in, frames out, and a panel instead of a broken terminal when a part of it
//! panics. Works on any output; the terminal's modes are not its business.

use std::io::{self, Write};

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::app::App;
use super::canvas::Canvas;
use super::command::Command;
use super::guard::{Fault, guarded};
use super::message::Message;

/// An app and the canvas it is drawn on.
#[derive(Debug)]
pub(crate) struct Front<W> {
    app: App,
    canvas: Canvas<W>,
}

impl<W: Write> Front<W> {
    pub(crate) fn new(app: App, out: W) -> Self {
        Self {
            app,
            canvas: Canvas::new(out),
        }
    }

    /// Takes one message in, and says what is to be done outside; nothing where taking it in went wrong.
    pub(crate) fn tell(&mut self, message: Message) -> Vec<Command> {
        self.tell_by(|app| app.update(message))
    }

    /// Draws what changed, and says how many bytes that took.
    ///
    /// # Errors
    /// When the terminal does not take them.
    pub(crate) fn draw(&mut self) -> io::Result<usize> {
        self.draw_by(App::draw)
    }

    /// The next frame is drawn whole: somebody else wrote on the terminal.
    pub(crate) fn forget_screen(&mut self) {
        self.canvas.forget();
    }

    /// Passes bytes on that are no part of a frame.
    ///
    /// # Errors
    /// When the terminal does not take them.
    pub(crate) fn pass(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.canvas.pass(bytes)
    }

    fn tell_by(&mut self, update: impl FnOnce(&mut App) -> Vec<Command>) -> Vec<Command> {
        let app = &mut self.app;
        guarded(|| update(app)).unwrap_or_else(|fault| {
            self.break_down(fault);
            Vec::new()
        })
    }

    fn draw_by(&mut self, view: impl FnOnce(&App, Rect, &mut Buffer) -> Option<Position>) -> io::Result<usize> {
        let (app, canvas) = (&self.app, &mut self.canvas);
        let size = app.size;
        match guarded(|| canvas.draw(size, |area, buffer| view(app, area, buffer))) {
            Ok(result) => result,
            Err(fault) => {
                self.break_down(fault);
                let app = &self.app;
                self.canvas.draw(size, |area, buffer| app.draw(area, buffer))
            }
        }
    }

    fn break_down(&mut self, fault: Fault) {
        self.app.break_down(fault);
    }
}

#[cfg(test)]
impl Front<Vec<u8>> {
    /// What broke, and was not yet acknowledged.
    pub(crate) fn fault(&self) -> Option<&Fault> {
        self.app.fault.as_ref()
    }

    /// All bytes that were written.
    pub(crate) fn written(&mut self) -> &[u8] {
        self.canvas.out()
    }
}

#[cfg(test)]
mod tests;
