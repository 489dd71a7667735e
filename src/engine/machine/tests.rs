//! The machine, driven by hand: tables of what each input means, and properties over random sequences of them.

mod course;
mod finding;
mod gates;
mod guards;
mod people;
mod properties;
mod records;
mod recovery;
mod samples;
mod trouble;

use std::collections::HashSet;
use std::sync::Arc;

use jiff::Timestamp;
use uuid::Uuid;

use super::super::command::{Command, PauseDepth, Person};
use super::super::effect::{Acceptance, Effect, Input, Resource, Ticket, Trouble, TroubleKind, effects};
use super::super::record::{Origin, Purpose, RECORD_VERSION, Record};
use super::super::recovery::restore;
use super::super::view::ExecutionState;
use super::state::{State, Work};
use super::{apply, decide};
use crate::domain::change::{Change, OperationLink, RequestPreview};
use crate::domain::ids::{ClusterId, NodeName};
use crate::domain::provisioning::{AzureErrorDetail, OperationState, ProvisioningState};
use crate::plan::step::{Plan, Step, StepKind};
use crate::progress::picture::{LivePicture, NodePhase, NodeProgress};

const TARGET: &str = "1.34.2";

fn person(name: &str) -> Person {
    Person {
        name: name.to_owned(),
        host: "desk".to_owned(),
    }
}

/// Control plane, then the pool `web`.
fn plan() -> Arc<Plan> {
    let to = TARGET.parse().unwrap();
    Arc::new(Plan {
        id: "p".into(),
        cluster: ClusterId::from_parts("s", "rg", "shop"),
        cluster_name: "shop".to_owned(),
        created_at: Timestamp::UNIX_EPOCH,
        steps: vec![
            Step::new("control-plane", StepKind::ControlPlaneUpgrade { from: None, to }),
            Step::new(
                "pool-web",
                StepKind::NodePoolUpgrade {
                    pool: "web".into(),
                    from: None,
                    to,
                },
            ),
        ],
        smoke_tests: Vec::new(),
    })
}

fn error(code: &str) -> AzureErrorDetail {
    AzureErrorDetail {
        code: code.to_owned(),
        message: format!("{code} happened"),
        ..AzureErrorDetail::default()
    }
}

fn trouble(kind: TroubleKind) -> Trouble {
    Trouble {
        kind,
        error: error("Trouble"),
    }
}

fn preview(change: Change) -> Box<RequestPreview> {
    Box::new(RequestPreview {
        change,
        method: "PUT".to_owned(),
        path: "/shop".to_owned(),
        if_match: Some("etag-1".to_owned()),
        fields: Vec::new(),
        body: Some(serde_json::json!({"properties": {"count": 3}})),
    })
}

fn link(change: &Change) -> OperationLink {
    OperationLink {
        async_operation: Some("https://azure.test/operations/1".to_owned()),
        ..OperationLink::of_resource(change)
    }
}

/// A resource as it was before the request, except for its state.
fn resource(state: ProvisioningState) -> Resource {
    Resource {
        busy: (!state.is_terminal()).then(|| format!("web is {state}")),
        state,
        version: "1.33.4".parse().ok(),
        node_image: None,
        etag: Some("etag-1".to_owned()),
        error: None,
        upgrade_settings: None,
        busy_by: None,
    }
}

/// A resource that changed since the request, and not to what was asked for.
fn astray(state: ProvisioningState) -> Resource {
    Resource {
        etag: Some("etag-3".to_owned()),
        ..resource(state)
    }
}

/// A resource that claims the target.
fn moved(state: ProvisioningState) -> Resource {
    Resource {
        version: TARGET.parse().ok(),
        etag: Some("etag-2".to_owned()),
        ..resource(state)
    }
}

fn node(name: &str, version: &str, phase: NodePhase, at: Timestamp) -> NodeProgress {
    NodeProgress {
        name: NodeName::new(name),
        pool: Some("web".into()),
        phase,
        since: at,
        is_surge: false,
        version: version.parse().ok(),
        version_text: format!("v{version}"),
        node_image: None,
        is_ready: Some(true),
        is_cordoned: phase == NodePhase::Cordoned,
        drain: None,
        last_event: None,
        zone: None,
    }
}

fn picture(at: Timestamp, nodes: &[(&str, &str, NodePhase)]) -> Arc<LivePicture> {
    let mut picture = LivePicture::empty(at);
    for (name, version, phase) in nodes {
        picture.nodes.insert((*name).into(), node(name, version, *phase, at));
    }
    Arc::new(picture)
}

/// An execution driven by hand; checks the laws after every input.
struct Run {
    state: State,
    log: Vec<(Timestamp, Record)>,
    /// Lengths of the log between turns: a turn is written in one transaction, so it is there whole or not at all.
    turns: Vec<usize>,
    now: Timestamp,
    ids: u128,
}

impl Run {
    fn planned() -> Self {
        Self::of(plan(), None)
    }

    /// An execution of that plan which nobody drives yet.
    fn of(plan: Arc<Plan>, origin: Option<Origin>) -> Self {
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        let created = Record::Created {
            plan: Arc::clone(&plan),
            by: person("ada"),
            origin: origin.clone(),
            despite: None,
        };
        Self {
            state: State::created("x".into(), plan, person("ada"), origin, now),
            log: vec![(now, created)],
            turns: vec![1],
            now,
            ids: 0,
        }
    }

    /// The control plane's request is about to be prepared.
    fn begun() -> Self {
        Self::planned().driven()
    }

    /// A driver takes the place and begins.
    fn driven(mut self) -> Self {
        self.feed(&Input::Taken {
            by: person("ada"),
            pid: 1,
            reason: None,
        });
        self.feed(&Input::Begin);
        self
    }

    /// Azure works on the control plane.
    fn on_control_plane() -> Self {
        let mut run = Self::begun();
        run.start();
        run
    }

    /// Azure works on the pool.
    fn on_pool() -> Self {
        let mut run = Self::on_control_plane();
        run.poll(OperationState::Succeeded);
        run.read(moved(ProvisioningState::Succeeded));
        run.start();
        run
    }

    fn feed(&mut self, input: &Input) -> Vec<Record> {
        let before = self.state.clone();
        let records = decide(&self.state, input, self.now);
        for record in &records {
            apply(&mut self.state, record, self.now);
            self.log.push((self.now, record.clone()));
        }
        self.turns.push(self.log.len());
        self.check_laws(&before, &records);
        records
    }

    fn check_laws(&self, before: &State, records: &[Record]) {
        let replayed = restore(&self.state.id, self.log.iter().map(|(at, record)| (*at, record))).unwrap();
        assert_eq!(replayed, self.state, "the log replays to the same state");
        if before.execution.is_final() {
            assert_eq!(before.execution, self.state.execution, "final stays final");
            assert!(records.iter().all(|record| matches!(record, Record::DriverLeft { .. })));
        }
        if !before.is_acting() {
            let acts = records.iter().any(|record| matches!(record, Record::Intent { .. }));
            assert!(!acts, "nothing is asked of Azure while {}", before.execution.word());
        }
        let rests = matches!(self.word(), "Planned" | "Paused" | "Failed" | "Aborted" | "Succeeded");
        if rests || self.state.has_lost_lease() || !self.state.is_acting() {
            assert!(effects(&self.state).is_empty(), "nothing is done while {}", self.word());
        }
        check_requests(&self.log);
    }

    fn check_stored_form(&self) {
        for (_, record) in &self.log {
            assert_eq!(Record::from_json(RECORD_VERSION, &record.to_json()), *record);
        }
    }

    fn ticket(&self, purpose: Purpose) -> Ticket {
        self.state.ticket(purpose)
    }

    fn next_id(&mut self) -> Uuid {
        self.ids += 1;
        Uuid::from_u128(self.ids)
    }

    /// The first look of an attempt finds a resource at rest, as nobody of ours left it.
    fn find(&mut self) {
        self.read(astray(ProvisioningState::Succeeded));
    }

    fn prepare(&mut self, purpose: Purpose) -> Uuid {
        if purpose == Purpose::Step && matches!(self.state.work, Work::Finding { .. }) {
            self.find();
        }
        let ticket = self.ticket(purpose);
        let change = effects(&self.state)
            .into_iter()
            .find_map(|effect| match effect {
                Effect::Prepare { ticket: of, change, .. } if of == ticket => Some(change),
                _ => None,
            })
            .expect("there is something to prepare");
        let request_id = self.next_id();
        self.feed(&Input::Prepared {
            ticket,
            request: preview(change),
            request_id,
        });
        request_id
    }

    fn answer(&mut self, request_id: Uuid, answer: Result<Acceptance, TroubleKind>) -> Vec<Record> {
        let answer = answer.map_err(trouble);
        self.feed(&Input::Answered { request_id, answer })
    }

    fn accepted(&self) -> Acceptance {
        Acceptance {
            operation: link(&self.state.change().unwrap()),
            state: Some(ProvisioningState::Upgrading),
            is_done: false,
        }
    }

    /// Prepares, sends and has accepted what comes next.
    fn start(&mut self) {
        let id = self.prepare(Purpose::Step);
        let accepted = self.accepted();
        self.answer(id, Ok(accepted));
        assert!(matches!(self.state.work, Work::Following { .. }));
    }

    fn stop(&mut self) {
        let id = self.prepare(Purpose::Stop);
        let accepted = self.accepted();
        self.answer(id, Ok(accepted));
    }

    fn poll(&mut self, state: OperationState) -> Vec<Record> {
        let ticket = self.ticket(Purpose::Step);
        self.feed(&Input::Polled { ticket, state })
    }

    fn canceled(&mut self) -> Vec<Record> {
        self.poll(OperationState::Canceled { error: None })
    }

    fn read(&mut self, resource: Resource) -> Vec<Record> {
        let ticket = self.ticket(Purpose::Step);
        self.feed(&Input::Read { ticket, resource })
    }

    fn see(&mut self, nodes: &[(&str, &str, NodePhase)]) -> Vec<Record> {
        let ticket = self.ticket(Purpose::Step);
        let picture = picture(self.now, nodes);
        self.feed(&Input::Seen { ticket, picture })
    }

    fn command(&mut self, command: Command) -> Vec<Record> {
        let by = person("bob");
        self.feed(&Input::Command { command, by })
    }

    fn pause(&mut self, depth: PauseDepth) -> Vec<Record> {
        self.command(Command::Pause { depth })
    }

    fn wait(&mut self, seconds: u64) {
        self.now += std::time::Duration::from_secs(seconds);
    }

    fn message(&self) -> String {
        self.state.view().message.unwrap_or_default()
    }

    fn word(&self) -> &'static str {
        self.state.execution.word()
    }

    fn steps(&self) -> Vec<&'static str> {
        self.state.steps.iter().map(|step| step.state.word()).collect()
    }
}

fn is_state(run: &Run, word: &str) {
    assert_eq!(run.word(), word, "{:?}", run.log.last());
}

/// Reads a log without the machine's help: no request of ours while another one of ours may be at work, no id twice,
/// and nothing left open where the execution rests.
fn check_requests(log: &[(Timestamp, Record)]) {
    let mut ids = HashSet::new();
    let mut open: Option<Uuid> = None;
    for (_, record) in log {
        match record {
            Record::Intent {
                purpose, request_id, ..
            } => {
                assert!(ids.insert(*request_id), "a request id is used once");
                match purpose {
                    Purpose::Step => {
                        assert_eq!(open, None, "one request of ours at a time");
                        open = Some(*request_id);
                    }
                    Purpose::Guard => panic!("a guard sends nothing to Azure"),
                    Purpose::Stop => assert!(open.is_some(), "only what runs is stopped"),
                }
            }
            Record::NotSent { request_id, .. }
            | Record::Refused { request_id, .. }
            | Record::NotTaken { request_id, .. }
                if open == Some(*request_id) =>
            {
                open = None;
            }
            Record::Accepted {
                is_done: true,
                request_id,
                ..
            } if open == Some(*request_id) => open = None,
            Record::OperationEnded { .. } | Record::StepFailed { .. } => open = None,
            // What runs already is one of ours from here on; what is looked for is the same one.
            Record::Adopted { .. } => open = open.or(Some(Uuid::nil())),
            Record::StepSucceeded { .. }
            | Record::StepSkipped { .. }
            | Record::StepStopped { .. }
            | Record::StepBegan { .. }
            | Record::Paused { .. }
            | Record::Aborted { .. }
            | Record::Failed { .. }
            | Record::Succeeded { .. } => assert_eq!(open, None, "nothing of ours runs at {record:?}"),
            _ => {}
        }
    }
}
