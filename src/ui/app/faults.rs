//! What the cockpit does after a part of it has panicked: it says so in a panel of its own, and goes on from the screen
//! below. Trusts nothing of the screen that broke.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::super::actions::ActionId;
use super::super::command::Command;
use super::super::components::inset;
use super::super::components::prose::{self, Passage};
use super::super::guard::Fault;
use super::super::keymap::Key;
use super::super::screens::clusters::ClustersScreen;
use super::super::theme::{Mark, Role};
use super::App;

impl App {
    /// A part of the cockpit has panicked.
    pub(crate) fn break_down(&mut self, fault: Fault) {
        self.fault = Some(fault);
    }

    /// Any key but the two that leave goes on.
    pub(super) fn press_on_fault(&mut self, key: Key) -> Vec<Command> {
        let action = self.keymap.action(self.place(), key);
        self.fault = None;
        self.dialog = None;
        self.toast = None;
        let commands = self.back_from_fault();
        match action {
            Some(ActionId::Leave | ActionId::Quit) => self.leave(),
            _ => commands,
        }
    }

    fn back_from_fault(&mut self) -> Vec<Command> {
        if !self.stack.is_empty() {
            return self.back();
        }
        self.overview = ClustersScreen::default();
        self.overview.refresh(&self.data);
        Vec::new()
    }

    pub(crate) fn draw_fault(&self, fault: &Fault, area: Rect, buffer: &mut Buffer) {
        let of = |name: &str, text: &str| {
            Passage::new(Role::Muted, format!("{name:<7}"))
                .and(Role::Text, text)
                .hanging(7)
        };
        let mark = Mark::Failed;
        let lines = [
            Passage::new(mark.role(), format!("{} This screen broke", mark.symbol()))
                .and(
                    Role::Text,
                    ", by a mistake in the cockpit. What runs goes on, and nothing was sent by it.",
                )
                .hanging(2),
            Passage::blank(),
            of("what:", &fault.what),
            of("where:", &fault.place),
            of(
                "do:",
                "press esc to go on from the screen before; q leaves the cockpit.",
            ),
            of("", "The log in the state directory has the same words, for a report."),
        ];
        let inside = inset(area, 1);
        let lines = prose::lay_out(&lines, inside.width, self.theme);
        prose::draw(&lines, 0, inside, self.theme, buffer);
    }
}
