//! Random lives: any order of commands, answers, troubles, restarts, late and repeated inputs keeps the laws, which
//! `Run::feed` checks, and from wherever it ends an end can be reached.

use proptest::prelude::*;

use super::*;

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
    Wait(u16),
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let one = prop_oneof![
        8 => (any::<usize>(), any::<u8>()).prop_map(|(which, how)| Move::Answer { which, how }),
        3 => (0..6_u8).prop_map(Move::Command),
        2 => any::<usize>().prop_map(Move::Again),
        1 => Just(Move::Restart),
        1 => any::<u16>().prop_map(Move::Wait),
    ];
    prop::collection::vec(one, 0..60)
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
        3 => Command::Resume,
        4 => Command::Retry,
        _ => Command::Abort,
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
    if how.is_multiple_of(7) {
        resource(state)
    } else {
        moved(state)
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
    let is_well = how.is_multiple_of(2);
    let how = how / 2;
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
        Effect::ReadResource { ticket, .. } => Input::NotRead {
            ticket,
            trouble: some_trouble(how),
        },
        Effect::WatchNodes { ticket } => Input::Seen {
            ticket,
            picture: some_picture(how, run.now),
        },
    }
}

/// Answers everything well, resumes what is paused and retries what failed, until the end.
pub(super) fn cooperate(run: &mut Run) {
    for _ in 0..100 {
        match &run.state.execution {
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
                other => answer_to(run, other, 2),
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
    fn any_life_keeps_the_laws_and_can_end(moves in moves()) {
        let mut run = Run::begun();
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
                Move::Restart => Input::Taken { by: person("eve"), pid: 3 },
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
