//! Random lives of random plans: any order of commands, answers, troubles, restarts, late and repeated inputs keeps the
//! laws, which `Run::feed` checks, and from wherever it ends an end can be reached.

use proptest::prelude::*;

use super::samples::*;
use super::*;
use crate::domain::smoke_test::SmokeRun;
use crate::domain::version::NodeImageVersion;
use crate::engine::record::LeaseState;
use crate::plan::step::WaitUntil;

/// A plan of one to six steps of any kind, with pause points and guards, begun here or elsewhere.
#[derive(Clone, Debug)]
struct Start {
    steps: Vec<(u8, bool, u8)>,
    origin: u8,
}

fn starts() -> impl Strategy<Value = Start> {
    let steps = prop::collection::vec((0..10_u8, prop::bool::weighted(0.2), 0..4_u8), 1..7);
    (steps, 0..6_u8).prop_map(|(steps, origin)| Start { steps, origin })
}

impl Start {
    fn run(&self) -> Run {
        let steps = self
            .steps
            .iter()
            .zip(0..)
            .map(|(kind, place)| step(*kind, place))
            .collect();
        let origin = match self.origin {
            0 => Some(Origin::Foreign {
                operation: "Upgrading".to_owned(),
                started_by: None,
                started_at: None,
            }),
            1 => Some(Origin::OtherMachine {
                execution: "y".into(),
                driver: person("carol"),
                reason: "gone home".to_owned(),
                done: vec!["step-0".into()],
            }),
            _ => None,
        };
        Run::of(plan_of(steps), origin).driven()
    }
}

fn step((kind, pause_after, guards): (u8, bool, u8), place: usize) -> Step {
    let (pool, to) = (|| "web".into(), TARGET.parse().unwrap());
    let kind = match kind {
        0 => StepKind::ControlPlaneUpgrade { from: None, to },
        1 => pool_settings().kind,
        2 => StepKind::NodeImageUpgrade {
            pool: pool(),
            from: None,
            to: Some(NodeImageVersion::new("AKSUbuntu-2204-202608.01.0")),
        },
        3 => StepKind::PoolRollback {
            pool: pool(),
            from: None,
            to,
            node_image: NodeImageVersion::new("AKSUbuntu-2204-202608.01.0"),
        },
        4 => approval("").kind,
        5 => StepKind::Wait {
            until: WaitUntil::Seconds(900),
        },
        6 => smoke("", ["hold", "pause", "patient"][place % 3]).kind,
        7 => StepKind::ReadinessGate,
        8 => StepKind::Verify,
        _ => StepKind::NodePoolUpgrade {
            pool: pool(),
            from: None,
            to,
        },
    };
    Step {
        pause_after,
        guards: ["hold", "pause", "patient"]
            .iter()
            .take(usize::from(guards))
            .map(|&name| name.into())
            .collect(),
        ..Step::new(format!("step-{place}"), kind)
    }
}

/// One move of a random life.
#[derive(Clone, Debug)]
enum Move {
    /// Answer one of the present effects, well or badly.
    Answer {
        which: usize,
        how: u8,
    },
    Command(u8),
    /// Give an earlier input once more.
    Again(usize),
    Restart,
    Leave,
    Lease(u8),
    Wait(u16),
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let one = prop_oneof![
        16 => (any::<usize>(), any::<u8>()).prop_map(|(which, how)| Move::Answer { which, how }),
        3 => (0..22_u8).prop_map(Move::Command),
        2 => any::<usize>().prop_map(Move::Again),
        1 => Just(Move::Restart),
        1 => prop_oneof![Just(Move::Leave), (0..3_u8).prop_map(Move::Lease)],
        1 => any::<u16>().prop_map(Move::Wait),
    ];
    prop::collection::vec(one, 0..80)
}

fn command(number: u8) -> Command {
    match number {
        0 => Command::Pause {
            depth: PauseDepth::AfterStep,
        },
        1 => Command::Pause {
            depth: PauseDepth::NodeBoundary,
        },
        2 => Command::Pause { depth: PauseDepth::Now },
        5 => Command::Abort,
        6..10 => Command::Approve {
            step: None,
            reason: "fine".to_owned(),
        },
        10..13 => Command::Skip {
            step: None,
            reason: "enough".to_owned(),
        },
        13 => Command::AskForControls,
        14 => Command::HandOver { to: person("eve") },
        3 | 4 | 15..18 => Command::Retry,
        _ => Command::Resume,
    }
}

fn lease(number: u8) -> LeaseState {
    match number {
        0 => LeaseState::Held,
        1 => LeaseState::Unavailable {
            why: "no rights".to_owned(),
        },
        _ => LeaseState::Lost {
            holder: person("carol"),
        },
    }
}

fn some_trouble(how: u8) -> Trouble {
    trouble(match how % 8 {
        0 => TroubleKind::Unreachable,
        1 => TroubleKind::Throttled { retry_after: None },
        2 => TroubleKind::Conflict,
        3 => TroubleKind::Changed,
        4 => TroubleKind::NotFound,
        5 => TroubleKind::Denied,
        6 => TroubleKind::Uncertain,
        _ => TroubleKind::Refused,
    })
}

fn some_resource(how: u8) -> Resource {
    let state = match how % 6 {
        0 => ProvisioningState::Succeeded,
        1 => ProvisioningState::Failed,
        2 => ProvisioningState::Canceled,
        3 => ProvisioningState::Upgrading,
        4 => ProvisioningState::Canceling,
        _ => ProvisioningState::Unknown("Migrating".to_owned()),
    };
    let found = match how / 6 % 3 {
        0 => resource(state),
        1 => astray(state),
        _ => moved(state),
    };
    Resource {
        upgrade_settings: how.is_multiple_of(5).then(|| settings("33%")),
        busy_by: how.is_multiple_of(4).then(|| "carol".to_owned()),
        ..found
    }
}

fn some_cluster(how: u8) -> crate::domain::cluster::Cluster {
    let state = match how % 3 {
        0 => ProvisioningState::Succeeded,
        1 => ProvisioningState::Failed,
        _ => ProvisioningState::Updating,
    };
    match how / 3 % 3 {
        0 => cluster("1.33.4", state, Vec::new()),
        1 => cluster(TARGET, state.clone(), vec![node_pool("web", "1.33.4", state)]),
        _ => cluster(
            TARGET,
            ProvisioningState::Succeeded,
            vec![node_pool("web", TARGET, state)],
        ),
    }
}

fn run_of(test: &str, at: Timestamp, passed: bool) -> SmokeRun {
    SmokeRun {
        test: test.into(),
        at,
        passed,
        latency_milliseconds: 5,
        detail: String::new(),
    }
}

fn some_end(how: u8) -> OperationState {
    match how % 5 {
        0 => OperationState::Succeeded,
        1 => OperationState::Failed { error: error("Quota") },
        2 => OperationState::Canceled { error: None },
        _ => OperationState::Running {
            text: format!("phase {}", how / 16),
            hint: None,
        },
    }
}

fn some_picture(how: u8, at: Timestamp) -> Arc<LivePicture> {
    match how % 4 {
        0 => picture(at, &[]),
        1 => picture(at, &[("n1", TARGET, NodePhase::Upgraded)]),
        2 => picture(at, &[("n1", "1.33.4", NodePhase::Draining)]),
        _ => picture(at, &[("n1", "1.33.4", NodePhase::Waiting)]),
    }
}

fn answer_to(run: &mut Run, effect: Effect, how: u8) -> Input {
    let is_well = !how.is_multiple_of(4);
    let how = how / 4;
    match effect {
        Effect::Prepare { ticket, change, .. } if is_well => Input::Prepared {
            ticket,
            request: preview(change),
            request_id: run.next_id(),
        },
        Effect::Prepare { ticket, .. } => Input::NotPrepared {
            ticket,
            trouble: some_trouble(how),
        },
        Effect::Send {
            request, request_id, ..
        } => Input::Answered {
            request_id,
            answer: if is_well {
                Ok(Acceptance {
                    operation: link(&request.change),
                    state: None,
                    is_done: how.is_multiple_of(5),
                })
            } else {
                Err(some_trouble(how))
            },
        },
        Effect::Poll { ticket, .. } if is_well => Input::Polled {
            ticket,
            state: some_end(how),
        },
        Effect::Poll { ticket, .. } => Input::NotPolled {
            ticket,
            trouble: some_trouble(how),
        },
        Effect::ReadResource { ticket, .. } if is_well => Input::Read {
            ticket,
            resource: some_resource(how),
        },
        Effect::WatchNodes { ticket } => Input::Seen {
            ticket,
            picture: some_picture(how, run.now),
        },
        Effect::WaitUntil { ticket, .. } => Input::TimeCame { ticket },
        Effect::Test { ticket, test, .. } => Input::Tested {
            ticket,
            run: run_of(test.name.as_str(), run.now, is_well),
        },
        Effect::ReadWorkloads { ticket } => Input::WorkloadsRead {
            ticket,
            picture: if is_well {
                Ok(workloads(u32::from(how % 4)))
            } else {
                Err("away".to_owned())
            },
        },
        Effect::ReadCluster { ticket, .. } if is_well => Input::ClusterRead {
            ticket,
            cluster: Box::new(some_cluster(how)),
        },
        Effect::ReadResource { ticket, .. } | Effect::ReadCluster { ticket, .. } => Input::NotRead {
            ticket,
            trouble: some_trouble(how),
        },
    }
}

/// Answers everything well, resumes what is paused, retries what failed and lets through what only a person can, until
/// the end.
pub(super) fn cooperate(run: &mut Run) {
    run.feed(&Input::Lease {
        lease: LeaseState::Held,
    });
    for _ in 0..100 {
        match &run.state.execution {
            ExecutionState::Waiting { .. } if effects(&run.state).is_empty() => {
                run.approve(None);
                run.skip();
            }
            ExecutionState::Planned => {
                run.feed(&Input::Begin);
            }
            ExecutionState::Paused => {
                run.command(Command::Resume);
            }
            ExecutionState::Failed => {
                run.command(Command::Retry);
            }
            state if state.is_final() => return,
            _ => {}
        }
        for effect in effects(&run.state) {
            let input = match effect {
                Effect::Poll { ticket, .. } if ticket.purpose == Purpose::Step && run.state.is_stop_asked() => {
                    Input::Polled {
                        ticket,
                        state: OperationState::Canceled { error: None },
                    }
                }
                Effect::Poll { ticket, .. } => Input::Polled {
                    ticket,
                    state: OperationState::Succeeded,
                },
                Effect::ReadResource { ticket, .. } => Input::Read {
                    ticket,
                    resource: moved(ProvisioningState::Succeeded),
                },
                Effect::WatchNodes { ticket } => Input::Seen {
                    ticket,
                    picture: picture(run.now, &[("n1", TARGET, NodePhase::Upgraded)]),
                },
                Effect::ReadWorkloads { ticket } => Input::WorkloadsRead {
                    ticket,
                    picture: Ok(workloads(3)),
                },
                Effect::ReadCluster { ticket, .. } => Input::ClusterRead {
                    ticket,
                    cluster: Box::new(good_cluster()),
                },
                other => answer_to(run, other, 5),
            };
            run.feed(&input);
        }
        run.wait(600);
    }
    panic!("no end in sight from {:?}", run.state);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_life_keeps_the_laws_and_can_end(start in starts(), moves in moves()) {
        let mut run = start.run();
        let mut past: Vec<Input> = vec![Input::Begin];
        for one in moves {
            let input = match one {
                Move::Answer { which, how } => {
                    let present = effects(&run.state);
                    let Some(effect) = present.get(which % present.len().max(1)).cloned() else { continue };
                    answer_to(&mut run, effect, how)
                }
                Move::Command(number) => Input::Command { command: command(number), by: person("bob") },
                Move::Again(which) => past[which % past.len()].clone(),
                Move::Restart => Input::Taken {
                    by: person("eve"),
                    pid: 3,
                    reason: None,
                },
                Move::Leave => Input::Left {
                    by: person("ada"),
                    why: "the program was left".to_owned(),
                    to: Some(person("eve")),
                },
                Move::Lease(number) => Input::Lease { lease: lease(number) },
                Move::Wait(seconds) => {
                    run.wait(u64::from(seconds));
                    continue;
                }
            };
            run.feed(&input);
            past.push(input);
        }
        cooperate(&mut run);
        run.check_stored_form();
    }
}
