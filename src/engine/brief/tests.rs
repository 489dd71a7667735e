//! What a brief says in each situation: views in, sentences out.

use std::sync::Arc;

use super::*;
use crate::domain::ids::ClusterId;
use crate::domain::smoke_test::SmokeRun;
use crate::engine::view::StepView;
use crate::plan::step::{Plan, Step, StepKind};
use crate::progress::picture::Blocker;
use crate::progress::window::{Fit, WindowFit};

fn ada() -> Person {
    Person {
        name: "ada".to_owned(),
        host: "desk".to_owned(),
    }
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

/// Two steps, the first one done; `ada` drives.
fn view(state: ExecutionState) -> ExecutionView {
    let web = Step::new(
        "pool-web",
        StepKind::NodePoolUpgrade {
            pool: "web".into(),
            from: None,
            to: "1.34.2".parse().unwrap(),
        },
    );
    let approval = Step::new(
        "ok",
        StepKind::Approval {
            question: "go on?".to_owned(),
        },
    );
    let step = |step: &Step, state, attempt| StepView {
        step: step.clone(),
        state,
        attempt,
        since: None,
    };
    ExecutionView {
        id: "x1".into(),
        state,
        since: at(0),
        started_at: at(0),
        started_by: ada(),
        steps: vec![
            step(&approval, StepState::Succeeded, 1),
            step(&web, StepState::Pending, 0),
        ],
        plan: Arc::new(Plan {
            id: "p".into(),
            cluster: ClusterId::from_parts("s", "rg", "shop"),
            cluster_name: "shop".to_owned(),
            created_at: at(0),
            steps: vec![approval, web],
            smoke_tests: Vec::new(),
        }),
        driver: Some(ada()),
        message: None,
        leftovers: Vec::new(),
        gate: None,
        smoke: Vec::new(),
        controls_asked_by: None,
        handed_to: None,
        lease: None,
        origin: None,
    }
}

fn gate(kind: GateKind, until: Option<Timestamp>) -> ExecutionView {
    let reason = "it is held".to_owned();
    ExecutionView {
        gate: Some(GateView {
            step: "ok".into(),
            kind,
            reason: reason.clone(),
            since: at(0),
            until,
        }),
        ..view(ExecutionState::Waiting { reason })
    }
}

fn cart(passed: &[bool]) -> SmokeView {
    let run = |passed: &bool| SmokeRun {
        test: "cart".into(),
        at: at(0),
        passed: *passed,
        latency_milliseconds: 1,
        detail: String::new(),
    };
    SmokeView {
        name: "cart".into(),
        runs: passed.iter().map(run).collect(),
    }
}

#[test]
fn the_headline_says_how_it_stands() {
    let said = |view: &ExecutionView| brief(view, None, at(0)).headline;
    assert_eq!(
        said(&view(ExecutionState::Running)),
        "shop is running: 1 of 2 steps done, at node pool web to 1.34.2."
    );
    assert_eq!(
        said(&view(ExecutionState::Aborted)),
        "shop is aborted: 1 of 2 steps done."
    );
}

#[test]
fn every_state_has_its_decision() {
    let undriven = ExecutionView {
        driver: None,
        ..view(ExecutionState::Running)
    };
    let asked = ExecutionView {
        controls_asked_by: Some(ada()),
        ..view(ExecutionState::Running)
    };
    let handed = ExecutionView {
        handed_to: Some(ada()),
        driver: None,
        ..view(ExecutionState::Running)
    };
    let boundary = ExecutionState::Pausing {
        depth: PauseDepth::NodeBoundary,
    };
    let mut guarded = view(ExecutionState::Paused);
    guarded.steps[1].step.guards = vec!["cart".into()];
    guarded.smoke = vec![cart(&[true, false])];
    let repaired = ExecutionView {
        smoke: vec![cart(&[false, true])],
        ..guarded.clone()
    };
    let table = [
        (view(ExecutionState::Running), "Nothing: it goes on by itself."),
        (view(ExecutionState::Paused), "aks-cockpit resume x1"),
        (view(ExecutionState::Failed), "aks-cockpit retry x1"),
        (view(ExecutionState::Aborting), "Azure is stopping"),
        (view(ExecutionState::Succeeded), "aks-cockpit timeline x1"),
        (view(boundary), "--depth now"),
        (
            gate(GateKind::Approval, None),
            "aks-cockpit approve x1 --step ok --reason",
        ),
        (gate(GateKind::Wait, None), "aks-cockpit skip x1 --step ok --reason"),
        (gate(GateKind::SmokeTest, None), "Repair the application"),
        (gate(GateKind::Readiness, None), "Bring the workloads back"),
        (gate(GateKind::Verify, None), "Repair what is missing"),
        (undriven, "aks-cockpit drive x1"),
        (asked, "aks-cockpit hand-over x1 --to ada@desk"),
        (handed, "ada@desk was given the controls"),
        (
            guarded,
            "Repair the application, then resume it (P, or aks-cockpit resume x1)",
        ),
        (repaired, "Resume it (P"),
    ];
    for (view, words) in table {
        let said = brief(&view, None, at(0)).next_decision;
        assert!(said.contains(words), "{:?}: {said}", view.state);
    }
}

#[test]
fn a_window_that_will_not_do_is_said_with_what_to_do() {
    let view = view(ExecutionState::Running);
    let fit = |fit| WindowFit {
        window: "default".to_owned(),
        schedule: "every day".to_owned(),
        closes: at(3600),
        fit,
        ends: (at(3000), at(4200)),
        as_of: at(0),
    };
    let mut live = LivePicture::empty(at(0));
    live.window = Some(fit(Fit::MayNot));
    let told = brief(&view, Some(&live), at(0));
    assert!(
        told.headline.ends_with("; may not fit the window."),
        "{}",
        told.headline
    );
    assert_eq!(
        told.next_decision,
        "Nothing: it goes on by itself. May not fit the maintenance window, which closes 01:00 UTC: may take until \
         01:10 UTC; pause at the next node boundary, or widen the window default (P, or aks-cockpit pause x1)."
    );
    assert_eq!(
        told.deadlines,
        [(at(3600), "the maintenance window default closes".to_owned())]
    );
    live.window = Some(fit(Fit::Fits));
    let told = brief(&view, Some(&live), at(0));
    assert!(!told.headline.contains("window") && !told.next_decision.contains("window"));
    assert!(told.deadlines.is_empty());
}

#[test]
fn the_worst_blocker_comes_first() {
    let mut view = gate(GateKind::SmokeTest, None);
    view.lease = Some(LeaseState::Lost { holder: ada() });
    view.driver = None;
    let mut live = LivePicture::empty(at(0));
    live.blockers.push(Blocker {
        what: "PodDisruptionBudget shop/cart allows no eviction".to_owned(),
        nodes: vec!["web-0".into(), "web-1".into()],
        since: at(0),
        deadline: None,
    });
    assert_eq!(
        brief(&view, Some(&live), at(0)).blockers,
        [
            "ada@desk holds the cluster's Lease, so nothing is done from here",
            "nobody drives it: no further step starts",
            "it is held",
            "PodDisruptionBudget shop/cart allows no eviction (2 nodes)",
        ]
    );
    assert!(
        brief(&self::view(ExecutionState::Succeeded), Some(&live), at(0))
            .blockers
            .is_empty()
    );
}

#[test]
fn deadlines_that_are_over_are_left_out() {
    let view = gate(GateKind::Wait, Some(at(60)));
    assert_eq!(brief(&view, None, at(0)).deadlines.len(), 1);
    assert!(brief(&view, None, at(60)).deadlines.is_empty());
}

#[test]
fn the_receiver_hears_what_was_skipped_and_left_behind() {
    let mut view = view(ExecutionState::Paused);
    view.steps[0].state = StepState::Skipped {
        reason: "agreed\u{1b}".to_owned(),
    };
    view.steps[1].attempt = 2;
    view.leftovers = vec!["web-0".into()];
    view.origin = Some(Origin::Foreign {
        operation: "Upgrading".to_owned(),
        started_by: Some("eve".to_owned()),
        started_at: None,
    });
    view.smoke = vec![cart(&[false, true])];
    assert_eq!(
        brief(&view, None, at(0)).notes,
        [
            "its first operation (Upgrading) was started by eve",
            "approval: go on? was left out: agreed",
            "node pool web to 1.34.2 took 2 attempts so far",
            "smoke test cart failed in 1 of its last 2 runs, and passes now",
            "left cordoned or half drained, to be repaired: web-0",
        ]
    );
}
