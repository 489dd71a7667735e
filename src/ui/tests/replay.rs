//! The replay: the same live view of the past, the line to travel on, and what was planned beside what came.

use std::sync::Arc;

use insta::assert_snapshot;
use jiff::{SignedDuration, Timestamp};

use crate::domain::ids::ExecutionId;
use crate::engine::record::{RECORD_VERSION, Record};
use crate::engine::replay::{MadeRepair, RecordLine, Recording, Reel, SeenLine, recorder};
use crate::engine::view::ExecutionState;
use crate::progress::picture::LivePicture;
use crate::ui::actions::{ACTIONS, Place};
use crate::ui::command::Command;
use crate::ui::fixtures::{self, Stage};
use crate::ui::message::Message;

fn minute(number: i64) -> Timestamp {
    fixtures::now() - SignedDuration::from_mins(60 - number)
}

fn seen(at: Timestamp, kind: &str, json: String) -> SeenLine {
    SeenLine {
        at,
        kind: kind.to_owned(),
        key: format!("w/{at}"),
        json,
    }
}

/// An upgrade of pay-prod: held from minute 20 to 30, repaired, paused, done in minute 50.
fn recording(has_pictures: bool) -> Recording {
    let plan = fixtures::execution("pay-prod", ExecutionState::Running).plan;
    let began = |step: &str| Record::StepBegan {
        step: step.into(),
        attempt: 1,
    };
    let done = |step: &str| Record::StepSucceeded {
        step: step.into(),
        note: None,
    };
    let records = [
        (
            0,
            Record::Created {
                plan,
                by: fixtures::person(),
                origin: None,
                despite: None,
            },
        ),
        (
            0,
            Record::DriverTaken {
                by: fixtures::person(),
                pid: 7,
                reason: None,
            },
        ),
        (1, began("control-plane")),
        (9, done("control-plane")),
        (9, began("pool-system")),
        (12, done("pool-system")),
        (12, began("pool-user")),
        (
            35,
            Record::Paused {
                message: "Paused after a pause was asked for.".to_owned(),
                leftovers: Vec::new(),
            },
        ),
        (40, Record::Resumed),
        (50, done("pool-user")),
        (50, Record::Succeeded { message: None }),
    ];
    let quiet = fixtures::picture(minute(5), 12);
    let held = fixtures::picture_blocked(minute(20));
    let mut freed = held.clone();
    freed.blockers.clear();
    let mut kept = vec![seen(
        minute(0),
        "estimate",
        r#"{"v":1,"steps":[{"step":"control-plane","nodes":0,"lowSeconds":300,"highSeconds":900},
            {"step":"pool-system","nodes":3,"lowSeconds":480,"highSeconds":1440},
            {"step":"pool-user","nodes":12,"lowSeconds":900,"highSeconds":1500}]}"#
            .to_owned(),
    )];
    if has_pictures {
        let mut before: Option<&LivePicture> = None;
        for (at, picture) in [(5, &quiet), (20, &held), (30, &freed)] {
            let row = recorder::row(before, picture).expect("it has changed");
            kept.push(seen(minute(at), "picture", row.to_string()));
            before = Some(picture);
        }
    }
    Recording::of(&Reel {
        id: ExecutionId::new("k3v9"),
        records: records
            .iter()
            .map(|(at, record)| RecordLine {
                at: minute(*at),
                version: RECORD_VERSION,
                json: record.to_json(),
            })
            .collect(),
        seen: kept,
        repairs: vec![MadeRepair {
            id: "r-1".to_owned(),
            at: minute(29),
            by: fixtures::colleague(),
            title: "Allow one disruption".to_owned(),
        }],
    })
}

/// The replay, opened from the timeline; still being read.
fn opened(columns: u16, rows: u16) -> Stage {
    let execution = fixtures::execution("pay-prod", ExecutionState::Running);
    let mut stage = Stage::with(columns, rows, fixtures::story(), vec![Arc::new(execution)]);
    stage.keys("/name=pay-prod<enter><enter>t");
    stage.send(Message::TimelineRead(ExecutionId::new("k3v9"), Ok(fixtures::entries())));
    stage.keys("r");
    stage
}

fn replayed(columns: u16, rows: u16, has_pictures: bool) -> Stage {
    let mut stage = opened(columns, rows);
    let recording = Arc::new(recording(has_pictures));
    stage.send(Message::RecordingRead(ExecutionId::new("k3v9"), Ok(recording)));
    stage
}

fn shows(stage: &mut Stage, words: &[&str]) {
    let text = stage.text();
    for word in words {
        assert!(text.contains(word), "{word} is missing in:\n{text}");
    }
}

#[test]
fn replays() {
    assert_snapshot!("replay_80x24", replayed(80, 24, true).keys("nnnn").text());
    assert_snapshot!("replay_200x60", replayed(200, 60, true).keys("nnnn").text());
    assert_snapshot!("replay_compared_120x40", replayed(120, 40, true).keys("c").text());
    assert_snapshot!("replay_records_alone_80x24", replayed(80, 24, false).keys("n").text());
}

#[test]
fn it_travels_by_events_and_by_moments_to_both_ends() {
    let mut stage = opened(120, 40);
    assert_eq!(
        stage.commands.last(),
        Some(&Command::ReadRecording(ExecutionId::new("k3v9")))
    );
    shows(&mut stage, &["reading what was kept", "REPLAY"]);
    let recording = Arc::new(recording(true));
    stage.send(Message::RecordingRead(ExecutionId::new("k3v9"), Ok(recording)));
    shows(&mut stage, &["0 s of 50 min", "no picture of the nodes was kept yet"]);
    shows(stage.keys("<right>"), &["1 min of 50 min"]);
    shows(stage.keys("<right><left>"), &["1 min of 50 min"]);
    shows(stage.keys("G"), &["50 min of 50 min", "Succeeded"]);
    shows(stage.keys("<right>n"), &["50 min of 50 min"]);
    shows(stage.keys("gp"), &["0 s of 50 min"]);
    stage.keys("nnnn");
    shows(
        &mut stage,
        &["20 min of 50 min", "shop/cart-pdb allows no eviction", "Nodes"],
    );
    shows(stage.keys("n"), &["29 min of 50 min", "Allow one disruption"]);
    shows(stage.keys("n"), &["30 min of 50 min", "No longer: "]);
    shows(stage.keys("n"), &["35 min of 50 min", "Paused"]);
    shows(stage.keys("d"), &["as it was"]);
}

#[test]
fn its_time_passes_while_it_plays_and_not_otherwise() {
    let mut stage = replayed(120, 40, true);
    let beat = |stage: &mut Stage| {
        let Some(Command::Beat(ticket)) = stage.commands.pop() else {
            panic!("no beat was asked for");
        };
        stage.send(Message::Beat(ticket));
        ticket
    };
    shows(stage.keys("<space>"), &["playing", "60x", "stop"]);
    let first = beat(&mut stage);
    shows(&mut stage, &["6 s of 50 min"]);
    stage.send(Message::Beat(first));
    shows(&mut stage, &["6 s of 50 min"]);
    stage.keys("++++++-");
    shows(&mut stage, &["500x"]);
    beat(&mut stage);
    shows(&mut stage, &["56 s of 50 min"]);
    stage.keys("<space>");
    shows(&mut stage, &["stopped"]);
    beat(&mut stage);
    assert!(!matches!(stage.commands.last(), Some(Command::Beat(_))), "it stands");
    stage.keys("<space><esc>");
    beat(&mut stage);
    assert!(!matches!(stage.commands.last(), Some(Command::Beat(_))), "it was left");
}

#[test]
fn the_end_stops_it_and_playing_again_begins_anew() {
    let mut stage = replayed(120, 40, true);
    stage.keys("++++G<space>");
    shows(&mut stage, &["0 s of 50 min", "playing", "1000x"]);
    for _ in 0..40 {
        if let Some(Command::Beat(ticket)) = stage.commands.pop() {
            stage.send(Message::Beat(ticket));
        }
    }
    shows(&mut stage, &["50 min of 50 min", "stopped"]);
}

#[test]
fn nothing_can_be_changed_in_the_past() {
    let changes = ACTIONS.iter().filter(|action| action.places.contains(&Place::Replay));
    assert!(changes.clone().count() > 10);
    for action in changes {
        assert!(!action.changes_the_world(), "{}", action.name);
    }
    let mut stage = replayed(120, 40, true);
    let before = stage.commands.len();
    stage.keys("UPRAHMYKZ");
    assert_eq!(stage.commands.len(), before);
}

#[test]
fn a_file_opens_without_its_cluster() {
    let mut stage = Stage::with(80, 24, fixtures::story(), Vec::new());
    let mut recording = recording(true);
    recording.id = ExecutionId::new("elsewhere");
    stage.app.show_recording(Arc::new(recording));
    shows(stage.keys("nnnn"), &["REPLAY elsewhere", "20 min of 50 min", "user"]);
    stage.keys("5x<esc><esc>");
    shows(&mut stage, &["clusters"]);
}

#[test]
fn the_timeline_goes_from_problem_to_problem() {
    let mut stage = opened(80, 24);
    stage.keys("<esc>gn");
    stage.keys("<enter>");
    shows(&mut stage, &["gateHolds"]);
}
