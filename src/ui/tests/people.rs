//! Gates, controls, what others started, and leaving: who decides what, key by key.

use std::sync::Arc;

use crate::domain::ids::StepId;
use crate::engine::command::{Command as EngineCommand, PauseDepth, Person};
use crate::engine::record::LeaseState;
use crate::engine::view::{ExecutionState, ExecutionView};
use crate::plan::step::GateKind;
use crate::problem::{Exit, Problem};
use crate::ui::command::{Command, Ticket};
use crate::ui::fixtures::{self, Stage};
use crate::ui::message::Message;

fn on(execution: ExecutionView) -> Stage {
    let mut stage = Stage::with(120, 40, fixtures::story(), vec![Arc::new(execution)]);
    stage.keys("/name=shop-prod<enter><enter>");
    stage
}

fn running(change: impl FnOnce(&mut ExecutionView)) -> ExecutionView {
    let mut execution = fixtures::execution("shop-prod", ExecutionState::Running);
    change(&mut execution);
    execution
}

#[track_caller]
fn shows(stage: &mut Stage, texts: &[&str]) {
    let screen = stage.text();
    for text in texts {
        assert!(screen.contains(text), "no '{text}' in\n{screen}");
    }
}

fn sent(stage: &Stage) -> Option<EngineCommand> {
    match stage.commands.last() {
        Some(Command::Send { command, .. }) => Some(command.clone()),
        _ => None,
    }
}

#[test]
fn an_approval_is_given_with_name_and_reason() {
    let mut stage = on(fixtures::held_at(GateKind::Approval));
    shows(
        &mut stage,
        &["Waiting for 12 min: Go to production?", "for: a person's yes"],
    );
    stage.keys("Yq3 checks passed");
    shows(&mut stage, &["Approve the upgrade of shop-prod", "You are anna@laptop"]);
    stage.keys("<enter>");
    shows(&mut stage, &["[ Cancel ]", "q3 checks passed", "Your name"]);
    stage.keys("<tab><enter>");
    assert_eq!(
        sent(&stage),
        Some(EngineCommand::Approve {
            step: Some(StepId::new("approval")),
            reason: "q3 checks passed".to_owned(),
        })
    );
    let mut stage = on(fixtures::held_at(GateKind::Approval));
    stage.keys("K");
    shows(&mut stage, &["An approval cannot be skipped"]);
}

#[test]
fn a_skip_needs_a_reason() {
    let mut stage = on(fixtures::held_at(GateKind::Wait));
    shows(&mut stage, &["43 min left, until 2026-07-14 10:13 UTC"]);
    stage.keys("K<enter>");
    shows(&mut stage, &["! say why"]);
    stage.keys("hurry<enter>y");
    assert_eq!(
        sent(&stage),
        Some(EngineCommand::Skip {
            step: Some(StepId::new("wait")),
            reason: "hurry".to_owned(),
        })
    );
}

#[test]
fn gates_are_told_on_the_overview() {
    let mut stage = on(fixtures::held_at(GateKind::Approval));
    stage.keys("1<esc>");
    shows(
        &mut stage,
        &["1 waits for an approval: shop-prod", "approval 12 min: Go to"],
    );
}

#[test]
fn the_one_who_drives_hands_over_to_who_asked() {
    let mut stage = on(running(|execution| {
        execution.controls_asked_by = Some(fixtures::colleague());
    }));
    shows(&mut stage, &["bob@desk-7 asks"]);
    stage.keys("H");
    shows(&mut stage, &["Hand-over of shop-prod to bob@desk-7?", "[ Cancel ]"]);
    stage.keys("y");
    let to = fixtures::colleague();
    assert_eq!(sent(&stage), Some(EngineCommand::HandOver { to }));
}

#[test]
fn a_hand_over_that_is_not_taken_yet_says_so_on_both_sides() {
    let handed = |to: Person| {
        on(running(|execution| {
            execution.driver = None;
            execution.controls_asked_by = Some(to.clone());
            execution.handed_to = Some(to);
        }))
    };
    let mut stage = handed(fixtures::colleague());
    shows(&mut stage, &["handed over to bob@desk-7, who has not taken it yet"]);
    assert!(!stage.text().contains("asked for"), "the request is answered");
    let mut stage = handed(fixtures::person());
    shows(&mut stage, &["! handed over to you: H takes the controls"]);
    assert!(!stage.text().contains("asked for"), "the request is answered");
}

#[test]
fn a_plan_that_a_smoke_test_stopped_says_what_to_do() {
    let mut execution = fixtures::held_at(GateKind::SmokeTest);
    execution.state = ExecutionState::Paused;
    execution.gate = None;
    let mut stage = on(execution);
    shows(&mut stage, &["do: repair the application, then P, which runs"]);
}

#[test]
fn who_does_not_drive_asks_or_takes_over_with_a_reason_and_is_briefed() {
    let elsewhere = || {
        on(running(|execution| {
            execution.driver = Some(fixtures::colleague());
        }))
    };
    let mut stage = elsewhere();
    assert!(
        stage
            .commands
            .iter()
            .any(|command| matches!(command, Command::Brief { .. })),
        "who arrives is told how it stands"
    );
    stage.keys("H");
    shows(
        &mut stage,
        &["Driven by bob@desk-7", "Ask for the controls", "Take over"],
    );
    stage.keys("<enter>y");
    assert_eq!(sent(&stage), Some(EngineCommand::AskForControls));
    let mut stage = elsewhere();
    stage.keys("Hj<enter><enter>");
    shows(&mut stage, &["! say why"]);
    stage.keys("bob is ill<enter>");
    shows(&mut stage, &["Take-over of shop-prod?", "bob is ill"]);
    stage.keys("y");
    let Some(Command::TakeControls { execution, reason }) = stage.commands.last().cloned() else {
        panic!("{:?}", stage.commands);
    };
    assert_eq!(reason.as_deref(), Some("bob is ill"));
    stage.send(Message::Taken(Ok(execution)));
    assert!(matches!(stage.commands.last(), Some(Command::Brief { .. })));
}

#[test]
fn controls_that_were_asked_for_come_with_a_brief() {
    let by = |driver: Person, asked: Option<Person>| {
        running(|execution| {
            execution.driver = Some(driver);
            execution.controls_asked_by = asked;
        })
    };
    let mut stage = on(by(fixtures::colleague(), None));
    stage.keys("H<enter>y");
    stage.send_executions(vec![Arc::new(by(fixtures::colleague(), Some(fixtures::person())))]);
    shows(&mut stage, &["driven by bob@desk-7, you asked"]);
    stage.commands.clear();
    let briefs = |stage: &Stage| {
        let is_brief = |command: &&Command| matches!(command, Command::Brief { .. });
        stage.commands.iter().filter(is_brief).count()
    };
    for _ in 0..2 {
        stage.send_executions(vec![Arc::new(by(fixtures::person(), None))]);
        assert_eq!(briefs(&stage), 1, "once");
    }
    shows(&mut stage, &["You drive k3v9 now"]);
}

#[test]
fn what_nobody_drives_is_taken_without_a_reason() {
    let mut stage = on(running(|execution| execution.driver = None));
    stage.keys("Hy");
    assert!(matches!(
        stage.commands.last(),
        Some(Command::TakeControls { reason: None, .. })
    ));
}

#[test]
fn a_driver_on_another_machine_is_found_by_the_lease() {
    let mut stage = on(running(|execution| {
        execution.lease = Some(LeaseState::Lost {
            holder: fixtures::colleague(),
        });
    }));
    shows(&mut stage, &["bob@desk-7 has the cluster's Lease"]);
    stage.keys("H");
    assert!(matches!(stage.commands.last(), Some(Command::LookUpLease { .. })));
    shows(&mut stage, &["asking the cluster who drives it"]);
    let holder = || Ok(Some(Box::new(fixtures::holder("shop-prod"))));
    stage.send(Message::LeaseFound(Ticket(99), holder()));
    shows(&mut stage, &["asking the cluster who drives it"]);
    stage.send(Message::LeaseFound(Ticket(1), holder()));
    shows(
        &mut stage,
        &["execution m2x7", "its Lease has run out", "2 of 11 steps done"],
    );
    stage.keys("j<enter>gone home<enter>y");
    assert!(matches!(stage.commands.last(), Some(Command::TakeLease { reason, .. }) if reason == "gone home"));
    let mut stage = on(running(|execution| {
        execution.lease = Some(LeaseState::Unavailable {
            why: "leases is forbidden".to_owned(),
        });
    }));
    shows(
        &mut stage,
        &["leases is forbidden; Azure's refusals are the only guard"],
    );
}

/// A cluster with an upgrade that nobody here started, at its live view.
fn foreign(keys: &str) -> Stage {
    let mut stage = Stage::with(120, 40, fixtures::story(), Vec::new());
    stage.keys("/name=pay-prod<enter><enter>").keys(keys);
    assert!(matches!(stage.commands.last(), Some(Command::LookUpForeign { .. })));
    stage.send(Message::ForeignFound(
        Ticket(1),
        Ok(Some(Box::new(fixtures::foreign("pay-prod")))),
    ));
    stage
}

#[test]
fn what_others_started_is_steered_after_saying_whose_it_is() {
    let mut stage = foreign("A");
    shows(
        &mut stage,
        &["bob@contoso.com started this 12 min ago", "adopt it", "[ Cancel ]"],
    );
    stage.keys("y");
    assert!(
        !matches!(stage.commands.last(), Some(Command::Adopt { .. })),
        "the request was not shown yet"
    );
    stage.send(Message::Previewed(Ticket(2), Ok(fixtures::request("pay-prod"))));
    stage.keys("y");
    assert!(matches!(
        stage.commands.last(),
        Some(Command::Adopt {
            command: EngineCommand::Abort,
            ..
        })
    ));
    let mut stage = foreign("P");
    shows(
        &mut stage,
        &["bob@contoso.com started this", "at the next node boundary"],
    );
    stage.keys("<enter>y");
    let depth = PauseDepth::AfterStep;
    assert!(
        matches!(stage.commands.last(), Some(Command::Adopt { command: EngineCommand::Pause { depth: asked }, .. }) if *asked == depth)
    );
}

#[test]
fn an_upgrade_that_ended_meanwhile_is_no_order() {
    let mut stage = Stage::with(120, 40, fixtures::story(), Vec::new());
    stage.keys("/name=pay-prod<enter><enter>A");
    stage.send(Message::ForeignFound(Ticket(1), Ok(None)));
    shows(&mut stage, &["Nothing runs there now that could be steered"]);
    stage.keys("<enter>");
    assert!(
        !stage
            .commands
            .iter()
            .any(|command| matches!(command, Command::Adopt { .. }))
    );
}

#[test]
fn leaving_can_hand_the_upgrade_to_the_background() {
    let mut stage = on(running(|_| ()));
    stage.keys("<ctrl-c>");
    shows(&mut stage, &["Keep driving in the background"]);
    stage.keys("j<enter>");
    assert!(matches!(stage.commands.last(), Some(Command::HandToBackground(ids)) if ids.len() == 1));
    shows(&mut stage, &["a background process goes on"]);
    let problem = Problem::new(Exit::Unexpected, "Not everything goes on in the background").because("k3v9: no");
    stage.send(Message::HandedToBackground(Err(problem)));
    assert!(!stage.commands.contains(&Command::Quit));
    shows(&mut stage, &["k3v9: no"]);
    stage.keys("<enter>");
    assert_eq!(stage.commands.last(), Some(&Command::Quit));
    let mut stage = on(running(|_| ()));
    stage.keys("<ctrl-c>j<enter>").send(Message::HandedToBackground(Ok(())));
    assert_eq!(stage.commands.last(), Some(&Command::Quit));
}

#[test]
fn what_another_process_of_mine_drives_needs_no_question() {
    let mut stage = on(running(|_| ()));
    stage.send(Message::DrivenHere(std::collections::BTreeSet::new()));
    shows(&mut stage, &["driven by you, in another process"]);
    stage.keys("<ctrl-c>");
    assert_eq!(stage.commands.last(), Some(&Command::Quit));
}

#[test]
fn the_timeline_is_read_and_follows_what_happens() {
    let mut stage = on(running(|_| ()));
    stage.keys("t");
    assert!(matches!(stage.commands.last(), Some(Command::ReadTimeline(_))));
    shows(&mut stage, &["reading the journal"]);
    let id = crate::domain::ids::ExecutionId::new("k3v9");
    stage.send(Message::TimelineRead(id.clone(), Ok(fixtures::entries())));
    shows(
        &mut stage,
        &["6 records", "follows what comes", "bob asked for the controls"],
    );
    stage.keys("gjj<enter>");
    shows(&mut stage, &["request id", "11112222-3333-4444-5555"]);
    // The filter is written down with the first tick.
    stage.send(Message::Tick(fixtures::now()));
    let before = stage.commands.len();
    stage.keys("<esc>").send(Message::Tick(fixtures::now()));
    assert_eq!(stage.commands.len(), before, "nothing has happened");
    stage.send_executions(vec![Arc::new(fixtures::execution("shop-prod", ExecutionState::Paused))]);
    stage
        .send(Message::Tick(fixtures::now()))
        .send(Message::Tick(fixtures::now()));
    assert_eq!(stage.commands.len(), before + 1, "read again, once at a time");
    let problem = Problem::new(Exit::Unexpected, "the journal does not work");
    stage.send(Message::TimelineRead(id, Err(problem)));
    shows(&mut stage, &["the journal does not work", "bob asked for the controls"]);
}
