//! Puts gates, pause points and guards between the steps that change something.

use super::{Options, Place};
use crate::domain::ids::SmokeTestName;
use crate::plan::names::free_id;
use crate::plan::step::{Step, StepKind};

/// The steps with everything the options ask for.
pub(super) fn place(moves: Vec<Step>, cluster_name: &str, options: &Options) -> Vec<Step> {
    let last_move = moves.iter().rposition(|step| step.kind.moves_nodes());
    let titles: Vec<Option<String>> = (0..moves.len()).map(|at| next_title(&moves[at + 1..])).collect();
    let goes_to_control_plane: Vec<bool> = (0..moves.len()).map(|at| is_before_hop(&moves, at)).collect();
    let last = moves.len().saturating_sub(1);
    let mut placed = Placed {
        options,
        steps: Vec::new(),
    };
    placed.spot(
        &[Place::Start],
        true,
        false,
        &format!("Start the upgrade of {cluster_name}?"),
    );
    for (at, mut step) in moves.into_iter().enumerate() {
        let is_control_plane = matches!(step.kind, StepKind::ControlPlaneUpgrade { .. });
        let moves_nodes = step.kind.moves_nodes();
        if moves_nodes && options.guards {
            step.guards = test_names(options).collect();
        }
        placed.steps.push(step);
        let here: Vec<Place> = [
            (is_control_plane, Place::AfterControlPlane),
            (goes_to_control_plane[at], Place::BetweenHops),
            (moves_nodes && Some(at) != last_move, Place::BetweenPools),
            (at == last, Place::End),
        ]
        .into_iter()
        .filter_map(|(is_here, place)| is_here.then_some(place))
        .collect();
        let question = match &titles[at] {
            Some(next) => format!("Go on with {next}?"),
            None => format!("Is the upgrade of {cluster_name} done?"),
        };
        placed.spot(&here, is_control_plane || moves_nodes, moves_nodes, &question);
    }
    if options.verify {
        placed.push(StepKind::Verify);
    }
    placed.steps
}

/// What comes next, settings aside: they are written for the move behind them.
fn next_title(rest: &[Step]) -> Option<String> {
    rest.iter()
        .find(|step| !matches!(step.kind, StepKind::PoolSettings { .. }))
        .map(|step| step.kind.title())
}

/// True where the next step takes the control plane from one hop to the next.
fn is_before_hop(moves: &[Step], at: usize) -> bool {
    let is_control_plane = |step: &Step| matches!(step.kind, StepKind::ControlPlaneUpgrade { .. });
    moves.get(at + 1).is_some_and(is_control_plane) && moves[..=at].iter().any(is_control_plane)
}

fn test_names(options: &Options) -> impl Iterator<Item = SmokeTestName> {
    options.smoke_tests.iter().map(|test| test.name.clone())
}

/// The steps so far.
struct Placed<'a> {
    options: &'a Options,
    steps: Vec<Step>,
}

impl Placed<'_> {
    fn push(&mut self, kind: StepKind) {
        let id = free_id(&kind, |name| self.steps.iter().any(|step| step.id.as_str() == name));
        self.steps.push(Step::new(id.as_str(), kind));
    }

    /// Everything that stands in one spot: first the evidence, then the time, then the person who decides by both.
    fn spot(&mut self, places: &[Place], is_tested: bool, is_moved: bool, question: &str) {
        let options = self.options;
        if is_moved && options.readiness {
            self.push(StepKind::ReadinessGate);
        }
        if is_tested {
            test_names(options).for_each(|test| self.push(StepKind::SmokeTest { test }));
        }
        for (_, until) in options.waits.iter().filter(|(place, _)| places.contains(place)) {
            self.push(StepKind::Wait { until: *until });
        }
        if options.approvals.iter().any(|place| places.contains(place)) {
            self.push(StepKind::Approval {
                question: question.to_owned(),
            });
        }
        if options.pauses.iter().any(|place| places.contains(place))
            && let Some(step) = self.steps.last_mut()
        {
            step.pause_after = true;
        }
    }
}
