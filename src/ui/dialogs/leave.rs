//! Asks before the cockpit is left while it drives an upgrade: stay, keep driving in the background, or leave it.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::super::actions::ActionId;
use super::super::app::AppSettings;
use super::super::components::Scene;
use super::super::components::prose::Passage;
use super::super::screens;
use super::super::theme::Role;
use super::super::wording;
use super::{Outcome, choice, draw_text};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Stay,
    Background,
    Leave,
}

const WAYS: [Way; 3] = [Way::Stay, Way::Background, Way::Leave];

#[derive(Clone, Debug)]
pub(crate) struct Leave {
    /// Names of the clusters whose executions are driven here.
    clusters: Vec<String>,
    /// False where the world ends with the cockpit, as in a demo.
    can_leave_running: bool,
    has_background: bool,
    chosen: usize,
}

impl Leave {
    pub(crate) fn new(clusters: Vec<String>, settings: &AppSettings) -> Self {
        Self {
            clusters,
            can_leave_running: settings.can_leave_running,
            has_background: settings.has_background,
            chosen: 0,
        }
    }

    pub(super) fn act(&mut self, action: ActionId) -> Outcome {
        match (action, WAYS[self.chosen]) {
            (ActionId::Open, Way::Stay) => return Outcome::Close,
            (ActionId::Open, Way::Background) if self.has_background => return Outcome::HandToBackground,
            (ActionId::Open, Way::Leave) => return Outcome::LeaveCockpit,
            (ActionId::NextPanel | ActionId::Right, _) => self.chosen = (self.chosen + 1) % WAYS.len(),
            (ActionId::PreviousPanel | ActionId::Left, _) => {
                self.chosen = (self.chosen + WAYS.len() - 1) % WAYS.len();
            }
            (other, _) => self.chosen = screens::moved(other, self.chosen, WAYS.len(), 1),
        }
        Outcome::Stay
    }

    fn words(&self, way: Way) -> (&'static str, &'static str) {
        match way {
            Way::Stay => ("Stay", "The cockpit goes on driving."),
            Way::Background if self.has_background => (
                "Keep driving in the background",
                "A process without a terminal goes on from the journal. Come back with aks-cockpit, or follow it with: \
                 aks-cockpit status --watch",
            ),
            Way::Background if self.can_leave_running => (
                "Keep driving in the background: not possible",
                "This session cannot start a process of its own.",
            ),
            Way::Background => (
                "Keep driving in the background: not possible",
                "The simulated world ends with the cockpit, so nothing would be left to drive.",
            ),
            Way::Leave if self.can_leave_running => (
                "Leave it",
                "Azure finishes the step that runs, and the plan then holds: no further step starts until somebody \
                 resumes it, here or with: aks-cockpit resume",
            ),
            Way::Leave => (
                "Leave it",
                "The simulated world ends with the cockpit: the upgrade is gone.",
            ),
        }
    }

    pub(super) fn view(&self, scene: Scene<'_>, screen: Rect, buffer: &mut Buffer) {
        let names = wording::list(self.clusters.iter().map(String::as_str), 3);
        let what = format!("This cockpit drives the upgrade of {names}.");
        let mut passages = vec![Passage::new(Role::Strong, what)];
        for (at, way) in WAYS.into_iter().enumerate() {
            let (title, meaning) = self.words(way);
            passages.push(Passage::blank());
            passages.extend(choice(at == self.chosen, title, meaning));
        }
        draw_text(&passages, "Leave now?", Role::Attention, scene, screen, buffer);
    }
}
