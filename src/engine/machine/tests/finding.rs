//! What the first look of a step leads to, adoption, operations of others, and resources that are gone.

use super::samples::*;
use super::*;

fn foreign() -> Run {
    let origin = Origin::Foreign {
        operation: "Upgrading".to_owned(),
        started_by: Some("carol".to_owned()),
        started_at: None,
    };
    Run::of(plan(), Some(origin)).driven()
}

fn busy(state: ProvisioningState) -> Resource {
    Resource {
        busy_by: Some("carol@corp in the portal".to_owned()),
        ..astray(state)
    }
}

#[test]
fn every_step_with_a_request_is_looked_at_first() {
    let run = Run::begun();
    assert!(matches!(
        &effects(&run.state)[..],
        [Effect::ReadResource { looks: 0, .. }]
    ));
}

#[test]
fn what_is_so_already_needs_no_request() {
    let mut run = Run::begun();
    run.read(moved(ProvisioningState::Succeeded));
    says(&run, &["control plane to 1.34.2: it was so already"]);
    run.read(moved(ProvisioningState::Succeeded));
    assert!(matches!(&effects(&run.state)[..], [Effect::WatchNodes { .. }]));
    run.see(&[("n1", TARGET, NodePhase::Upgraded)]);
    is_state(&run, "Succeeded");
    says(&run, &["node pool web to 1.34.2: it was so already"]);
    assert!(
        !run.log
            .iter()
            .any(|(_, record)| matches!(record, Record::Intent { .. }))
    );
}

#[test]
fn a_pool_that_claims_its_target_while_nodes_are_behind_is_sent_the_request() {
    let mut run = Run::through(vec![pool()]);
    run.read(moved(ProvisioningState::Succeeded));
    let nodes = [("n1", "1.33.4", NodePhase::Waiting)];
    assert!(run.see(&nodes).is_empty(), "a picture may lag a little");
    run.wait(60);
    run.see(&nodes);
    run.start();
    is_state(&run, "Running");
}

#[test]
fn settings_that_are_there_are_not_written_again() {
    let with = |share| Resource {
        upgrade_settings: Some(settings(share)),
        ..astray(ProvisioningState::Succeeded)
    };
    let mut run = Run::through(vec![pool_settings(), control_plane()]);
    run.read(with("33%"));
    assert_eq!(run.steps(), ["succeeded", "starting"]);
    let mut run = Run::through(vec![pool_settings(), control_plane()]);
    run.read(with("10%"));
    run.start();
    run.poll(OperationState::Succeeded);
    run.read(with("33%"));
    assert_eq!(run.steps(), ["succeeded", "starting"]);
}

#[test]
fn an_operation_of_somebody_else_holds_the_plan_and_is_named() {
    let mut run = Run::begun();
    run.read(busy(ProvisioningState::Updating));
    is_state(&run, "Waiting");
    says(&run, &["web is Updating", "carol@corp", "goes on by itself"]);
    let since = run.state.since;
    assert!(run.read(busy(ProvisioningState::Updating)).is_empty());
    run.wait(10);
    run.read(astray(ProvisioningState::Succeeded));
    is_state(&run, "Running");
    run.start();
    assert!(run.state.since > since);

    let mut unnamed = Run::begun();
    unnamed.read(astray(ProvisioningState::Upgrading));
    unnamed.wait(10);
    unnamed.read(busy(ProvisioningState::Upgrading));
    says(&unnamed, &["carol@corp"]);
    assert_eq!(unnamed.state.since, since, "it is the same wait");
    unnamed.read(moved(ProvisioningState::Succeeded));
    assert_eq!(unnamed.steps(), ["succeeded", "starting"], "they did our step");
}

#[test]
fn what_runs_towards_the_target_is_only_followed_where_it_was_adopted() {
    let mut run = Run::begun();
    run.read(moved(ProvisioningState::Upgrading));
    is_state(&run, "Waiting");

    let mut run = foreign();
    says(&run, &["carol", "followed here"]);
    run.read(moved(ProvisioningState::Upgrading));
    is_state(&run, "Running");
    assert_eq!(run.steps(), ["running", "pending"]);
    run.pause(PauseDepth::Now);
    run.stop();
    run.canceled();
    is_state(&run, "Paused");
    run.command(Command::Resume);
    run.start();
}

#[test]
fn what_was_adopted_is_looked_at_before_it_is_stopped() {
    for command in [Command::Abort, Command::Pause { depth: PauseDepth::Now }] {
        let mut run = foreign();
        run.command(command.clone());
        assert_eq!(run.steps(), ["starting", "pending"], "{command:?}");
        run.read(moved(ProvisioningState::Upgrading));
        run.stop();
        run.canceled();
        is_state(&run, if command == Command::Abort { "Aborted" } else { "Paused" });
    }
}

#[test]
fn nothing_is_sent_unasked_for_an_upgrade_of_somebody_else() {
    for (state, word) in [
        (ProvisioningState::Succeeded, "Paused"),
        (ProvisioningState::Failed, "Failed"),
        (ProvisioningState::Canceled, "Failed"),
    ] {
        let mut run = foreign();
        run.read(astray(state));
        is_state(&run, word);
        run.command(match word {
            "Paused" => Command::Resume,
            _ => Command::Retry,
        });
        run.start();
    }
}

#[test]
fn steps_another_machine_has_done_are_not_done_again() {
    let origin = Origin::OtherMachine {
        execution: "y".into(),
        driver: person("carol"),
        reason: "her laptop is shut".to_owned(),
        done: vec!["control-plane".into()],
    };
    let mut run = Run::of(plan(), Some(origin.clone()));
    assert_eq!(run.steps(), ["succeeded", "pending"]);
    says(&run, &["carol", "her laptop is shut", "done there: 1"]);
    run = run.driven();
    run.read(moved(ProvisioningState::Upgrading));
    assert_eq!(run.steps(), ["succeeded", "running"]);

    let mut late = Run::of(plan_of(vec![control_plane(), readiness()]), Some(origin)).driven();
    is_state(&late, "Waiting");
    says(&late, &["had begun before it was taken over"]);
    late.skip();
    is_state(&late, "Succeeded");
}

#[test]
fn a_read_that_is_behind_our_own_request_is_taken_again() {
    let mut run = Run::on_control_plane();
    run.poll(OperationState::Succeeded);
    for _ in 0..4 {
        run.read(resource(ProvisioningState::Succeeded));
        is_state(&run, "Running");
    }
    run.read(moved(ProvisioningState::Succeeded));
    assert_eq!(run.steps(), ["succeeded", "starting"]);

    // What is left of our last request looks like a foreign operation for a moment.
    assert_eq!(run.read(astray(ProvisioningState::Upgrading)).len(), 1);
    is_state(&run, "Running");
    run.read(astray(ProvisioningState::Upgrading));
    is_state(&run, "Waiting");
}

#[test]
fn an_end_that_the_resource_does_not_show_is_no_end() {
    let mut run = Run::on_pool();
    run.poll(OperationState::Succeeded);
    for _ in 0..3 {
        run.read(moved(ProvisioningState::Upgrading));
    }
    assert_eq!(run.steps(), ["succeeded", "running"]);
    assert!(matches!(
        &effects(&run.state)[..],
        [Effect::Poll { operation, .. }] if operation.async_operation.is_none()
    ));
}

#[test]
fn an_upgrade_of_the_whole_cluster_behind_our_control_plane_is_somebody_elses() {
    let mut run = Run::on_control_plane();
    run.poll(OperationState::Succeeded);
    let upgrade = Resource {
        busy_by: Some("AKS automatic upgrade".to_owned()),
        ..moved(ProvisioningState::Upgrading)
    };
    for _ in 0..3 {
        run.read(upgrade.clone());
    }
    is_state(&run, "Waiting");
    says(&run, &["AKS automatic upgrade", "goes on by itself"]);
    run.read(moved(ProvisioningState::Succeeded));
    assert_eq!(run.steps(), ["succeeded", "starting"]);
}

#[test]
fn an_operation_that_superseded_ours_holds_the_plan() {
    let mut run = Run::on_control_plane();
    run.poll(OperationState::Succeeded);
    for _ in 0..3 {
        run.read(busy(ProvisioningState::Scaling));
    }
    is_state(&run, "Waiting");
    says(&run, &["Scaling", "carol@corp"]);
    run.read(moved(ProvisioningState::Succeeded));
    assert_eq!(run.steps(), ["succeeded", "starting"]);
}

#[test]
fn a_first_look_that_is_not_possible_waits_or_fails() {
    let not_read = |run: &mut Run, kind| {
        let ticket = run.ticket(Purpose::Step);
        run.feed(&Input::NotRead {
            ticket,
            trouble: trouble(kind),
        })
    };
    let mut run = Run::begun();
    not_read(&mut run, TroubleKind::Unreachable);
    is_state(&run, "Waiting");
    says(&run, &["cannot be asked"]);
    assert!(not_read(&mut run, TroubleKind::Unreachable).is_empty());
    assert!(matches!(&effects(&run.state)[..], [Effect::ReadResource { .. }]));
    run.find();
    is_state(&run, "Running");
    for kind in [TroubleKind::Denied, TroubleKind::Refused, TroubleKind::NotFound] {
        let mut run = Run::begun();
        not_read(&mut run, kind);
        is_state(&run, "Failed");
    }
}

#[test]
fn a_pool_that_is_gone_can_be_left_out_and_a_cluster_cannot() {
    let mut run = Run::begun();
    run.do_control_plane();
    let ticket = run.ticket(Purpose::Step);
    run.feed(&Input::NotRead {
        ticket,
        trouble: trouble(TroubleKind::NotFound),
    });
    is_state(&run, "Failed");
    says(
        &run,
        &["node pool web of shop does not exist any more", "skip this step"],
    );
    run.skip();
    is_state(&run, "Succeeded");
    says(&run, &["left out: pool-web"]);

    let mut run = Run::on_control_plane();
    let lost = |run: &mut Run| {
        let ticket = run.ticket(Purpose::Step);
        run.feed(&Input::NotPolled {
            ticket,
            trouble: trouble(TroubleKind::NotFound),
        });
    };
    lost(&mut run);
    lost(&mut run);
    is_state(&run, "Failed");
    says(&run, &["cluster shop does not exist any more", "abort"]);
}
