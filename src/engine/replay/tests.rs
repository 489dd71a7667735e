//! Recordings as values: what goes in comes out at every moment, however one came there.

use std::time::Duration;

use proptest::prelude::*;

use super::compare::compare;
use super::file::{ReelError, SCHEMA};
use super::moments::MomentKind;
use super::samples::{at, hold, node, pool, reel, rows};
use super::*;
use crate::domain::ids::NodeName;
use crate::engine::record::RECORD_VERSION;
use crate::progress::claim::Gap;
use crate::progress::picture::{Blocker, DrainProgress, NodePhase, NodeProgress};

prop_compose! {
    fn any_node(name: &'static str)(
        phase in prop::sample::select(NodePhase::ALL.to_vec()),
        since in 0i64..50,
        holds in prop::collection::vec(0u8..5, 0..3),
        is_ready in any::<Option<bool>>(),
        is_held in any::<bool>(),
        odd in any::<bool>(),
    ) -> NodeProgress {
        let mut node = node(name, phase, since);
        node.is_ready = is_ready;
        node.drain = is_held.then(|| DrainProgress {
            since: at(since),
            deadline: odd.then(|| at(since + 1800)),
            pods_left: Some(holds.len()),
            pods_at_start: Some(9),
            holds: holds.iter().enumerate().map(|(number, cause)| hold(&format!("cart-{number}"), *cause)).collect(),
            blocked_by_event: if odd { vec!["shop/p0".to_owned()] } else { Vec::new() },
        });
        if odd {
            node.version = None;
            node.version_text = "v1.33.5-custom".to_owned();
            node.last_event = Some("Draining node".to_owned());
        }
        node
    }
}

fn any_picture() -> impl Strategy<Value = LivePicture> {
    let nodes = prop::collection::vec(
        prop_oneof![any_node("n1"), any_node("n2"), any_node("n3"), any_node("n4")],
        0..6,
    );
    (nodes, 0usize..3, any::<bool>(), prop::option::of(0u64..900)).prop_map(|(nodes, done, is_running, eta)| {
        let mut picture = LivePicture::empty(at(0));
        picture.is_running = is_running;
        picture.running_since = is_running.then(|| at(1));
        picture.pools = vec![pool(done)];
        picture.nodes = nodes.into_iter().map(|node| (node.name.clone(), node)).collect();
        picture.eta = eta.map(|low| crate::progress::eta::EtaRange {
            low: Duration::from_secs(low),
            high: Duration::from_secs(low + 60),
        });
        let behind = |node: &&NodeProgress| node.phase == NodePhase::Waiting;
        let behind: Vec<NodeName> = picture
            .nodes
            .values()
            .filter(behind)
            .map(|node| node.name.clone())
            .collect();
        if !behind.is_empty() {
            picture.gaps = vec![Gap {
                pool: "web".into(),
                claimed: "1.34.2".to_owned(),
                real: "1.33.5".to_owned(),
                nodes: behind,
            }];
        }
        let held = |node: &&NodeProgress| node.drain.as_ref().is_some_and(|drain| !drain.holds.is_empty());
        let held: Vec<NodeName> = picture
            .nodes
            .values()
            .filter(held)
            .map(|node| node.name.clone())
            .collect();
        if !held.is_empty() {
            picture.blockers = vec![Blocker {
                what: format!("PodDisruptionBudget shop/cart-pdb allows no eviction ({done} of 2 needed healthy)"),
                nodes: held,
                since: at(2),
                deadline: None,
            }];
        }
        picture
    })
}

fn tape(rows: &[SeenLine]) -> Tape {
    let mut builder = TapeBuilder::default();
    for row in rows {
        builder.picture(row.at, &row.key, &row.json);
    }
    builder.finish()
}

/// What can be seen of a picture at a time; the time left is as old as the last change.
fn seen(picture: &LivePicture, at: Timestamp) -> LivePicture {
    LivePicture {
        as_of: at,
        eta: None,
        ..picture.clone()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_moment_comes_back_as_it_was(
        pictures in prop::collection::vec(any_picture(), 1..12),
        restart in 0usize..12,
        path in prop::collection::vec(0usize..12, 0..12),
    ) {
        let cut = restart.min(pictures.len());
        let mut kept = rows(&pictures[..cut], "first", 0);
        kept.extend(rows(&pictures[cut..], "second", i64::try_from(cut).unwrap()));
        // A driver that has lost its place may still say something.
        if cut < pictures.len() {
            kept.extend(rows(&pictures[..cut], "first", 20).into_iter().skip(1));
        }
        let tape = tape(&kept);
        prop_assert_eq!(tape.unreadable, 0);
        for moment in path.into_iter().chain([pictures.len() - 1]) {
            let moment = moment.min(pictures.len() - 1);
            let when = at(i64::try_from(moment).unwrap());
            let replayed = tape.picture(when).expect("the first row is whole");
            prop_assert_eq!(seen(&replayed, when), seen(&pictures[moment], when));
        }
        prop_assert!(tape.picture(at(-1)).is_none());
    }
}

#[test]
fn moments_are_found_in_records_pictures_and_repairs() {
    let recording = Recording::of(&reel());
    let kinds: Vec<(i64, MomentKind)> = recording
        .moments
        .iter()
        .map(|moment| (moment.at.duration_since(at(0)).as_secs(), moment.kind))
        .collect();
    assert_eq!(
        kinds,
        [
            (10, MomentKind::StepBegan),
            (30, MomentKind::HoldBegan),
            (180, MomentKind::Repair),
            (200, MomentKind::HoldEnded),
            (400, MomentKind::Paused),
            (500, MomentKind::Resumed),
            (900, MomentKind::StepEnded),
            (900, MomentKind::Ended),
        ]
    );
    assert_eq!(recording.next_moment(at(30)).map(|moment| moment.at), Some(at(180)));
    assert_eq!(recording.moment_before(at(30)).map(|moment| moment.at), Some(at(10)));
    assert_eq!(recording.time_before(at(30)), Some(at(15)));
    assert_eq!(recording.next_time(at(321)), Some(at(400)));
    assert_eq!(recording.next_time(at(900)), None);
}

#[test]
fn the_execution_and_the_nodes_stand_as_they_stood() {
    let recording = Recording::of(&reel());
    let word = |second: i64| recording.execution(at(second)).map(|view| view.state.word());
    assert_eq!(word(-1), None);
    assert_eq!(
        [word(10), word(450), word(501), word(900)],
        [Some("Running"), Some("Paused"), Some("Running"), Some("Succeeded")]
    );
    let replayed = recording.at(at(40));
    let live = replayed.live.unwrap();
    assert_eq!(live.blockers.len(), 1);
    assert_eq!(live.nodes[&NodeName::new("n1")].phase, NodePhase::Draining);
    assert!(recording.at(at(250)).live.unwrap().blockers.is_empty());
}

#[test]
fn planned_and_real_are_set_side_by_side() {
    let recording = Recording::of(&reel());
    let [step] = compare(&recording).try_into().unwrap();
    assert_eq!((step.number, step.order, step.state), (1, Some(1), "succeeded"));
    assert_eq!(step.took, Some(Duration::from_secs(890)));
    assert_eq!(step.rested, Duration::from_secs(100));
    assert_eq!(step.outside_seconds(), Some(70));
    let nodes = step.nodes.unwrap();
    assert_eq!((nodes.count, nodes.median), (1, Duration::from_mins(5)));
}

#[test]
fn old_journals_replay_from_their_records_alone() {
    let mut old = reel();
    old.seen.clear();
    let recording = Recording::of(&old);
    assert!(recording.why_no_picture().unwrap().contains("records alone"));
    assert!(recording.at(at(40)).live.is_none());
    assert_eq!(recording.at(at(40)).execution.unwrap().state.word(), "Running");
    let [step] = compare(&recording).try_into().unwrap();
    assert_eq!((step.planned, step.nodes), (None, None));
}

#[test]
fn what_a_newer_version_kept_is_left_out_and_counted() {
    let mut newer = reel();
    for row in newer.seen.iter_mut().filter(|row| row.kind == PICTURE) {
        row.json = row.json.replace("\"v\":1", "\"v\":2");
    }
    let recording = Recording::of(&newer);
    assert_eq!(recording.tape.unreadable, 4);
    assert!(recording.why_no_picture().unwrap().contains("newer"));
    newer.records[0].version = RECORD_VERSION + 1;
    let recording = Recording::of(&newer);
    assert!(recording.plan().is_none() && recording.at(at(40)).execution.is_none());
    assert!(compare(&recording).is_empty());
}

#[test]
fn a_file_holds_the_same_without_secrets() {
    let mut reel = reel();
    let lines = reel.to_lines();
    assert!(lines.starts_with(&format!("{{\"schema\":\"{SCHEMA}\"")), "{lines}");
    let again = Reel::from_lines(&lines).unwrap();
    assert_eq!(Recording::of(&again).moments, Recording::of(&reel).moments);
    assert_eq!(again.to_lines(), lines);
    reel.records[1].json =
        r#"{"kind":"accepted","link":"https://management.azure.com/op?t=1&s=sig-nature","token":"abc",
        "headers":{"Authorization":"Bearer xyz","Cookie":"${COOKIE}"},"text":"said eyJhbGciOi.eyJzdWIiOi.c2ln now"}"#
            .to_owned();
    let lines = reel.to_lines();
    for secret in ["sig-nature", "abc\"", "xyz", "eyJ"] {
        assert!(!lines.contains(secret), "{secret} in {lines}");
    }
    assert!(lines.contains("https://management.azure.com/op?(redacted)") && lines.contains("${COOKIE}"));
}

#[test]
fn what_is_no_recording_is_refused_with_its_line() {
    let head = format!("{{\"schema\":\"{SCHEMA}\",\"execution\":\"x\"}}\n");
    let error = |text: &str| Reel::from_lines(text).unwrap_err();
    assert_eq!(error(""), ReelError::Empty);
    assert_eq!(error("hello"), ReelError::NoRecording);
    assert_eq!(error("{\"schema\":\"aks-cockpit/plan/v1\"}"), ReelError::NoRecording);
    assert!(matches!(
        error("{\"schema\":\"aks-cockpit/recording/v9\"}"),
        ReelError::OtherVersion { .. }
    ));
    assert!(matches!(
        error(&format!("{head}{{\"record\":")),
        ReelError::Line { line: 2, .. }
    ));
    assert!(matches!(
        error(&format!("{head}{{\"record\":{{}}}}")),
        ReelError::Line { line: 2, .. }
    ));
    assert!(Reel::from_lines(&format!("{head}{{\"weather\":{{\"is\":\"fine\"}}}}\n")).is_ok());
}

#[test]
fn a_large_upgrade_is_sought_in_no_time() {
    let names: Vec<String> = (0..500).map(|number| format!("aks-web-{number:04}")).collect();
    let mut now = LivePicture::empty(at(0));
    now.pools = vec![pool(0)];
    now.nodes = names
        .iter()
        .map(|name| (NodeName::new(name), node(name, NodePhase::Waiting, 0)))
        .collect();
    let mut rows = vec![recorder::row(None, &now).unwrap()];
    for (name, phase) in names
        .iter()
        .flat_map(|name| [NodePhase::Draining, NodePhase::Reimaging, NodePhase::Upgraded].map(|phase| (name, phase)))
    {
        let mut next = now.clone();
        next.nodes.insert(NodeName::new(name), node(name, phase, 1));
        rows.push(recorder::row(Some(&now), &next).unwrap());
        now = next;
    }
    let mut builder = TapeBuilder::default();
    for (second, row) in (0i64..).zip(&rows) {
        builder.picture(at(second), "w/1", &row.to_string());
    }
    let tape = builder.finish();
    let last = tape.picture(at(100_000)).unwrap();
    assert!(last.nodes.values().all(|node| node.phase == NodePhase::Upgraded));
    let longest = rows.iter().skip(1).map(|row| row.to_string().len()).max().unwrap();
    assert!(longest < 260, "a change of a node takes {longest} bytes");
}

/// What a driver keeps of an upgrade of so many nodes: each drained of 12 pods, 4 of which a budget holds for a while.
fn rows_of_an_upgrade(nodes: usize) -> Vec<String> {
    let names: Vec<String> = (0..nodes)
        .map(|number| format!("aks-userpool-29871234-vmss{number:06}"))
        .collect();
    let mut now = LivePicture::empty(at(0));
    now.pools = vec![pool(0)];
    now.nodes = names
        .iter()
        .map(|name| (NodeName::new(name), node(name, NodePhase::Waiting, 0)))
        .collect();
    let mut rows = vec![recorder::row(None, &now).unwrap().to_string()];
    let mut see = |node: NodeProgress| {
        let mut next = now.clone();
        next.pools[0].done += usize::from(node.phase == NodePhase::Upgraded);
        next.nodes.insert(node.name.clone(), node);
        rows.extend(recorder::row(Some(&now), &next).map(|row| row.to_string()));
        now = next;
    };
    for name in &names {
        see(node(name, NodePhase::Cordoned, 1));
        for left in (0..=12usize).rev() {
            let mut draining = node(name, NodePhase::Draining, 2);
            draining.drain = Some(DrainProgress {
                since: at(2),
                deadline: Some(at(1802)),
                pods_left: Some(left),
                pods_at_start: Some(12),
                holds: (0..left.min(4))
                    .map(|pod| hold(&format!("cart-5d9c7b4f6-{pod}"), 2))
                    .collect(),
                blocked_by_event: Vec::new(),
            });
            draining.last_event = Some(format!("Drain: evicted a pod of {name}"));
            see(draining);
        }
        for phase in [
            NodePhase::Drained,
            NodePhase::Reimaging,
            NodePhase::Joining,
            NodePhase::Upgraded,
        ] {
            see(node(name, phase, 3));
        }
    }
    rows
}

#[test]
fn a_hundred_nodes_are_kept_in_less_than_a_megabyte() {
    let rows = rows_of_an_upgrade(100);
    let bytes: usize = rows.iter().map(String::len).sum();
    assert!(
        rows.len() < 2000 && bytes < 1_000_000,
        "{} rows, {bytes} bytes",
        rows.len()
    );
}

#[test]
fn the_sample_recording_tells_its_story() {
    let reel = Reel::from_lines(include_str!("../../../assets/recordings/blocked-drain.jsonl")).unwrap();
    let recording = Recording::of(&reel);
    assert_eq!(recording.tape.unreadable, 0);
    let held = recording
        .moments
        .iter()
        .find(|moment| moment.kind == MomentKind::HoldBegan && moment.what.contains("shop/checkout-pdb"))
        .unwrap();
    let live = recording.at(held.at).live.unwrap();
    assert!(
        live.nodes
            .values()
            .any(|node| node.drain.as_ref().is_some_and(|drain| !drain.holds.is_empty()))
    );
    assert!(compare(&recording).iter().all(|step| step.planned.is_some()));
}
