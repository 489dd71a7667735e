//! The requests of this session: when they are looked at, and what can be copied there.

use super::super::command::Command;
use super::super::screens::Screen;
use super::super::screens::requests::RequestsScreen;
use super::super::theme::Mark;
use super::App;

impl App {
    /// Opens the requests on top of what is there; again where they are below goes back to them.
    pub(super) fn open_requests(&mut self) -> Vec<Command> {
        let place = self
            .stack
            .iter()
            .position(|screen| matches!(screen, Screen::Requests(_)));
        let Some(place) = place else {
            self.stack.push(Screen::Requests(Box::default()));
            return self.read_requests();
        };
        let mut commands = Vec::new();
        while self.stack.len() > place + 1 {
            commands.extend(self.back());
        }
        commands
    }

    /// Looks at the log anew while it is on the screen.
    pub(super) fn read_requests(&self) -> Vec<Command> {
        match self.stack.last() {
            Some(Screen::Requests(_)) => vec![Command::ReadRequests],
            _ => Vec::new(),
        }
    }

    /// The screen of the requests, where it is the one in front.
    pub(crate) fn requests_screen(&self) -> Option<&RequestsScreen> {
        match self.stack.last() {
            Some(Screen::Requests(screen)) => Some(screen),
            _ => None,
        }
    }

    /// Puts the command that makes the selected read into the clipboard, or says why there is none.
    pub(super) fn copy_command(&mut self) -> Vec<Command> {
        match self.requests_screen().and_then(RequestsScreen::command) {
            Some(Ok(command)) => {
                self.say(Mark::Note, format!("Copied: {command}"));
                vec![Command::Copy(command)]
            }
            Some(Err(why)) => {
                self.say(Mark::Unsupported, format!("No command: {why}"));
                Vec::new()
            }
            None => Vec::new(),
        }
    }
}
