//! The handle over real journals, without Azure: finding, refusing, following, and what needs nobody but the journal.

use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;

use super::*;
use crate::clock::Clock;
use crate::engine::command::PauseDepth;
use crate::engine::record::{RECORD_VERSION, Record};
use crate::journal::writer::NewRow;
use crate::plan::step::{Plan, Step, StepKind};
use crate::progress::picture::LivePicture;
use crate::smoke::SmokeRunner;

fn person(name: &str) -> Person {
    Person {
        name: name.to_owned(),
        host: "desk".to_owned(),
    }
}

fn plan(cluster: &str) -> Plan {
    Plan {
        id: "p".into(),
        cluster: ClusterId::from_parts("s", "rg", cluster),
        cluster_name: cluster.to_owned(),
        created_at: Timestamp::UNIX_EPOCH,
        steps: vec![Step::new(
            "control-plane",
            StepKind::ControlPlaneUpgrade {
                from: None,
                to: "1.34.2".parse().unwrap(),
            },
        )],
        smoke_tests: Vec::new(),
    }
}

fn settings(path: PathBuf, name: &str) -> EngineSettings {
    let source = watch::Sender::new(Arc::new(LivePicture::empty(Timestamp::UNIX_EPOCH)));
    EngineSettings {
        journal_path: path,
        azure: None,
        clock: Clock::wall(),
        person: person(name),
        live: Arc::new(move |_| source.subscribe()),
        targets: Arc::new(|_, _| {}),
        poll_interval: Duration::from_secs(10),
        read_only: false,
        kubernetes: None,
        smoke: SmokeRunner::new(Clock::wall()),
    }
}

/// A journal with these executions, oldest first, each with these records after its beginning.
fn journal(executions: &[(&str, &[Record])]) -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("journal.db");
    let journal = Journal::open(&path, Mode::ReadWrite).unwrap();
    for (second, (id, records)) in (0..).zip(executions) {
        let at = Timestamp::from_second(second).unwrap();
        let created = Record::Created {
            plan: Arc::new(plan(id)),
            by: person("ada"),
            origin: None,
            despite: None,
        };
        let rows: Vec<NewRow> = std::iter::once(&created)
            .chain(*records)
            .map(|record| NewRow {
                at,
                version: RECORD_VERSION,
                json: record.to_json(),
            })
            .collect();
        journal.create(id, id, at, &rows).unwrap();
    }
    (directory, path)
}

fn paused() -> Vec<Record> {
    vec![
        Record::StepBegan {
            step: "control-plane".into(),
            attempt: 1,
        },
        Record::StepStopped {
            step: "control-plane".into(),
        },
        Record::Paused {
            message: "stopped".to_owned(),
            leftovers: Vec::new(),
        },
    ]
}

async fn until_state(engine: &EngineHandle, id: &ExecutionId, word: &str) {
    let mut views = engine.subscribe();
    let reached = views.wait_for(|views| {
        views
            .iter()
            .any(|view| view.id == *id && view.state.word() == word && view.driver.is_none())
    });
    let result = tokio::time::timeout(Duration::from_secs(30), reached).await;
    assert!(result.is_ok(), "{id} never became {word}");
}

#[tokio::test]
async fn executions_are_found_by_id_prefix_and_last() {
    let (_directory, path) = journal(&[("3f2a", &[]), ("3f9b", &[]), ("77aa", &[])]);
    let engine = EngineHandle::open(settings(path, "ada")).unwrap();
    assert_eq!(engine.find("last").await.unwrap(), "77aa".into());
    assert_eq!(engine.find("3f9").await.unwrap(), "3f9b".into());
    assert_eq!(engine.find("3f2a").await.unwrap(), "3f2a".into());
    let several = engine.find("3f").await.unwrap_err();
    assert!(
        matches!(several, EngineError::Ambiguous { ref candidates, .. } if candidates.len() == 2),
        "{several:?}"
    );
    for none in ["", "x", "3f2ab"] {
        assert!(matches!(engine.find(none).await, Err(EngineError::NoSuchExecution(_))));
    }
    let ids: Vec<ExecutionId> = engine.subscribe().borrow().iter().map(|view| view.id.clone()).collect();
    assert_eq!(ids, ["77aa".into(), "3f9b".into(), "3f2a".into()]);
}

#[tokio::test]
async fn without_azure_nothing_is_started_but_rest_can_be_ended() {
    let (_directory, path) = journal(&[("done", &paused())]);
    let engine = EngineHandle::open(settings(path, "ada")).unwrap();
    let id = ExecutionId::new("done");
    let started = engine.start(plan("shop"), person("ada")).await;
    assert!(matches!(started, Err(EngineError::NoAzure)));
    let resumed = engine.send(&id, Command::Resume, person("ada")).await;
    assert!(matches!(resumed, Err(EngineError::NoAzure)));
    let retried = engine.send(&id, Command::Retry, person("ada")).await.unwrap_err();
    assert!(
        matches!(
            retried,
            EngineError::NoAzure
                | EngineError::NotNow {
                    command: "retry",
                    state: "Paused",
                    ..
                }
        ),
        "{retried:?}"
    );
    engine.send(&id, Command::Abort, person("ada")).await.unwrap();
    until_state(&engine, &id, "Aborted").await;
    let again = engine.send(&id, Command::Abort, person("ada")).await.unwrap_err();
    assert!(
        matches!(again, EngineError::NotNow { state: "Aborted", .. }),
        "{again:?}"
    );
    engine.leave().await;
}

#[tokio::test]
async fn a_command_reaches_the_driver_of_another_process() {
    let (_directory, path) = journal(&[("x", &paused())]);
    let driver = EngineHandle::open(settings(path.clone(), "ada")).unwrap();
    let other = EngineHandle::open(settings(path, "bob")).unwrap();
    let id = ExecutionId::new("x");
    driver.drive(&id).await.unwrap();
    driver.drive(&id).await.unwrap();
    let refused = other.drive(&id).await.unwrap_err();
    assert!(
        matches!(refused, EngineError::DrivenElsewhere { ref by, .. } if by.name == "ada"),
        "{refused:?}"
    );
    other.send(&id, Command::Abort, person("bob")).await.unwrap();
    until_state(&other, &id, "Aborted").await;
    until_state(&driver, &id, "Aborted").await;
}

#[tokio::test]
async fn leaving_gives_the_place_free() {
    let (_directory, path) = journal(&[("x", &paused())]);
    let first = EngineHandle::open(settings(path.clone(), "ada")).unwrap();
    let id = ExecutionId::new("x");
    first.drive(&id).await.unwrap();
    first.leave().await;
    let second = EngineHandle::open(settings(path, "bob")).unwrap();
    second.drive(&id).await.unwrap();
    until_driver(&second, &id, Some("bob")).await;
    // The last handle takes its drivers with it.
    drop(second);
    until_driver(&first_again(&first), &id, None).await;
}

/// `leave` ends following, too; a fresh handle follows again.
fn first_again(left: &EngineHandle) -> EngineHandle {
    EngineHandle::open(left.0.settings.clone()).unwrap()
}

async fn until_driver(engine: &EngineHandle, id: &ExecutionId, name: Option<&str>) {
    let mut views = engine.subscribe();
    let reached = views.wait_for(|views| {
        views
            .iter()
            .any(|view| view.id == *id && view.driver.as_ref().map(|driver| driver.name.as_str()) == name)
    });
    let result = tokio::time::timeout(Duration::from_secs(30), reached).await;
    assert!(result.is_ok(), "the driver never was {name:?}");
}

#[tokio::test]
async fn a_read_only_session_only_looks() {
    let (directory, path) = journal(&[("x", &paused())]);
    let read_only = EngineSettings {
        read_only: true,
        ..settings(path, "ada")
    };
    let engine = EngineHandle::open(read_only.clone()).unwrap();
    assert_eq!(engine.subscribe().borrow().len(), 1);
    let id = ExecutionId::new("x");
    let pause = Command::Pause { depth: PauseDepth::Now };
    assert!(matches!(
        engine.start(plan("shop"), person("ada")).await,
        Err(EngineError::ReadOnly)
    ));
    assert!(matches!(
        engine.send(&id, pause, person("ada")).await,
        Err(EngineError::ReadOnly)
    ));
    assert!(matches!(engine.drive(&id).await, Err(EngineError::ReadOnly)));

    let nowhere = EngineSettings {
        journal_path: directory.path().join("none/journal.db"),
        ..read_only
    };
    let engine = EngineHandle::open(nowhere).unwrap();
    assert!(engine.subscribe().borrow().is_empty());
    assert!(!directory.path().join("none").exists());
}

#[tokio::test]
async fn what_a_newer_version_wrote_is_shown_and_left_alone() {
    let newer = Record::Unknown(serde_json::json!({"kind": "teleported"}));
    let (_directory, path) = journal(&[("x", &[newer])]);
    let engine = EngineHandle::open(settings(path, "ada")).unwrap();
    let id = ExecutionId::new("x");
    let message = engine.subscribe().borrow()[0].message.clone().unwrap();
    assert!(message.contains("newer"), "{message}");
    for result in [
        engine.drive(&id).await,
        engine.send(&id, Command::Abort, person("ada")).await,
    ] {
        assert!(matches!(result, Err(EngineError::NewerRecords { .. })), "{result:?}");
    }
}
