//! The three depths of a pause, each with what it would do at this moment.

use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::super::actions::ActionId;
use super::super::components::Scene;
use super::super::components::prose::{self, Passage};
use super::super::measure;
use super::super::screens;
use super::super::theme::{CURSOR, Role};
use super::super::wording::{self, count};
use super::order::Order;
use super::{Outcome, frame, most_rows, scroll_to_choice, text_width};
use crate::engine::command::{Command, PauseDepth};
use crate::engine::view::ExecutionView;
use crate::progress::picture::LivePicture;

pub(super) const DEPTHS: [PauseDepth; 3] = [PauseDepth::AfterStep, PauseDepth::NodeBoundary, PauseDepth::Now];

#[derive(Clone, Debug)]
pub(crate) struct ChoosePause {
    execution: Arc<ExecutionView>,
    chosen: usize,
}

impl ChoosePause {
    pub(crate) fn new(execution: Arc<ExecutionView>) -> Self {
        Self { execution, chosen: 0 }
    }

    pub(super) fn act(&mut self, action: ActionId) -> Outcome {
        match action {
            ActionId::Open => Outcome::Ask(Order::Send {
                execution: Arc::clone(&self.execution),
                command: Command::Pause {
                    depth: DEPTHS[self.chosen],
                },
            }),
            ActionId::NextPanel => {
                self.chosen = (self.chosen + 1) % DEPTHS.len();
                Outcome::Stay
            }
            other => {
                self.chosen = screens::moved(other, self.chosen, DEPTHS.len(), 1);
                Outcome::Stay
            }
        }
    }

    pub(super) fn view(&self, scene: Scene<'_>, screen: Rect, buffer: &mut Buffer) {
        let live = scene
            .data
            .cluster(&self.execution.plan.cluster)
            .and_then(|snapshot| snapshot.live.as_deref());
        let mut passages = Vec::new();
        for (at, depth) in DEPTHS.into_iter().enumerate() {
            let (mark, role) = if at == self.chosen {
                (CURSOR, Role::Selected)
            } else {
                (" ", Role::Strong)
            };
            passages.push(Passage::new(role, format!("{mark} {} ", title(depth))));
            passages.push(Passage::new(Role::Text, effect(depth, &self.execution, live)).indented(2));
            passages.push(Passage::blank());
        }
        passages.push(Passage::new(
            Role::Muted,
            "A paused upgrade is resumed with P; AKS then carries on with the nodes that are left.",
        ));
        let lines = prose::lay_out(&passages, text_width(screen), scene.theme);
        let height = measure::cells(lines.len()).min(most_rows(screen, 0));
        let heading = format!("Pause the upgrade of {}", self.execution.plan.cluster_name);
        let inside = frame(screen, &heading, Role::Heading, height, scene.theme, buffer);
        prose::draw(&lines, scroll_to_choice(&lines, height), inside, scene.theme, buffer);
    }
}

/// The depth in words.
pub(super) fn title(depth: PauseDepth) -> &'static str {
    match depth {
        PauseDepth::AfterStep => "after this step",
        PauseDepth::NodeBoundary => "at the next node boundary",
        PauseDepth::Now => "now",
    }
}

/// What a pause would do at this moment.
pub(super) fn effect(depth: PauseDepth, execution: &ExecutionView, live: Option<&LivePicture>) -> String {
    let step = execution
        .current_step()
        .map_or_else(|| "the step".to_owned(), |step| step.step.kind.title());
    match depth {
        PauseDepth::AfterStep => {
            let next = execution.steps.iter().filter(|step| !step.state.is_over()).nth(1);
            let then = next.map_or_else(
                || "It is the last step, so nothing is left to hold back.".to_owned(),
                |next| format!("The next one, {}, does not start.", next.step.kind.title()),
            );
            format!("Azure finishes {step}. {then}")
        }
        PauseDepth::NodeBoundary => format!(
            "{} The cockpit then stops Azure's operation; nodes that are done stay done.",
            match live.map(in_flight) {
                Some(names) if names.is_empty() =>
                    "No node is between cordon and ready: this is such a moment.".to_owned(),
                Some(names) => format!(
                    "Waits until none of {} between cordon and ready is left.",
                    count(names.len(), "node")
                ),
                None => "The nodes cannot be seen from here, so such a moment may not be found.".to_owned(),
            }
        ),
        PauseDepth::Now => format!(
            "Stops Azure's operation at once. {}",
            match live.map(in_flight) {
                Some(names) if names.is_empty() =>
                    "No node is between cordon and ready, so none is left half done.".to_owned(),
                Some(names) => format!(
                    "{} {} between cordon and ready and may stay cordoned or half drained: {}.",
                    count(names.len(), "node"),
                    wording::is_or_are(names.len()),
                    wording::list(names.iter().copied(), 3)
                ),
                None => "Nodes may be left cordoned or half drained; they cannot be seen from here.".to_owned(),
            }
        ),
    }
}

fn in_flight(live: &LivePicture) -> Vec<&str> {
    live.nodes
        .values()
        .filter(|node| node.phase.is_in_flight())
        .map(|node| node.name.as_str())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::view::ExecutionState;
    use crate::ui::fixtures;

    #[test]
    fn each_depth_says_what_it_would_do_now() {
        let execution = fixtures::execution("pay-prod", ExecutionState::Running);
        let live = fixtures::picture_blocked(fixtures::now());
        let say = |depth: PauseDepth, live: Option<&LivePicture>| effect(depth, &execution, live);
        assert_eq!(
            say(PauseDepth::AfterStep, None),
            "Azure finishes node pool system to 1.34.2. The next one, node pool user to 1.34.2, does not start."
        );
        assert!(say(PauseDepth::NodeBoundary, Some(&live)).starts_with("Waits until none of 2 nodes"));
        assert!(say(PauseDepth::Now, Some(&live)).contains("2 nodes are between cordon and ready"));
        assert!(say(PauseDepth::Now, None).contains("cannot be seen"));
        let quiet = LivePicture::empty(fixtures::now());
        assert!(say(PauseDepth::NodeBoundary, Some(&quiet)).contains("this is such a moment"));
    }
}
