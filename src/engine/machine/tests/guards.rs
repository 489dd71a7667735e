//! Guards: when they run, what their failure stops, and who lets nodes move again.

use super::samples::*;
use super::*;

/// Azure moves the pool's nodes, watched by these guards.
fn guarded(guards: &[&str]) -> Run {
    let step = Step {
        guards: guards.iter().map(|&name| name.into()).collect(),
        ..pool()
    };
    let mut run = Run::through(vec![step, control_plane()]);
    run.start();
    run
}

fn guard_that_runs(run: &Run) -> Option<String> {
    effects(&run.state).into_iter().find_map(|effect| match effect {
        Effect::Test { ticket, test, .. } if ticket.purpose == Purpose::Guard => Some(test.name.to_string()),
        _ => None,
    })
}

const ONE_DONE: [(&str, &str, NodePhase); 2] = [
    ("n1", TARGET, NodePhase::Upgraded),
    ("n2", "1.33.4", NodePhase::Draining),
];

const TWO_DONE: [(&str, &str, NodePhase); 2] =
    [("n1", TARGET, NodePhase::Upgraded), ("n2", TARGET, NodePhase::Upgraded)];

#[test]
fn guards_run_one_after_another_when_another_node_is_done() {
    let mut run = guarded(&["hold", "pause", "nobody"]);
    assert!(
        effects(&run.state)
            .iter()
            .any(|effect| matches!(effect, Effect::WatchNodes { .. }))
    );
    assert_eq!(guard_that_runs(&run), None);
    assert!(run.see(&[("n1", "1.33.4", NodePhase::Draining)]).is_empty());
    run.see(&ONE_DONE);
    assert!(run.see(&ONE_DONE).is_empty(), "a node is done once");
    assert_eq!(guard_that_runs(&run).as_deref(), Some("hold"));
    let ticket = run.ticket(Purpose::Guard);
    run.tested(Purpose::Guard, "hold", true);
    assert_ne!(run.ticket(Purpose::Guard), ticket);
    assert_eq!(guard_that_runs(&run).as_deref(), Some("pause"));
    run.see(&TWO_DONE);
    assert_eq!(guard_that_runs(&run).as_deref(), Some("pause"), "the round goes on");
    run.tested(Purpose::Guard, "pause", true);
    assert_eq!(
        guard_that_runs(&run).as_deref(),
        Some("hold"),
        "a round for the second node"
    );
    run.tested(Purpose::Guard, "hold", true);
    run.tested(Purpose::Guard, "pause", true);
    assert_eq!(guard_that_runs(&run), None);
    is_state(&run, "Running");
}

#[test]
fn a_guard_that_fails_stops_at_the_next_boundary_and_a_person_goes_on() {
    let mut run = guarded(&["hold"]);
    run.see(&ONE_DONE);
    run.tested(Purpose::Guard, "hold", false);
    assert_eq!(
        run.state.execution,
        ExecutionState::Pausing {
            depth: PauseDepth::NodeBoundary
        }
    );
    says(&run, &["smoke test hold failed", "503", "next node boundary"]);
    assert_eq!(
        run.pause(PauseDepth::AfterStep).len(),
        1,
        "a softer pause is only noted"
    );
    run.see(&TWO_DONE);
    run.stop();
    run.canceled();
    run.see(&TWO_DONE);
    is_state(&run, "Paused");
    says(&run, &["smoke test hold failed", "503", "resume"]);
    run.command(Command::Resume);
    run.start();
    run.see(&TWO_DONE);
    assert_eq!(
        guard_that_runs(&run).as_deref(),
        Some("hold"),
        "what is done is tested first"
    );
}

#[test]
fn a_guard_that_pauses_stops_now() {
    let mut run = guarded(&["pause"]);
    run.see(&ONE_DONE);
    run.tested(Purpose::Guard, "pause", false);
    run.stop();
    run.canceled();
    run.see(&[("n2", "1.33.4", NodePhase::Cordoned)]);
    is_state(&run, "Paused");
    says(&run, &["one node is left", "smoke test pause failed"]);
}

#[test]
fn without_a_boundary_a_failed_guard_stops_now() {
    for (nodes, patience, words) in [
        (&ONE_DONE[..], 30 * 60, "no node boundary came"),
        (&[][..], 60, "cannot be seen"),
    ] {
        let mut run = guarded(&["hold"]);
        run.see(&ONE_DONE);
        run.tested(Purpose::Guard, "hold", false);
        run.wait(patience);
        run.see(nodes);
        assert_eq!(run.state.execution, ExecutionState::Pausing { depth: PauseDepth::Now });
        says(&run, &["smoke test hold failed", words]);
        run.stop();
    }
}

#[test]
fn several_failures_in_a_row_count_and_a_pass_in_between_does_not() {
    let mut run = guarded(&["patient"]);
    run.see(&ONE_DONE);
    for _ in 0..2 {
        run.tested(Purpose::Guard, "patient", false);
        is_state(&run, "Running");
        assert_eq!(guard_that_runs(&run).as_deref(), Some("patient"));
    }
    run.tested(Purpose::Guard, "patient", true);
    assert_eq!(guard_that_runs(&run), None);
    run.see(&TWO_DONE);
    for _ in 0..3 {
        run.tested(Purpose::Guard, "patient", false);
    }
    is_state(&run, "Pausing");
}

#[test]
fn a_step_that_is_done_before_its_stop_says_what_failed() {
    let mut run = guarded(&["hold"]);
    run.see(&ONE_DONE);
    run.tested(Purpose::Guard, "hold", false);
    run.poll(OperationState::Succeeded);
    run.read(moved(ProvisioningState::Succeeded));
    run.see(&TWO_DONE);
    is_state(&run, "Paused");
    says(&run, &["is done", "smoke test hold failed"]);
}

#[test]
fn a_pause_taken_back_by_a_person_lets_nodes_move_until_the_next_is_done() {
    let mut run = guarded(&["hold"]);
    run.see(&ONE_DONE);
    run.tested(Purpose::Guard, "hold", false);
    run.command(Command::Resume);
    is_state(&run, "Running");
    assert_eq!(guard_that_runs(&run), None);
    run.see(&TWO_DONE);
    assert_eq!(guard_that_runs(&run).as_deref(), Some("hold"));
}
