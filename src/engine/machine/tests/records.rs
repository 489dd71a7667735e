//! Records: every kind is folded wherever it turns up, every kind is written in some life, and a long log folds fast.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use super::super::state::Stop;
use super::samples::*;
use super::*;
use crate::engine::record::LeaseState;
use crate::engine::record::samples::one_of_each;
use crate::engine::view::StepState;
use crate::plan::step::WaitUntil;

/// What one record changes in a run, seen through the state.
fn folded(mut run: Run, kind: &str) -> State {
    let record = one_of_each(&run.state.plan.clone())
        .into_iter()
        .find(|record| record.kind() == kind)
        .unwrap();
    apply(&mut run.state, &record, run.now);
    run.state
}

fn sending() -> Run {
    let mut run = Run::begun();
    run.prepare(Purpose::Step);
    run
}

fn stopping() -> Run {
    let mut run = Run::on_control_plane();
    run.command(Command::Abort);
    run
}

type After = fn(&State) -> bool;

/// Kinds, folded into such a run, with what is true of the state after each.
fn check(run: fn() -> Run, table: &[(&str, After)]) {
    for (kind, is_true) in table {
        let state = folded(run(), kind);
        assert!(is_true(&state), "{kind}: {state:?}");
    }
}

#[test]
fn records_of_people_and_gates_change_what_they_are_for() {
    check(
        Run::begun,
        &[
            ("created", |state| state.started_by == person("ada")),
            ("driverTaken", |state| state.driver == Some(person("ada"))),
            ("driverLeft", |state| {
                state.driver.is_none() && state.handed_to.is_some()
            }),
            ("controlsAsked", |state| state.controls_asked_by.is_some()),
            ("lease", |state| state.has_lost_lease() && !state.is_acting()),
            ("commandReceived", |state| state.execution == ExecutionState::Running),
            ("commandRefused", |state| state.message.is_some()),
            ("baselineTaken", |state| {
                state.is_baseline_taken && state.baseline.is_some()
            }),
            ("tested", |state| state.smoke.is_empty()),
            ("approved", |state| state.steps[0].is_approved),
            ("stepSkipped", |state| state.steps[0].state.word() == "skipped"),
        ],
    );
    check(
        || {
            Run::through(vec![Step::new(
                "control-plane",
                StepKind::Approval {
                    question: "go?".to_owned(),
                },
            )])
        },
        &[("gateHolds", |state| {
            state.gate.is_some() && state.execution.word() == "Waiting"
        })],
    );
    check(Run::on_control_plane, &[("guardsDue", |state| state.guards.done == 1)]);
}

#[test]
fn records_of_the_course_change_what_they_are_for() {
    check(
        Run::begun,
        &[
            ("stepBegan", |state| state.steps[0].attempt == 1),
            ("stepSucceeded", |state| state.steps[0].state == StepState::Succeeded),
            ("stepFailed", |state| state.steps[0].state.word() == "failed"),
            ("stepStopped", |state| state.steps[0].state == StepState::Stopped),
            ("pausing", |state| state.execution.word() == "Pausing"),
            ("paused", |state| state.execution == ExecutionState::Paused),
            ("resumed", |state| state.execution == ExecutionState::Running),
            ("retried", |state| state.execution == ExecutionState::Running),
            ("aborting", |state| state.execution == ExecutionState::Aborting),
            ("aborted", |state| {
                state.execution.is_final() && state.leftovers.len() == 1
            }),
            ("failed", |state| state.execution == ExecutionState::Failed),
            ("succeeded", |state| state.execution == ExecutionState::Succeeded),
        ],
    );
    check(
        Run::on_control_plane,
        &[
            ("boundaryMissed", |state| {
                state.execution.word() == "Running" && state.message.is_some()
            }),
            ("stopBegan", |state| {
                matches!(state.stop, Stop::Preparing { not_before: None, .. })
            }),
        ],
    );
    check(
        stopping,
        &[
            ("stopDelayed", |state| {
                matches!(
                    state.stop,
                    Stop::Preparing {
                        not_before: Some(_),
                        ..
                    }
                )
            }),
            ("stopDone", |state| state.stop == Stop::Done),
            ("stopGivenUp", |state| state.stop == Stop::GivenUp),
        ],
    );
}

#[test]
fn records_of_requests_and_looks_change_what_they_are_for() {
    check(
        Run::begun,
        &[
            ("waiting", |state| state.execution.word() == "Waiting"),
            ("waitingOver", |state| {
                matches!(
                    state.work,
                    Work::Preparing {
                        not_before: Some(_),
                        ..
                    }
                )
            }),
            ("found", |state| {
                matches!(state.work, Work::Preparing { not_before: None, .. })
            }),
            ("looked", |state| state.work == Work::Finding { looks: 1 }),
            ("intent", |state| matches!(state.work, Work::Sending { .. })),
            ("adopted", |state| matches!(state.work, Work::Following { .. })),
            ("claimVerified", |state| {
                matches!(state.work, Work::CheckingNodes { is_found: true, .. })
            }),
            ("troubled", |state| state.trouble.is_some()),
            ("troubleOver", |state| state.trouble.is_none()),
        ],
    );
    check(
        sending,
        &[
            ("accepted", |state| matches!(state.work, Work::Following { .. })),
            ("notSent", |state| {
                matches!(
                    state.work,
                    Work::Preparing {
                        not_before: Some(_),
                        ..
                    }
                )
            }),
            ("refused", |state| {
                matches!(state.work, Work::Preparing { not_before: None, .. })
            }),
            ("answerLost", |state| matches!(state.work, Work::Looking { .. })),
            ("notTaken", |state| {
                matches!(state.work, Work::Preparing { tries: 1, .. })
            }),
        ],
    );
    check(
        Run::on_control_plane,
        &[
            ("observed", |state| state.steps[0].state.word() == "running"),
            ("operationEnded", |state| state.work == Work::Verifying { looks: 0 }),
        ],
    );
}

/// A record out of place changes as much as it can, and never panics.
#[test]
fn every_kind_is_folded_wherever_it_turns_up() {
    let gate = || Run::through(vec![approval("go"), pool(), verify()]);
    for run in [
        Run::planned(),
        Run::begun(),
        sending(),
        Run::on_pool(),
        stopping(),
        gate(),
    ] {
        for first in one_of_each(&plan()) {
            let mut state = run.state.clone();
            apply(&mut state, &first, run.now);
            for second in one_of_each(&plan()) {
                let mut state = state.clone();
                apply(&mut state, &second, run.now);
                assert_eq!(state.records, run.state.records + 2);
                let _ = (effects(&state), state.view());
            }
        }
    }
}

/// Lives in which, together, everything happens.
pub(super) fn lives() -> Vec<Run> {
    let mut gates = Run::through(vec![
        approval("go"),
        Step::new(
            "wait",
            StepKind::Wait {
                until: WaitUntil::Seconds(5),
            },
        ),
        smoke("try", "hold"),
        Step {
            guards: vec!["hold".into()],
            ..pool()
        },
        readiness(),
    ]);
    gates.workloads_read(Err("not yet".to_owned()));
    gates.workloads_read(Ok(workloads(3)));
    gates.command(Command::AskForControls);
    gates.feed(&Input::Lease {
        lease: LeaseState::Held,
    });
    gates.approve(None);
    gates.wait(5);
    gates.time_came();
    gates.tested(Purpose::Step, "hold", true);
    gates.start();
    gates.poll(OperationState::Running {
        text: "half".to_owned(),
        hint: None,
    });
    gates.see(&[("n1", TARGET, NodePhase::Upgraded)]);
    gates.tested(Purpose::Guard, "hold", true);
    gates.poll(OperationState::Succeeded);
    gates.read(moved(ProvisioningState::Succeeded));
    gates.see(&[("n1", TARGET, NodePhase::Upgraded)]);
    gates.workloads_read(Ok(workloads(2)));
    gates.skip();
    assert_eq!(gates.word(), "Succeeded");
    gates.feed(&Input::Left {
        by: person("ada"),
        why: "done".to_owned(),
        to: None,
    });
    vec![gates, troubled_life(), stopped_life()]
}

fn troubled_life() -> Run {
    let mut run = Run::begun();
    run.read(astray(ProvisioningState::Updating));
    run.read(astray(ProvisioningState::Succeeded));
    let id = run.prepare(Purpose::Step);
    run.answer(id, Err(TroubleKind::Changed));
    let id = run.prepare(Purpose::Step);
    run.answer(id, Err(TroubleKind::Uncertain));
    run.read(resource(ProvisioningState::Succeeded));
    run.read(resource(ProvisioningState::Succeeded));
    let id = run.prepare(Purpose::Step);
    run.answer(id, Err(TroubleKind::Uncertain));
    run.read(moved(ProvisioningState::Upgrading));
    let ticket = run.ticket(Purpose::Step);
    run.feed(&Input::NotPolled {
        ticket,
        trouble: trouble(TroubleKind::Unreachable),
    });
    run.poll(OperationState::Running {
        text: "found running".to_owned(),
        hint: None,
    });
    run.poll(OperationState::Failed { error: error("Quota") });
    run.command(Command::Resume);
    run.command(Command::Retry);
    let id = run.prepare(Purpose::Step);
    run.answer(id, Err(TroubleKind::Refused));
    run
}

fn stopped_life() -> Run {
    let mut run = Run::on_pool();
    run.pause(PauseDepth::NodeBoundary);
    run.wait(60);
    run.see(&[]);
    run.pause(PauseDepth::Now);
    run.stop();
    let ticket = run.ticket(Purpose::Stop);
    run.feed(&Input::Polled {
        ticket,
        state: OperationState::Succeeded,
    });
    run.canceled();
    run.see(&[("n1", "1.33.4", NodePhase::Cordoned)]);
    run.command(Command::Resume);
    run.start();
    run.command(Command::Abort);
    let ticket = run.ticket(Purpose::Stop);
    run.feed(&Input::NotPrepared {
        ticket,
        trouble: trouble(TroubleKind::Unreachable),
    });
    let id = run.prepare(Purpose::Stop);
    run.answer(id, Err(TroubleKind::Denied));
    run.canceled();
    run.see(&[("n1", "1.33.4", NodePhase::Cordoned)]);
    assert_eq!(run.word(), "Aborted");
    run
}

#[test]
fn every_kind_is_written_in_some_life() {
    let lives = lives();
    let written: BTreeSet<&str> = lives
        .iter()
        .flat_map(|life| &life.log)
        .map(|(_, record)| record.kind())
        .collect();
    let all: BTreeSet<&str> = Record::KINDS.iter().copied().collect();
    assert_eq!(written, all);
    for life in &lives {
        life.check_stored_form();
    }
}

#[test]
fn a_hundred_thousand_records_are_folded_quickly() {
    let mut run = Run::through(vec![smoke("try", "hold"), pool()]);
    run.tested(Purpose::Step, "hold", false);
    let tested = run.log.last().cloned().unwrap();
    run.log.extend(std::iter::repeat_n(tested, 100_000));
    let began = Instant::now();
    let state = restore(&"x".into(), run.log.iter().map(|(at, record)| (*at, record))).unwrap();
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    assert_eq!(state.records, u32::try_from(run.log.len()).unwrap());
}
