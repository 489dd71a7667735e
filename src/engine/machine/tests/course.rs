//! The course of an execution: steps, pauses at every depth, aborts.

use super::*;

#[test]
fn a_clean_run_goes_step_by_step_to_its_end() {
    let mut run = Run::on_control_plane();
    run.poll(OperationState::Running {
        text: "ReconcilingAddons".to_owned(),
        hint: None,
    });
    assert_eq!(run.steps(), ["running", "pending"]);
    run.poll(OperationState::Succeeded);
    run.read(moved(ProvisioningState::Succeeded));
    assert_eq!(run.steps(), ["succeeded", "starting"]);
    run.start();
    run.poll(OperationState::Succeeded);
    run.read(moved(ProvisioningState::Succeeded));
    run.see(&[("n1", TARGET, NodePhase::Upgraded), ("n2", TARGET, NodePhase::Upgraded)]);
    is_state(&run, "Succeeded");
    assert_eq!(run.steps(), ["succeeded", "succeeded"]);
    assert!(run.state.view().message.is_none());
}

#[test]
fn the_same_progress_is_written_once() {
    let mut run = Run::on_control_plane();
    let running = OperationState::Running {
        text: "Upgrading".to_owned(),
        hint: None,
    };
    assert!(run.poll(running.clone()).is_empty(), "the reply said so already");
    let text = OperationState::Running {
        text: "CreatingAgentPools: 0/3 nodes completed".to_owned(),
        hint: Some(error("RetryableError")),
    };
    assert_eq!(run.poll(text.clone()).len(), 1);
    assert!(run.poll(text).is_empty());
}

#[test]
fn pausing_after_the_step_lets_it_finish() {
    let mut run = Run::on_control_plane();
    run.pause(PauseDepth::AfterStep);
    is_state(&run, "Pausing");
    assert_eq!(run.pause(PauseDepth::AfterStep).len(), 1, "asking twice is only noted");
    run.poll(OperationState::Succeeded);
    run.read(moved(ProvisioningState::Succeeded));
    is_state(&run, "Paused");
    assert_eq!(run.steps(), ["succeeded", "pending"]);
    run.command(Command::Resume);
    is_state(&run, "Running");
    assert_eq!(run.state.steps[1].attempt, 1);
    run.start();
}

#[test]
fn pausing_the_last_step_after_it_is_the_end() {
    let mut run = Run::on_pool();
    run.pause(PauseDepth::AfterStep);
    run.poll(OperationState::Succeeded);
    run.read(moved(ProvisioningState::Succeeded));
    run.see(&[("n1", TARGET, NodePhase::Upgraded)]);
    is_state(&run, "Succeeded");
}

#[test]
fn pausing_now_aborts_and_lists_what_is_left_half_done() {
    let mut run = Run::on_pool();
    run.pause(PauseDepth::Now);
    is_state(&run, "Pausing");
    run.stop();
    assert_eq!(run.steps(), ["succeeded", "stopping"]);
    run.canceled();
    is_state(&run, "Pausing");
    run.see(&[
        ("n1", TARGET, NodePhase::Upgraded),
        ("n2", "1.33.4", NodePhase::Cordoned),
        ("n3", "1.33.4", NodePhase::Draining),
        ("n4", "1.33.4", NodePhase::Waiting),
    ]);
    is_state(&run, "Paused");
    assert_eq!(run.state.leftovers, ["n2".into(), "n3".into()]);
    assert_eq!(run.steps(), ["succeeded", "stopped"]);
    run.command(Command::Resume);
    assert_eq!(run.state.steps[1].attempt, 2);
    assert!(run.state.leftovers.is_empty());
    run.start();
}

#[test]
fn a_stop_is_believed_only_with_a_picture_that_is_newer() {
    let mut run = Run::on_pool();
    run.pause(PauseDepth::Now);
    run.stop();
    run.canceled();
    let ticket = run.ticket(Purpose::Step);
    let old = picture(
        run.now - std::time::Duration::from_secs(30),
        &[("n1", "1.33.4", NodePhase::Waiting)],
    );
    assert!(run.feed(&Input::Seen { ticket, picture: old }).is_empty());
    run.see(&[]);
    is_state(&run, "Paused");
    assert!(run.message().contains("cannot be seen"), "{}", run.message());
}

#[test]
fn pausing_at_a_node_boundary_waits_for_one() {
    let mut run = Run::on_pool();
    run.pause(PauseDepth::NodeBoundary);
    assert!(
        effects(&run.state)
            .iter()
            .any(|effect| matches!(effect, Effect::WatchNodes { .. }))
    );
    assert!(run.see(&[]).is_empty(), "no nodes in sight is no boundary");
    assert!(run.see(&[("n1", "1.33.4", NodePhase::Draining)]).is_empty());
    run.wait(60);
    run.see(&[
        ("n1", TARGET, NodePhase::Upgraded),
        ("n2", "1.33.4", NodePhase::Waiting),
    ]);
    run.stop();
    run.canceled();
    run.see(&[
        ("n1", TARGET, NodePhase::Upgraded),
        ("n2", "1.33.4", NodePhase::Waiting),
    ]);
    is_state(&run, "Paused");
    assert!(run.state.leftovers.is_empty());
}

#[test]
fn without_a_boundary_it_runs_on_and_asks_again() {
    let mut run = Run::on_pool();
    run.pause(PauseDepth::NodeBoundary);
    run.wait(29 * 60);
    assert!(run.see(&[("n1", "1.33.4", NodePhase::Draining)]).is_empty());
    run.wait(60);
    run.see(&[("n1", "1.33.4", NodePhase::Draining)]);
    is_state(&run, "Running");
    assert!(run.message().contains("pause again"), "{}", run.message());

    let mut run = Run::on_pool();
    run.pause(PauseDepth::NodeBoundary);
    run.wait(60);
    run.see(&[]);
    is_state(&run, "Running");
    assert!(run.message().contains("cannot be seen"), "{}", run.message());
}

#[test]
fn a_control_plane_step_has_no_node_boundary_and_says_so() {
    let mut run = Run::on_control_plane();
    run.pause(PauseDepth::NodeBoundary);
    assert_eq!(
        run.state.execution,
        ExecutionState::Pausing {
            depth: PauseDepth::AfterStep
        }
    );
    assert!(run.message().contains("no node boundaries"), "{}", run.message());
}

#[test]
fn a_pause_before_anything_was_sent_sends_nothing() {
    for depth in [PauseDepth::AfterStep, PauseDepth::NodeBoundary, PauseDepth::Now] {
        let mut run = Run::begun();
        run.pause(depth);
        is_state(&run, "Paused");
        assert_eq!(run.steps(), ["stopped", "pending"]);
    }
    let mut run = Run::begun();
    let id = run.prepare(Purpose::Step);
    run.pause(PauseDepth::AfterStep);
    is_state(&run, "Pausing");
    run.answer(id, Err(TroubleKind::Conflict));
    is_state(&run, "Paused");
}

#[test]
fn a_pause_can_be_taken_back_until_the_abort_is_on_its_way() {
    let mut run = Run::on_pool();
    run.pause(PauseDepth::NodeBoundary);
    run.command(Command::Resume);
    is_state(&run, "Running");
    assert_eq!(run.state.steps[1].attempt, 1);
    run.pause(PauseDepth::Now);
    run.command(Command::Resume);
    is_state(&run, "Pausing");
}

#[test]
fn an_abort_stops_what_runs_and_is_final() {
    let mut run = Run::on_control_plane();
    run.command(Command::Abort);
    is_state(&run, "Aborting");
    run.stop();
    run.canceled();
    is_state(&run, "Aborted");
    assert_eq!(run.steps(), ["stopped", "pending"]);
    for command in [Command::Resume, Command::Retry, Command::Abort] {
        assert!(run.command(command).is_empty());
    }
}

#[test]
fn an_abort_at_rest_is_final_at_once() {
    let mut paused = Run::begun();
    paused.pause(PauseDepth::Now);
    let mut failed = Run::on_control_plane();
    failed.poll(OperationState::Failed { error: error("Quota") });
    let mut held = Run::begun();
    let id = held.prepare(Purpose::Step);
    held.answer(id, Err(TroubleKind::Conflict));
    for mut run in [Run::planned(), paused, failed, held] {
        run.command(Command::Abort);
        is_state(&run, "Aborted");
    }
}

#[test]
fn an_abort_that_comes_too_late_uses_the_operations_own_end() {
    for (end, state) in [
        (OperationState::Succeeded, "Aborted"),
        (OperationState::Failed { error: error("Quota") }, "Aborted"),
        (OperationState::Canceled { error: None }, "Aborted"),
    ] {
        let mut run = Run::on_control_plane();
        run.command(Command::Abort);
        let id = run.prepare(Purpose::Stop);
        run.answer(id, Err(TroubleKind::Conflict));
        is_state(&run, "Aborting");
        run.poll(end);
        if !run.state.execution.is_final() {
            run.read(moved(ProvisioningState::Succeeded));
        }
        is_state(&run, state);
    }
}

#[test]
fn an_abort_that_azure_calls_a_success_is_looked_at() {
    let mut run = Run::on_control_plane();
    run.command(Command::Abort);
    run.stop();
    run.poll(OperationState::Succeeded);
    for _ in 0..3 {
        run.read(astray(ProvisioningState::Succeeded));
    }
    is_state(&run, "Aborted");
    assert_eq!(run.steps(), ["stopped", "pending"]);
}

#[test]
fn a_conflict_that_never_ends_is_a_failure_in_azures_words() {
    let mut run = Run::begun();
    for _ in 0..8 {
        let id = run.prepare(Purpose::Step);
        run.answer(id, Err(TroubleKind::Conflict));
        is_state(&run, "Waiting");
        run.read(resource(ProvisioningState::Succeeded));
    }
    let id = run.prepare(Purpose::Step);
    run.answer(id, Err(TroubleKind::Conflict));
    is_state(&run, "Failed");
    assert!(run.message().contains("Trouble happened"), "{}", run.message());
}

#[test]
fn an_execution_that_was_only_planned_can_be_resumed() {
    let mut run = Run::planned();
    run.command(Command::Resume);
    is_state(&run, "Running");
    run.start();
}

#[test]
fn nothing_to_wait_for_after_an_abort_means_the_operation_tells_its_end() {
    let mut run = Run::on_pool();
    run.pause(PauseDepth::Now);
    let id = run.prepare(Purpose::Stop);
    let done = Acceptance {
        is_done: true,
        ..run.accepted()
    };
    run.answer(id, Ok(done));
    run.poll(OperationState::Succeeded);
    run.read(moved(ProvisioningState::Succeeded));
    run.see(&[("n1", TARGET, NodePhase::Upgraded)]);
    is_state(&run, "Succeeded");
}

#[test]
fn azure_may_refuse_to_stop_and_can_be_asked_again() {
    let mut run = Run::on_pool();
    run.pause(PauseDepth::Now);
    let id = run.prepare(Purpose::Stop);
    run.answer(id, Err(TroubleKind::Denied));
    is_state(&run, "Pausing");
    assert!(run.message().contains("did not stop it"), "{}", run.message());
    run.pause(PauseDepth::Now);
    run.stop();
    run.canceled();
    run.see(&[("n1", "1.33.4", NodePhase::Waiting)]);
    is_state(&run, "Paused");
}

#[test]
fn when_the_abort_itself_is_done_the_resource_tells_the_rest() {
    let mut run = Run::on_control_plane();
    run.command(Command::Abort);
    run.stop();
    let ticket = run.ticket(Purpose::Stop);
    run.feed(&Input::Polled {
        ticket,
        state: OperationState::Succeeded,
    });
    let asked = effects(&run.state);
    assert!(
        matches!(&asked[..], [Effect::Poll { operation, .. }] if operation.async_operation.is_none()),
        "{asked:?}"
    );
    run.canceled();
    is_state(&run, "Aborted");
}
