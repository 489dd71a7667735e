//! Every gate: how it holds, what opens it, and what it does when it cannot know.

use super::samples::*;
use super::*;
use crate::plan::step::{GateKind, WaitUntil};

#[test]
fn an_approval_holds_until_a_person_says_yes() {
    let mut run = Run::through(vec![approval("go"), control_plane()]);
    is_state(&run, "Waiting");
    assert_eq!(run.steps(), ["holding", "pending"]);
    let gate = run.state.view().gate.unwrap();
    assert_eq!((gate.kind, gate.since), (GateKind::Approval, run.now));
    says(&run, &["approval", "production?"]);
    assert!(effects(&run.state).is_empty(), "nothing to do but wait");
    refused(&run.approve(Some("other")), "not the current step");
    refused(&run.skip(), "approve it, or abort");
    is_state(&run, "Waiting");
    run.approve(Some("go"));
    is_state(&run, "Running");
    assert_eq!(run.steps(), ["succeeded", "starting"]);
    assert!(run.state.view().gate.is_none());
    assert!(run.log.iter().any(|(_, record)| matches!(
        record,
        Record::Approved { by, reason, .. } if by.name == "bob" && reason.contains("canary")
    )));
    refused(&run.approve(None), "while it is Running");
}

#[test]
fn an_approval_that_was_given_is_not_asked_for_again() {
    let mut run = Run::through(vec![approval("go"), control_plane()]);
    let approved = Record::Approved {
        step: "go".into(),
        by: person("bob"),
        reason: "yes".to_owned(),
    };
    apply(&mut run.state, &approved, run.now);
    run.log.push((run.now, approved));
    run.pause(PauseDepth::AfterStep);
    is_state(&run, "Paused");
    run.command(Command::Resume);
    assert_eq!(run.steps(), ["succeeded", "starting"]);
}

#[test]
fn a_wait_ends_with_its_time_or_by_a_skip() {
    let wait = |until| Run::through(vec![Step::new("wait", StepKind::Wait { until }), control_plane()]);
    let mut run = wait(WaitUntil::Seconds(600));
    is_state(&run, "Waiting");
    let until = run.now + std::time::Duration::from_mins(10);
    assert_eq!(run.state.view().gate.unwrap().until, Some(until));
    assert!(matches!(&effects(&run.state)[..], [Effect::WaitUntil { until: at, .. }] if *at == until));
    run.wait(599);
    assert!(run.time_came().is_empty(), "a clock that is early is asked again");
    run.wait(1);
    run.time_came();
    is_state(&run, "Running");
    assert_eq!(run.steps(), ["succeeded", "starting"]);

    let mut skipped = wait(WaitUntil::Seconds(u64::MAX));
    skipped.skip();
    assert_eq!(skipped.steps(), ["skipped", "starting"]);

    let past = wait(WaitUntil::Time(Timestamp::UNIX_EPOCH));
    assert_eq!(past.steps(), ["succeeded", "starting"]);
}

#[test]
fn a_smoke_test_that_holds_is_repeated_and_opens_by_itself() {
    let mut run = Run::through(vec![smoke("try", "hold"), control_plane()]);
    is_state(&run, "Running");
    assert!(matches!(
        &effects(&run.state)[..],
        [Effect::Test { not_before: None, .. }]
    ));
    run.tested(Purpose::Step, "hold", false);
    is_state(&run, "Waiting");
    says(&run, &["smoke test hold failed", "503", "every 30 s", "skip"]);
    let again = run.now + std::time::Duration::from_secs(30);
    assert!(matches!(
        &effects(&run.state)[..],
        [Effect::Test { not_before: Some(at), .. }] if *at == again
    ));
    let records = run.tested(Purpose::Step, "hold", false);
    assert!(matches!(records[..], [Record::Tested { .. }]), "the same is said once");
    run.tested(Purpose::Step, "hold", true);
    is_state(&run, "Running");
    assert_eq!(run.steps(), ["succeeded", "starting"]);
    assert_eq!(run.state.view().smoke[0].runs.len(), 3);
}

#[test]
fn a_smoke_test_may_need_several_failures_in_a_row() {
    let mut run = Run::through(vec![smoke("try", "patient"), control_plane()]);
    for _ in 0..2 {
        run.tested(Purpose::Step, "patient", false);
        is_state(&run, "Running");
        assert!(matches!(
            &effects(&run.state)[..],
            [Effect::Test { not_before: None, .. }]
        ));
    }
    run.tested(Purpose::Step, "patient", false);
    is_state(&run, "Waiting");
    run.skip();
    assert_eq!(run.steps(), ["skipped", "starting"]);
}

#[test]
fn a_smoke_test_that_pauses_is_run_again_by_resume() {
    let mut run = Run::through(vec![smoke("try", "pause"), control_plane()]);
    let late = run.ticket(Purpose::Step);
    run.tested(Purpose::Step, "pause", false);
    is_state(&run, "Paused");
    says(&run, &["503", "resume", "skip"]);
    run.command(Command::Resume);
    assert_ne!(run.ticket(Purpose::Step), late);
    run.tested(Purpose::Step, "pause", true);
    assert_eq!(run.steps(), ["succeeded", "starting"]);
}

#[test]
fn a_smoke_test_the_plan_does_not_have_fails_and_can_be_skipped() {
    let mut run = Run::through(vec![smoke("try", "nobody"), control_plane()]);
    is_state(&run, "Failed");
    says(&run, &["no smoke test named nobody"]);
    run.skip();
    assert_eq!(run.steps(), ["skipped", "starting"]);
}

#[test]
fn old_runs_of_a_smoke_test_are_forgotten() {
    let mut run = Run::through(vec![smoke("try", "hold"), control_plane()]);
    for _ in 0..125 {
        run.wait(30);
        run.tested(Purpose::Step, "hold", false);
    }
    let view = run.state.view();
    assert_eq!(view.smoke[0].runs.len(), crate::engine::view::SMOKE_RUNS_KEPT);
    assert_eq!(view.smoke[0].runs.last().unwrap().at, run.now);
}

#[test]
fn the_baseline_is_taken_before_anything_else() {
    let mut run = Run::through(vec![approval("go"), readiness()]);
    is_state(&run, "Running");
    assert!(matches!(&effects(&run.state)[..], [Effect::ReadWorkloads { .. }]));
    run.workloads_read(Ok(workloads(3)));
    is_state(&run, "Waiting");
    run.approve(None);
    assert!(matches!(&effects(&run.state)[..], [Effect::ReadWorkloads { .. }]));
    run.workloads_read(Ok(workloads(2)));
    is_state(&run, "Waiting");
    says(&run, &["shop/cart 2 of 3 ready, 3 at the start"]);
    assert!(run.workloads_read(Ok(workloads(2))).is_empty(), "the same is said once");
    run.workloads_read(Err("the API server is away".to_owned()));
    says(&run, &["API server is away", "no pass"]);
    let since = run.state.view().gate.unwrap().since;
    run.wait(60);
    run.workloads_read(Ok(workloads(1)));
    assert_eq!(run.state.view().gate.unwrap().since, since);
    run.workloads_read(Ok(workloads(3)));
    is_state(&run, "Succeeded");
}

#[test]
fn a_baseline_that_cannot_be_had_makes_the_gate_hold() {
    let mut run = Run::through(vec![control_plane(), readiness()]);
    assert_eq!(run.workloads_read(Err("no rights".to_owned())).len(), 1);
    assert!(run.workloads_read(Err("no rights".to_owned())).is_empty());
    run.wait(120);
    run.workloads_read(Err("no rights".to_owned()));
    assert_eq!(run.message(), "");
    run.do_control_plane();
    is_state(&run, "Waiting");
    says(&run, &["not known", "no rights", "skip"]);
    assert!(effects(&run.state).is_empty());
    run.skip();
    is_state(&run, "Succeeded");
    says(&run, &["left out: ready"]);
}

#[test]
fn verify_compares_claims_and_then_nodes() {
    let verifying = || {
        let mut run = Run::through(vec![control_plane(), pool(), verify()]);
        run.do_control_plane();
        run.do_pool();
        assert!(matches!(
            &effects(&run.state)[..],
            [Effect::ReadCluster { looks: 0, .. }]
        ));
        run
    };
    let mut run = verifying();
    run.cluster_read(good_cluster());
    assert!(matches!(&effects(&run.state)[..], [Effect::WatchNodes { .. }]));
    run.see(&[("n1", TARGET, NodePhase::Upgraded)]);
    is_state(&run, "Succeeded");

    let mut stale = verifying();
    let old = || {
        cluster(
            "1.33.4",
            ProvisioningState::Succeeded,
            vec![node_pool("web", "1.33.4", ProvisioningState::Succeeded)],
        )
    };
    stale.cluster_read(old());
    stale.cluster_read(old());
    stale.cluster_read(good_cluster());
    stale.see(&[]);
    is_state(&stale, "Running");
    stale.wait(60);
    stale.see(&[]);
    is_state(&stale, "Succeeded");
    says(&stale, &["cannot be seen"]);

    let mut behind = verifying();
    for _ in 0..3 {
        behind.cluster_read(old());
    }
    is_state(&behind, "Failed");
    says(
        &behind,
        &["NotVerified", "control plane is at 1.33.4, not 1.34.2", "node pool web"],
    );
    behind.command(Command::Retry);
    behind.cluster_read(good_cluster());
    for (name, version, phase, words) in [
        ("n2", "1.33.4", NodePhase::Waiting, "node n2 runs v1.33.4"),
        ("n3", TARGET, NodePhase::Cordoned, "node n3 is cordoned"),
        ("n4", TARGET, NodePhase::Quarantined, "node n4 is quarantined"),
    ] {
        let nodes = [("n1", TARGET, NodePhase::Upgraded), (name, version, phase)];
        behind.see(&nodes);
        is_state(&behind, "Running");
        behind.wait(300);
        behind.see(&nodes);
        is_state(&behind, "Failed");
        says(&behind, &[words, "retry"]);
        behind.command(Command::Retry);
        behind.cluster_read(good_cluster());
    }
    behind.see(&[("n1", TARGET, NodePhase::Upgraded)]);
    is_state(&behind, "Succeeded");
}

#[test]
fn verify_waits_for_other_operations_and_names_other_pools() {
    let mut run = Run::through(vec![control_plane(), verify()]);
    run.do_control_plane();
    let busy = || cluster(TARGET, ProvisioningState::Updating, Vec::new());
    for _ in 0..3 {
        run.cluster_read(busy());
    }
    is_state(&run, "Waiting");
    says(&run, &["the cluster is Updating"]);
    assert!(run.cluster_read(busy()).is_empty());
    let added = node_pool("batch", "1.33.4", ProvisioningState::Succeeded);
    run.cluster_read(cluster(TARGET, ProvisioningState::Succeeded, vec![added]));
    is_state(&run, "Succeeded");
    says(&run, &["added since", "batch at 1.33.4"]);
}

#[test]
fn verify_expects_nothing_of_steps_that_were_left_out() {
    let mut run = Run::through(vec![control_plane(), pool(), verify()]);
    run.do_control_plane();
    run.pause(PauseDepth::Now);
    run.skip();
    let web = node_pool("web", "1.33.4", ProvisioningState::Succeeded);
    run.cluster_read(cluster(TARGET, ProvisioningState::Succeeded, vec![web]));
    is_state(&run, "Succeeded");
    says(&run, &["left out: pool-web", "not moved: web at 1.33.4"]);
}

#[test]
fn verify_says_so_when_the_cluster_or_a_pool_is_gone() {
    let mut run = Run::through(vec![control_plane(), pool(), verify()]);
    run.do_control_plane();
    run.do_pool();
    for _ in 0..3 {
        run.cluster_read(cluster(TARGET, ProvisioningState::Succeeded, Vec::new()));
    }
    is_state(&run, "Failed");
    says(&run, &["web does not exist any more"]);
    run.command(Command::Retry);
    let ticket = run.ticket(Purpose::Step);
    run.feed(&Input::NotRead {
        ticket,
        trouble: trouble(TroubleKind::NotFound),
    });
    is_state(&run, "Failed");
    says(&run, &["cluster shop does not exist any more", "abort"]);
}

#[test]
fn a_pause_and_an_abort_work_at_every_gate() {
    let gates = || {
        vec![
            approval("go"),
            Step::new(
                "wait",
                StepKind::Wait {
                    until: WaitUntil::Seconds(60),
                },
            ),
            smoke("try", "hold"),
            readiness(),
            verify(),
        ]
    };
    for gate in gates() {
        let mut run = Run::through(vec![gate.clone(), control_plane()]);
        if gate.kind == StepKind::ReadinessGate {
            run.workloads_read(Ok(workloads(3)));
        }
        run.pause(PauseDepth::NodeBoundary);
        is_state(&run, "Paused");
        says(&run, &["nothing runs in Azure"]);
        run.command(Command::Resume);
        assert_eq!(run.state.steps[0].attempt, 2);
        assert_eq!(run.steps()[0], "holding");
        run.command(Command::Abort);
        is_state(&run, "Aborted");
    }
}

#[test]
fn a_pause_point_pauses_after_its_step_but_not_after_the_last() {
    let pausing = |step: Step| Step {
        pause_after: true,
        ..step
    };
    let mut run = Run::through(vec![pausing(approval("go")), pausing(control_plane())]);
    run.approve(None);
    is_state(&run, "Paused");
    says(&run, &["pause point after approval"]);
    assert_eq!(run.steps(), ["succeeded", "pending"]);
    run.command(Command::Resume);
    run.do_control_plane();
    is_state(&run, "Succeeded");
}
