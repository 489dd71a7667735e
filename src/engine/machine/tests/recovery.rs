//! A crash after any turn: what is looked at first, and that nothing is sent a second time.

use super::super::super::recovery::{Look, RecoveryError, look_first};
use super::samples::*;
use super::*;

/// Every record of a long life: control plane with a lost answer, pool with a pause, resume, failure and retry.
fn long_life() -> Run {
    let mut run = Run::begun();
    let id = run.prepare(Purpose::Step);
    run.answer(id, Err(TroubleKind::Uncertain));
    run.read(moved(ProvisioningState::Upgrading));
    run.poll(OperationState::Succeeded);
    run.read(moved(ProvisioningState::Succeeded));
    run.start();
    run.pause(PauseDepth::Now);
    run.stop();
    run.canceled();
    run.see(&[("n1", "1.33.4", NodePhase::Cordoned)]);
    run.command(Command::Resume);
    let id = run.prepare(Purpose::Step);
    run.answer(id, Err(TroubleKind::Conflict));
    run.read(resource(ProvisioningState::Canceled));
    run.start();
    run.poll(OperationState::Failed { error: error("Quota") });
    run.command(Command::Retry);
    run.start();
    run.poll(OperationState::Succeeded);
    run.read(moved(ProvisioningState::Succeeded));
    run.see(&[("n1", TARGET, NodePhase::Upgraded)]);
    assert_eq!(run.word(), "Succeeded");
    run.check_stored_form();
    run
}

fn crashed_after(life: &Run, count: usize) -> Run {
    let log = life.log[..count].to_vec();
    let state = restore(&"x".into(), log.iter().map(|(at, record)| (*at, record))).unwrap();
    Run {
        now: log.last().unwrap().0,
        state,
        log,
        turns: Vec::new(),
        ids: 1000,
    }
}

#[test]
fn after_a_crash_nothing_is_sent_before_the_world_was_looked_at() {
    let life = long_life();
    for &count in &life.turns {
        let mut run = crashed_after(&life, count);
        let looks = look_first(&run.state);
        let was_sending = matches!(run.state.work, Work::Sending { .. });
        run.feed(&Input::Taken {
            by: person("bob"),
            pid: 2,
            reason: None,
        });
        let sends = effects(&run.state)
            .iter()
            .any(|effect| matches!(effect, Effect::Send { .. }));
        assert!(!sends, "after record {count}: {:?}", life.log[count - 1]);
        if was_sending {
            assert!(matches!(looks[..], [Look::Resource(_), ..]), "{looks:?}");
        }
        if matches!(run.state.work, Work::Following { .. }) {
            assert!(matches!(looks[..], [Look::Operation(_), ..]), "{looks:?}");
        }
    }
}

#[test]
fn from_any_turn_the_same_end_can_be_reached() {
    let life = long_life();
    for &count in &life.turns {
        let mut run = crashed_after(&life, count);
        run.feed(&Input::Taken {
            by: person("bob"),
            pid: 2,
            reason: None,
        });
        run.feed(&Input::Begin);
        properties::cooperate(&mut run);
        assert_eq!(run.word(), "Succeeded", "after record {count}");
    }
}

#[test]
fn gates_and_guards_survive_a_crash_after_any_turn() {
    for life in records::lives() {
        for &count in &life.turns {
            let mut run = crashed_after(&life, count);
            run.feed(&Input::Taken {
                by: person("bob"),
                pid: 2,
                reason: None,
            });
            properties::cooperate(&mut run);
            assert!(
                run.state.execution.is_final(),
                "after record {count}: {:?}",
                run.log.last()
            );
        }
    }
}

/// What is looked at first at each place where nothing of ours is in Azure.
#[test]
fn a_gate_is_looked_at_where_there_is_something_to_see() {
    let looks = |run: &Run| look_first(&run.state);
    let mut run = Run::through(vec![approval("go"), control_plane(), readiness(), verify()]);
    assert_eq!(looks(&run), [Look::Workloads]);
    run.workloads_read(Ok(workloads(3)));
    assert_eq!(looks(&run), []);
    run.approve(None);
    assert!(matches!(looks(&run)[..], [Look::Resource(_)]));
    run.do_control_plane();
    assert_eq!(looks(&run), [Look::Workloads]);
    run.workloads_read(Ok(workloads(3)));
    assert_eq!(looks(&run), [Look::Cluster]);
    run.cluster_read(good_cluster());
    assert_eq!(looks(&run), []);
    is_state(&run, "Succeeded");
}

#[test]
fn a_journal_without_its_beginning_is_an_error() {
    let record = Record::Resumed;
    let error = restore(&"x".into(), [(Timestamp::UNIX_EPOCH, &record)]).unwrap_err();
    assert_eq!(error, RecoveryError::NoBeginning("x".into()));
    assert!(restore(&"x".into(), []).is_err());
}
