//! Text on top of a screen: a problem with what, why and do, or the details of something.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::super::actions::ActionId;
use super::super::components::Scene;
use super::super::components::prose::{self, Passage};
use super::super::measure;
use super::super::screens;
use super::super::theme::{Mark, Role};
use super::{Outcome, frame, most_rows, text_width};
use crate::problem::Problem;

#[derive(Clone, Debug)]
pub(crate) struct Note {
    heading: String,
    role: Role,
    passages: Vec<Passage>,
    scroll: u16,
}

impl Note {
    /// Everything known about something.
    pub(crate) fn details(heading: impl Into<String>, passages: Vec<Passage>) -> Self {
        Self {
            heading: heading.into(),
            role: Role::Heading,
            passages,
            scroll: 0,
        }
    }

    /// What happened, why, and what to do.
    pub(crate) fn problem(problem: &Problem) -> Self {
        Self {
            heading: format!("{} This did not work", Mark::Failed.symbol()),
            role: Role::Danger,
            passages: problem_passages(problem),
            scroll: 0,
        }
    }

    /// Shown while what is driven here goes to the background.
    pub(crate) fn farewell() -> Self {
        let text = "This cockpit stops driving, and a background process goes on from the journal.";
        Self {
            heading: format!("{} Leaving", Mark::Busy.symbol()),
            role: Role::Heading,
            passages: vec![Passage::new(Role::Text, text)],
            scroll: 0,
        }
    }

    pub(super) fn act(&mut self, action: ActionId, scene: Scene<'_>, screen: Rect) -> Outcome {
        if matches!(action, ActionId::Open | ActionId::Details) {
            return Outcome::Close;
        }
        let lines = prose::lay_out(&self.passages, text_width(screen), scene.theme).len();
        let rows = most_rows(screen, 0);
        let last = usize::from(prose::last_scroll(lines, rows));
        let to = screens::moved(action, usize::from(self.scroll), last + 1, usize::from(rows / 2));
        self.scroll = measure::cells(to);
        Outcome::Stay
    }

    pub(super) fn view(&self, scene: Scene<'_>, screen: Rect, buffer: &mut Buffer) {
        let lines = prose::lay_out(&self.passages, text_width(screen), scene.theme);
        let height = measure::cells(lines.len()).min(most_rows(screen, 0));
        let inside = frame(screen, &self.heading, self.role, height, scene.theme, buffer);
        prose::draw(&lines, self.scroll, inside, scene.theme, buffer);
    }
}

/// A problem in running text.
pub(crate) fn problem_passages(problem: &Problem) -> Vec<Passage> {
    let mut out = vec![Passage::new(Role::Strong, &problem.what)];
    out.extend(
        problem
            .why
            .iter()
            .map(|why| Passage::new(Role::Muted, "because: ").and(Role::Text, why)),
    );
    out.extend(
        problem
            .todo
            .iter()
            .map(|todo| Passage::new(Role::Key, "do: ").and(Role::Text, todo)),
    );
    out
}
