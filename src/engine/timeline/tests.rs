//! Every kind of record is told, and the table of kinds in `docs/formats.md` names each of them once.

mod told;

use std::collections::BTreeSet;

use serde_json::json;

use super::*;
use crate::domain::change::{Change, OperationLink, RequestPreview};
use crate::domain::ids::ClusterId;
use crate::domain::provisioning::{AzureErrorDetail, ProvisioningState};
use crate::domain::smoke_test::SmokeRun;
use crate::domain::workload::{WorkloadKind, WorkloadPicture, WorkloadReadiness};
use crate::engine::command::{Command, PauseDepth};
use crate::engine::record::{Ending, NotSentWhy, Origin, Purpose};
use crate::plan::step::{Step, StepKind};

const FORMATS: &str = include_str!("../../../docs/formats.md");

fn ada() -> Person {
    Person {
        name: "ada".to_owned(),
        host: "desk".to_owned(),
    }
}

fn bob() -> Person {
    Person {
        name: "bob".to_owned(),
        host: "laptop".to_owned(),
    }
}

fn cluster() -> ClusterId {
    ClusterId::from_parts("s", "rg", "shop")
}

fn plan() -> Arc<Plan> {
    let kind = StepKind::NodePoolUpgrade {
        pool: "web".into(),
        from: None,
        to: "1.34.2".parse().unwrap(),
    };
    Arc::new(Plan {
        id: "p".into(),
        cluster: cluster(),
        cluster_name: "shop".to_owned(),
        created_at: Timestamp::UNIX_EPOCH,
        steps: vec![
            Step::new("pool-web", kind),
            Step::new(
                "gate",
                StepKind::Approval {
                    question: "go on?".to_owned(),
                },
            ),
        ],
        smoke_tests: Vec::new(),
    })
}

fn request() -> Box<RequestPreview> {
    Box::new(RequestPreview {
        change: Change::AbortNodePool {
            cluster: cluster(),
            pool: "web".into(),
        },
        method: "POST".to_owned(),
        path: "/pools/web/abort".to_owned(),
        if_match: None,
        fields: Vec::new(),
        body: None,
    })
}

fn quota() -> AzureErrorDetail {
    AzureErrorDetail {
        code: "QuotaExceeded".to_owned(),
        message: "no cores".to_owned(),
        ..AzureErrorDetail::default()
    }
}

fn run(passed: bool, detail: &str) -> SmokeRun {
    SmokeRun {
        test: "cart".into(),
        at: Timestamp::UNIX_EPOCH,
        passed,
        latency_milliseconds: 84,
        detail: detail.to_owned(),
    }
}

fn picture() -> WorkloadPicture {
    WorkloadPicture {
        workloads: vec![WorkloadReadiness {
            kind: WorkloadKind::Deployment,
            namespace: "shop".to_owned(),
            name: "cart".to_owned(),
            desired: 3,
            ready: 2,
        }],
        pending_pods: vec!["shop/cart-1".to_owned()],
    }
}

#[test]
fn every_kind_has_its_sentence() {
    let (records, sentences): (Vec<_>, Vec<_>) = told::told()
        .into_iter()
        .map(|(record, sentence)| ((Timestamp::UNIX_EPOCH, record), sentence))
        .unzip();
    let entries = entries(&records);
    assert_eq!(entries.len(), sentences.len());
    for (entry, sentence) in entries.iter().zip(sentences) {
        assert_eq!(entry.what, sentence, "{}", entry.kind);
        assert!(!entry.what.contains("secret"), "{}", entry.what);
    }
    assert_eq!(entries.last().map(|entry| entry.kind.as_str()), Some("teleported"));
}

#[test]
fn people_steps_and_requests_are_named() {
    let at = |record| (Timestamp::UNIX_EPOCH, record);
    let id = Uuid::from_u128(7);
    let story = entries(&[
        at(Record::Created {
            plan: plan(),
            by: ada(),
            origin: None,
            despite: None,
        }),
        at(Record::StepBegan {
            step: "pool-web".into(),
            attempt: 1,
        }),
        at(Record::Intent {
            purpose: Purpose::Step,
            step: "pool-web".into(),
            attempt: 1,
            request_id: id,
            request: request(),
        }),
        at(Record::Refused {
            request_id: id,
            error: quota(),
        }),
        at(Record::Looked {
            found: "nothing".to_owned(),
        }),
        at(Record::StepFailed {
            step: "pool-web".into(),
            error: quota(),
        }),
        at(Record::Looked {
            found: "nothing".to_owned(),
        }),
        at(Record::ControlsAsked { by: bob() }),
    ]);
    let who: Vec<Option<Person>> = story.iter().map(|entry| entry.who.clone()).collect();
    assert_eq!(who, [Some(ada()), None, None, None, None, None, None, Some(bob())]);
    let steps: Vec<bool> = story.iter().map(|entry| entry.step.is_some()).collect();
    assert_eq!(steps, [false, true, true, true, true, true, false, false]);
    let requests: Vec<bool> = story.iter().map(|entry| entry.request_id == Some(id)).collect();
    assert_eq!(requests, [false, false, true, true, false, false, false, false]);
}

#[test]
fn text_from_outside_cannot_steer_a_terminal() {
    let record = Record::Observed {
        text: "In\u{1b}[2JProgress\n".to_owned(),
        hint: None,
    };
    let story = entries(&[(Timestamp::UNIX_EPOCH, record)]);
    assert_eq!(story[0].what, "Azure says In[2JProgress .");
}

/// First cells of the rows of the table under "Kinds of record".
fn documented() -> Vec<String> {
    FORMATS
        .split("### Kinds of record")
        .nth(1)
        .into_iter()
        .flat_map(|text| text.split("\n#").next().unwrap_or_default().lines())
        .filter_map(|line| line.strip_prefix("| `"))
        .filter_map(|line| line.split('`').next())
        .map(str::to_owned)
        .collect()
}

#[test]
fn the_table_of_kinds_names_each_kind_once() {
    assert_eq!(documented(), Record::KINDS);
    let mut told: BTreeSet<String> = told::told()
        .iter()
        .map(|(record, _)| record.kind().to_owned())
        .collect();
    told.remove("teleported");
    assert_eq!(told, Record::KINDS.iter().map(|word| (*word).to_owned()).collect());
}
