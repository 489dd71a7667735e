//! What goes wrong: failures, lost answers, claims that are not real, conflicts, late inputs.

use super::*;

#[test]
fn a_failure_carries_azures_words_and_can_be_retried() {
    let mut run = Run::on_pool();
    assert!(run.command(Command::Retry).iter().all(|record| matches!(
        record,
        Record::CommandRefused { why, .. } if why.contains("while it is Running")
    )));
    run.poll(OperationState::Failed {
        error: error("QuotaExceeded"),
    });
    is_state(&run, "Failed");
    assert!(run.message().contains("QuotaExceeded"), "{}", run.message());
    run.command(Command::Retry);
    is_state(&run, "Running");
    assert_eq!(run.state.steps[1].attempt, 2);
    run.start();
}

#[test]
fn a_cancel_by_somebody_else_is_a_failure_that_says_so() {
    let mut run = Run::on_pool();
    run.pause(PauseDepth::AfterStep);
    run.canceled();
    is_state(&run, "Failed");
    assert!(run.message().contains("cancelled by someone else"), "{}", run.message());
}

#[test]
fn succeeded_with_nodes_left_behind_is_a_failure() {
    let mut run = Run::on_pool();
    run.poll(OperationState::Succeeded);
    run.read(moved(ProvisioningState::Succeeded));
    let nodes = [
        ("n1", TARGET, NodePhase::Upgraded),
        ("n2", "1.33.4", NodePhase::Waiting),
    ];
    assert!(run.see(&nodes).is_empty(), "a picture may lag a little");
    run.wait(300);
    run.see(&nodes);
    is_state(&run, "Failed");
    assert!(
        run.message().contains("n2") && run.message().contains("v1.33.4"),
        "{}",
        run.message()
    );
}

#[test]
fn succeeded_without_sight_of_the_nodes_is_believed_and_noted() {
    let mut run = Run::on_pool();
    run.poll(OperationState::Succeeded);
    run.read(moved(ProvisioningState::Succeeded));
    assert!(run.see(&[]).is_empty());
    run.wait(60);
    run.see(&[]);
    is_state(&run, "Succeeded");
    assert!(run.message().contains("cannot be seen"), "{}", run.message());
}

#[test]
fn a_claim_that_the_resource_does_not_share_fails_after_three_reads() {
    let mut run = Run::on_control_plane();
    run.poll(OperationState::Succeeded);
    run.read(astray(ProvisioningState::Succeeded));
    run.read(astray(ProvisioningState::Succeeded));
    is_state(&run, "Running");
    run.read(astray(ProvisioningState::Succeeded));
    is_state(&run, "Failed");
    assert!(run.message().contains("1.33.4"), "{}", run.message());
}

#[test]
fn a_changed_resource_is_prepared_anew_a_few_times() {
    let mut run = Run::begun();
    for _ in 0..5 {
        let id = run.prepare(Purpose::Step);
        run.answer(id, Err(TroubleKind::Changed));
        is_state(&run, "Running");
    }
    let id = run.prepare(Purpose::Step);
    run.answer(id, Err(TroubleKind::Changed));
    is_state(&run, "Failed");
    assert!(run.message().contains("keeps changing"), "{}", run.message());
}

#[test]
fn another_operation_is_waited_for() {
    let mut run = Run::begun();
    let id = run.prepare(Purpose::Step);
    run.answer(id, Err(TroubleKind::Conflict));
    is_state(&run, "Waiting");
    assert!(run.read(resource(ProvisioningState::Updating)).is_empty());
    run.read(resource(ProvisioningState::Succeeded));
    is_state(&run, "Running");
    run.start();
}

#[test]
fn throttling_waits_as_long_as_azure_asks() {
    let mut run = Run::begun();
    let id = run.prepare(Purpose::Step);
    run.answer(
        id,
        Err(TroubleKind::Throttled {
            retry_after: Some(std::time::Duration::from_secs(17)),
        }),
    );
    is_state(&run, "Waiting");
    let until = run.now + std::time::Duration::from_secs(17);
    assert!(matches!(
        &effects(&run.state)[..],
        [Effect::Prepare { not_before: Some(at), .. }] if *at == until
    ));
    run.start();
    is_state(&run, "Running");
}

#[test]
fn a_refusal_fails_the_step() {
    for kind in [TroubleKind::Refused, TroubleKind::Denied, TroubleKind::NotFound] {
        let mut run = Run::begun();
        let id = run.prepare(Purpose::Step);
        run.answer(id, Err(kind));
        is_state(&run, "Failed");
        let mut run = Run::begun();
        run.find();
        let ticket = run.ticket(Purpose::Step);
        run.feed(&Input::NotPrepared {
            ticket,
            trouble: trouble(kind),
        });
        is_state(&run, "Failed");
    }
}

/// After a lost answer: what each row of reads leads to.
#[test]
fn a_lost_answer_is_looked_for_in_the_resource() {
    let check = |reads: &[Resource], word: &str, prepares: bool| {
        let mut run = Run::begun();
        let id = run.prepare(Purpose::Step);
        run.answer(id, Err(TroubleKind::Uncertain));
        for (place, found) in reads.iter().enumerate() {
            let is_looking = matches!(&effects(&run.state)[..], [Effect::ReadResource { .. }]);
            assert!(is_looking, "still looking before read {place} of {reads:?}");
            run.read(found.clone());
        }
        assert_eq!(run.word(), word, "{reads:?}");
        assert_eq!(matches!(run.state.work, Work::Preparing { .. }), prepares, "{reads:?}");
    };
    let failed = Resource {
        error: Some(error("Quota")),
        ..moved(ProvisioningState::Failed)
    };
    check(&[moved(ProvisioningState::Upgrading)], "Running", false);
    check(&[moved(ProvisioningState::Succeeded)], "Running", false);
    check(&[failed], "Failed", false);
    check(&[moved(ProvisioningState::Canceled)], "Failed", false);
    let before = resource(ProvisioningState::Succeeded);
    check(&[before.clone(), before.clone()], "Running", true);
    check(&[before.clone(), moved(ProvisioningState::Upgrading)], "Running", false);
    let foreign = resource(ProvisioningState::Scaling);
    check(&[foreign.clone(), foreign], "Waiting", false);
    let still_failed = resource(ProvisioningState::Failed);
    check(&[still_failed.clone(), still_failed], "Running", true);
}

#[test]
fn a_lost_abort_is_looked_for_too() {
    let mut run = Run::on_pool();
    run.command(Command::Abort);
    for _ in 0..2 {
        let id = run.prepare(Purpose::Stop);
        run.answer(id, Err(TroubleKind::Uncertain));
        for _ in 0..2 {
            let ticket = run.ticket(Purpose::Stop);
            run.feed(&Input::Read {
                ticket,
                resource: moved(ProvisioningState::Upgrading),
            });
        }
    }
    let id = run.prepare(Purpose::Stop);
    run.answer(id, Err(TroubleKind::Uncertain));
    let ticket = run.ticket(Purpose::Stop);
    run.feed(&Input::Read {
        ticket,
        resource: moved(ProvisioningState::Canceling),
    });
    run.canceled();
    run.see(&[("n1", "1.33.4", NodePhase::Cordoned)]);
    is_state(&run, "Aborted");
    assert_eq!(run.state.leftovers, ["n1".into()]);
}

#[test]
fn trouble_with_polling_is_told_and_forgotten() {
    let mut run = Run::on_pool();
    let ticket = run.ticket(Purpose::Step);
    let lost = Input::NotPolled {
        ticket,
        trouble: trouble(TroubleKind::Unreachable),
    };
    assert_eq!(run.feed(&lost).len(), 1);
    assert!(run.feed(&lost).is_empty());
    is_state(&run, "Running");
    assert!(run.message().contains("goes on"), "{}", run.message());
    run.poll(OperationState::Running {
        text: "Upgrading".to_owned(),
        hint: None,
    });
    assert_eq!(run.message(), "");
}

#[test]
fn a_lost_status_url_leaves_the_resources_own_state() {
    for kind in [TroubleKind::NotFound, TroubleKind::Denied] {
        let mut run = Run::on_pool();
        for _ in 0..2 {
            let ticket = run.ticket(Purpose::Step);
            run.feed(&Input::NotPolled {
                ticket,
                trouble: trouble(kind),
            });
        }
        let word = if kind == TroubleKind::NotFound {
            "Failed"
        } else {
            "Running"
        };
        is_state(&run, word);
    }
}

#[test]
fn late_answers_change_nothing() {
    let mut run = Run::on_control_plane();
    let old = run.ticket(Purpose::Step);
    run.poll(OperationState::Succeeded);
    for late in [
        Input::Polled {
            ticket: old,
            state: OperationState::Failed { error: error("Late") },
        },
        Input::Prepared {
            ticket: old,
            request: preview(run.state.change().unwrap()),
            request_id: Uuid::from_u128(99),
        },
        Input::Answered {
            request_id: Uuid::from_u128(1),
            answer: Err(trouble(TroubleKind::Refused)),
        },
        Input::Begin,
    ] {
        assert!(run.feed(&late).is_empty(), "{late:?}");
    }
}

#[test]
fn records_of_a_newer_version_stop_the_machine() {
    let mut run = Run::on_pool();
    let unknown = Record::Unknown(serde_json::json!({"kind": "teleported"}));
    let now = run.now;
    apply(&mut run.state, &unknown, now);
    run.log.push((now, unknown));
    assert!(effects(&run.state).is_empty());
    assert!(run.command(Command::Abort).is_empty());
    assert!(run.message().contains("newer"), "{}", run.message());
}
