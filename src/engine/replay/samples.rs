//! A recording to be tested with: one pool, drained, held, repaired, paused and done.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::*;
use crate::domain::disruption::{BudgetReason, DisruptionBudget, Hold, HoldCause};
use crate::domain::ids::ClusterId;
use crate::domain::pod::Owner;
use crate::engine::record::RECORD_VERSION;
use crate::plan::step::{Step, StepKind};
use crate::progress::picture::{Blocker, NodePhase, NodeProgress, PoolProgress};

pub(super) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + seconds).unwrap()
}

pub(super) fn pool(done: usize) -> PoolProgress {
    PoolProgress {
        state: Some("Upgrading".into()),
        target: "1.34.2".parse().ok(),
        done,
        ..recorder::sample_pool()
    }
}

pub(super) fn node(name: &str, phase: NodePhase, since: i64) -> NodeProgress {
    let version = if phase == NodePhase::Upgraded {
        "1.34.2"
    } else {
        "1.33.5"
    };
    NodeProgress {
        name: name.into(),
        pool: Some("web".into()),
        zone: Some("westeurope-1".to_owned()),
        phase,
        since: at(since),
        is_surge: phase == NodePhase::Surge,
        version: version.parse().ok(),
        version_text: format!("v{version}"),
        node_image: None,
        is_ready: Some(true),
        is_cordoned: phase.is_in_flight(),
        drain: None,
        last_event: None,
    }
}

pub(super) fn hold(pod: &str, cause: u8) -> Hold {
    Hold {
        namespace: "shop".to_owned(),
        pod: pod.to_owned(),
        owner: (cause > 0).then(|| Owner {
            kind: "StatefulSet".to_owned(),
            name: "cart".to_owned(),
        }),
        cause: match cause {
            0 => HoldCause::Terminating {
                finalizers: vec!["example.com/wait".to_owned()],
            },
            1 => HoldCause::SeveralBudgets {
                names: vec!["a".to_owned(), "b".to_owned()],
            },
            healthy => HoldCause::Budget {
                budget: DisruptionBudget {
                    namespace: "shop".to_owned(),
                    name: "cart-pdb".to_owned(),
                    selector: None,
                    min_available: Some("2".to_owned()),
                    max_unavailable: None,
                    current_healthy: i32::from(healthy),
                    desired_healthy: 2,
                    expected_pods: 3,
                    disruptions_allowed: 0,
                    evicts_unhealthy_always: healthy > 3,
                },
                reason: match healthy {
                    2 => BudgetReason::UsedUp,
                    3 => BudgetReason::TooFewHealthy,
                    _ => BudgetReason::NeverAllows,
                },
            },
        },
    }
}

/// The rows of one driver that sees these pictures, a second apart.
pub(super) fn rows(pictures: &[LivePicture], writer: &str, from: i64) -> Vec<SeenLine> {
    let mut before: Option<&LivePicture> = None;
    let mut rows = Vec::new();
    for (second, picture) in (from..).zip(pictures) {
        let Some(row) = recorder::row(before, picture) else {
            continue;
        };
        rows.push(SeenLine {
            at: at(second),
            kind: PICTURE.to_owned(),
            key: format!("{writer}/{second}"),
            json: row.to_string(),
        });
        before = Some(picture);
    }
    rows
}

fn ada() -> Person {
    Person {
        name: "ada".to_owned(),
        host: "desk".to_owned(),
    }
}

fn records() -> Vec<(i64, Record)> {
    let plan = Plan {
        id: "p".into(),
        cluster: ClusterId::from_parts("s", "rg", "shop"),
        cluster_name: "shop".to_owned(),
        created_at: at(0),
        steps: vec![Step {
            id: "pool-web".into(),
            kind: StepKind::NodePoolUpgrade {
                pool: "web".into(),
                from: "1.33.5".parse().ok(),
                to: "1.34.2".parse().unwrap(),
            },
            pause_after: false,
            guards: Vec::new(),
        }],
        smoke_tests: Vec::new(),
    };
    vec![
        (
            0,
            Record::Created {
                plan: Arc::new(plan),
                by: ada(),
                origin: None,
                despite: None,
            },
        ),
        (
            10,
            Record::StepBegan {
                step: "pool-web".into(),
                attempt: 1,
            },
        ),
        (
            400,
            Record::Paused {
                message: "Paused".to_owned(),
                leftovers: Vec::new(),
            },
        ),
        (500, Record::Resumed),
        (
            900,
            Record::StepSucceeded {
                step: "pool-web".into(),
                note: None,
            },
        ),
        (900, Record::Succeeded { message: None }),
    ]
}

/// A plan of one pool, drained, held, paused and done.
pub(super) fn reel() -> Reel {
    let mut pictures = vec![LivePicture::empty(at(0))];
    pictures[0].pools = vec![pool(0)];
    let mut step = |change: &dyn Fn(&mut LivePicture)| {
        let mut next = pictures.last().unwrap().clone();
        change(&mut next);
        pictures.push(next);
    };
    step(&|picture| {
        let node = node("n1", NodePhase::Draining, 20);
        picture.nodes = BTreeMap::from([(node.name.clone(), node)]);
        picture.blockers = vec![Blocker {
            what: "PodDisruptionBudget shop/cart-pdb allows no eviction (2 of 2 needed healthy)".to_owned(),
            nodes: vec!["n1".into()],
            since: at(25),
            deadline: None,
        }];
    });
    step(&|picture| picture.blockers.clear());
    step(&|picture| {
        let node = node("n1", NodePhase::Upgraded, 320);
        picture.nodes = BTreeMap::from([(node.name.clone(), node)]);
    });
    let mut seen = rows(&pictures, "w", 0);
    for (row, second) in seen.iter_mut().zip([15, 30, 200, 321]) {
        row.at = at(second);
    }
    seen.insert(
        0,
        SeenLine {
            at: at(0),
            kind: ESTIMATE.to_owned(),
            key: "before".to_owned(),
            json: r#"{"v":1,"steps":[{"step":"pool-web","nodes":1,"lowSeconds":240,"highSeconds":720}]}"#.to_owned(),
        },
    );
    Reel {
        id: "k3v9".into(),
        records: records()
            .iter()
            .map(|(second, record)| RecordLine {
                at: at(*second),
                version: RECORD_VERSION,
                json: record.to_json(),
            })
            .collect(),
        seen,
        repairs: vec![MadeRepair {
            id: "r-1".to_owned(),
            at: at(180),
            by: ada(),
            title: "Scale up".to_owned(),
        }],
    }
}
