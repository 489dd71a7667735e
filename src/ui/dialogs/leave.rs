//! Asks before the cockpit is left while it drives an upgrade.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::super::actions::ActionId;
use super::super::components::Scene;
use super::super::components::prose::{self, Passage};
use super::super::measure;
use super::super::theme::Role;
use super::super::wording;
use super::{Outcome, body_and_buttons, buttons, frame, most_rows, text_width};

#[derive(Clone, Debug)]
pub(crate) struct Leave {
    /// Names of the clusters whose executions are driven here.
    clusters: Vec<String>,
    /// False where the world ends with the cockpit, as in a demo.
    can_leave_running: bool,
    is_leaving_marked: bool,
}

impl Leave {
    pub(crate) fn new(clusters: Vec<String>, can_leave_running: bool) -> Self {
        Self {
            clusters,
            can_leave_running,
            is_leaving_marked: false,
        }
    }

    pub(super) fn act(&mut self, action: ActionId) -> Outcome {
        match action {
            ActionId::Open if self.is_leaving_marked => return Outcome::LeaveCockpit,
            ActionId::Open => return Outcome::Close,
            ActionId::Yes => return Outcome::LeaveCockpit,
            ActionId::Left | ActionId::Right | ActionId::NextPanel | ActionId::PreviousPanel => {
                self.is_leaving_marked = !self.is_leaving_marked;
            }
            _ => (),
        }
        Outcome::Stay
    }

    pub(super) fn view(&self, scene: Scene<'_>, screen: Rect, buffer: &mut Buffer) {
        let names = wording::list(self.clusters.iter().map(String::as_str), 3);
        let what = format!("This cockpit drives the upgrade of {names}.");
        let then = if self.can_leave_running {
            "If you leave, Azure finishes the step that runs, and the plan then holds: no further step starts until somebody \
             resumes it, here or with: aks-cockpit resume"
        } else {
            "The simulated world ends with the cockpit: the upgrade is gone when you leave."
        };
        let passages = [
            Passage::new(Role::Strong, what),
            Passage::blank(),
            Passage::new(Role::Text, then),
        ];
        let lines = prose::lay_out(&passages, text_width(screen), scene.theme);
        let height = measure::cells(lines.len()).min(most_rows(screen, 2)) + 2;
        let inside = frame(screen, "Leave now?", Role::Attention, height, scene.theme, buffer);
        let marked = usize::from(self.is_leaving_marked);
        let row = buttons(
            &[("Stay", Role::Text), ("Leave it", Role::Attention)],
            marked,
            scene.theme,
        );
        body_and_buttons(&lines, 0, row, inside, scene.theme, buffer);
    }
}
