//! People: who skips, who asks for the controls, who gets them, and whom the Lease names.

use super::samples::*;
use super::*;
use crate::engine::record::LeaseState;

#[test]
fn a_failed_or_paused_step_can_be_left_out() {
    let mut failed = Run::on_control_plane();
    failed.poll(OperationState::Failed { error: error("Quota") });
    let mut paused = Run::begun();
    paused.pause(PauseDepth::Now);
    let mut held = Run::begun();
    held.read(astray(ProvisioningState::Updating));
    for mut run in [failed, paused, held] {
        run.skip();
        is_state(&run, "Running");
        assert_eq!(run.steps(), ["skipped", "starting"]);
        assert_eq!(run.message(), "");
        run.do_pool();
        is_state(&run, "Succeeded");
        says(&run, &["left out: control-plane"]);
    }
}

#[test]
fn what_is_in_azure_is_not_left_out() {
    let mut run = Run::on_pool();
    refused(&run.skip(), "while it is Running");
    run.pause(PauseDepth::Now);
    refused(&run.skip(), "while it is Pausing");
    let mut run = Run::through(vec![smoke("try", "hold")]);
    run.tested(Purpose::Step, "hold", false);
    let other = Command::Skip {
        step: Some("other".into()),
        reason: "late".to_owned(),
    };
    refused(&run.command(other), "not the current step");
}

#[test]
fn the_controls_are_asked_for_and_handed_over() {
    let mut run = Run::on_pool();
    run.command(Command::AskForControls);
    assert_eq!(
        run.command(Command::AskForControls).len(),
        1,
        "asking twice is only noted"
    );
    assert_eq!(run.state.view().controls_asked_by, Some(person("bob")));
    run.command(Command::HandOver { to: person("bob") });
    assert_eq!(run.state.view().handed_to, Some(person("bob")));
    run.feed(&Input::Left {
        by: person("ada"),
        why: "handed over".to_owned(),
        to: Some(person("bob")),
    });
    assert_eq!(run.state.view().driver, None);
    assert_eq!(run.state.view().handed_to, Some(person("bob")));
    run.feed(&Input::Taken {
        by: person("bob"),
        pid: 9,
        reason: Some("handed over".to_owned()),
    });
    let view = run.state.view();
    assert_eq!(view.driver, Some(person("bob")));
    assert_eq!((view.handed_to, view.controls_asked_by), (None, None));
}

#[test]
fn nothing_is_done_while_somebody_else_has_the_lease() {
    let mut run = Run::on_pool();
    let lost = Input::Lease {
        lease: LeaseState::Lost {
            holder: person("carol"),
        },
    };
    run.feed(&lost);
    assert!(run.feed(&lost).is_empty(), "only changes are written");
    assert!(effects(&run.state).is_empty());
    says(&run, &["carol on desk drives this cluster", "take them over"]);
    assert!(run.poll(OperationState::Succeeded).is_empty());
    refused(&run.pause(PauseDepth::Now), "carol on desk drives");
    assert_eq!(run.command(Command::AskForControls).len(), 2);
    for lease in [
        LeaseState::Unavailable {
            why: "no rights".to_owned(),
        },
        LeaseState::Held,
    ] {
        run.feed(&lost);
        run.feed(&Input::Lease { lease: lease.clone() });
        assert_eq!(run.state.view().lease, Some(lease));
        assert!(!effects(&run.state).is_empty());
        assert!(!run.message().contains("nothing is done here"), "{}", run.message());
    }
    run.poll(OperationState::Succeeded);
}

#[test]
fn an_answer_that_comes_after_the_lease_was_lost_is_kept() {
    let mut run = Run::begun();
    let id = run.prepare(Purpose::Step);
    run.feed(&Input::Lease {
        lease: LeaseState::Lost {
            holder: person("carol"),
        },
    });
    let accepted = run.accepted();
    run.answer(id, Ok(accepted));
    assert!(matches!(run.state.work, Work::Following { .. }));
    assert!(effects(&run.state).is_empty());
}
