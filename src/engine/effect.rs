//! What the driver must do next, as data, derived from the state alone; and what comes back from doing it.
//! The live run, recovery and the tests share it. Never does anything itself.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use uuid::Uuid;

use super::command::{Command, Person};
use super::machine::state::{Gate, State, Stop, Work};
use super::record::{LeaseState, Purpose};
use super::view::ExecutionState;
use crate::domain::change::{Change, OperationLink, RequestPreview};
use crate::domain::cluster::Cluster;
use crate::domain::node_pool::UpgradeSettings;
use crate::domain::provisioning::{AzureErrorDetail, OperationState, ProvisioningState};
use crate::domain::smoke_test::{SmokeRun, SmokeTest};
use crate::domain::version::{KubernetesVersion, NodeImageVersion};
use crate::domain::workload::WorkloadPicture;
use crate::progress::picture::LivePicture;

/// Which turn of which request an effect belongs to; an answer to an earlier turn is late, and changes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ticket {
    pub purpose: Purpose,
    pub turn: u32,
}

/// One thing to do. Everything but `Send` only reads, and may be dropped or done again at any time.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Read the resource and say exactly what would be sent.
    Prepare {
        ticket: Ticket,
        change: Change,
        not_before: Option<Timestamp>,
    },
    /// Send the request whose intent is in the journal; once per request id, whatever happens.
    Send {
        ticket: Ticket,
        request: Box<RequestPreview>,
        request_id: Uuid,
    },
    /// Ask, after a pause, how an operation stands.
    Poll { ticket: Ticket, operation: OperationLink },
    /// Read the resource that the change is about.
    ReadResource {
        ticket: Ticket,
        change: Change,
        /// Looks before this one; the first is taken at once.
        looks: u32,
    },
    /// Hand over the live picture: now, and again whenever it changes or some time has passed.
    WatchNodes { ticket: Ticket },
    /// Say when this time has come.
    WaitUntil { ticket: Ticket, until: Timestamp },
    /// Run a smoke test, not before the time given.
    Test {
        ticket: Ticket,
        test: Box<SmokeTest>,
        not_before: Option<Timestamp>,
    },
    /// Read the readiness of all workloads, after a pause where it is not the first time.
    ReadWorkloads { ticket: Ticket },
    /// Read the whole cluster with all its pools.
    ReadCluster {
        ticket: Ticket,
        /// Looks before this one; the first is taken at once.
        looks: u32,
    },
}

impl Effect {
    /// The turn it belongs to.
    pub fn ticket(&self) -> Ticket {
        match self {
            Self::Prepare { ticket, .. }
            | Self::Send { ticket, .. }
            | Self::Poll { ticket, .. }
            | Self::ReadResource { ticket, .. }
            | Self::WatchNodes { ticket }
            | Self::WaitUntil { ticket, .. }
            | Self::Test { ticket, .. }
            | Self::ReadWorkloads { ticket }
            | Self::ReadCluster { ticket, .. } => *ticket,
        }
    }
}

/// All there is to do in this state; empty while the execution rests or has ended.
pub fn effects(state: &State) -> Vec<Effect> {
    if !state.is_acting() {
        return Vec::new();
    }
    let ticket = state.ticket(Purpose::Step);
    if let Work::TakingBaseline = state.work {
        return vec![Effect::ReadWorkloads { ticket }];
    }
    if let Work::AtGate(gate) = &state.work {
        return gate_effects(state, gate);
    }
    let Some(change) = state.change() else {
        return Vec::new();
    };
    let mut effects = Vec::new();
    match &state.work {
        Work::Idle | Work::TakingBaseline | Work::AtGate(_) => {}
        Work::Preparing { not_before, .. } => effects.push(Effect::Prepare {
            ticket,
            change: change.clone(),
            not_before: *not_before,
        }),
        Work::Sending {
            request, request_id, ..
        } => effects.push(Effect::Send {
            ticket,
            request: request.clone(),
            request_id: *request_id,
        }),
        Work::Finding { looks } | Work::Held { looks } | Work::Looking { looks, .. } | Work::Verifying { looks } => {
            effects.push(Effect::ReadResource {
                ticket,
                change: change.clone(),
                looks: *looks,
            });
        }
        Work::Following { operation } => {
            effects.push(Effect::Poll {
                ticket,
                operation: operation.clone(),
            });
            if state.is_waiting_for_boundary() || state.is_guarding() {
                effects.push(Effect::WatchNodes { ticket });
            }
            effects.extend(state.running_guard().map(|test| Effect::Test {
                ticket: state.ticket(Purpose::Guard),
                test: Box::new(test.clone()),
                not_before: None,
            }));
        }
        Work::CheckingNodes { .. } | Work::Settling => effects.push(Effect::WatchNodes { ticket }),
    }
    effects.extend(stop_effect(state, &change));
    effects
}

fn gate_effects(state: &State, gate: &Gate) -> Vec<Effect> {
    let ticket = state.ticket(Purpose::Step);
    match gate {
        Gate::Approval => Vec::new(),
        Gate::Wait { until } => vec![Effect::WaitUntil { ticket, until: *until }],
        Gate::SmokeTest { not_before, .. } => state
            .gate_test()
            .map(|test| Effect::Test {
                ticket,
                test: Box::new(test.clone()),
                not_before: *not_before,
            })
            .into_iter()
            .collect(),
        // Without a baseline there is nothing to compare with.
        Gate::Readiness if state.baseline.is_none() => Vec::new(),
        Gate::Readiness => vec![Effect::ReadWorkloads { ticket }],
        Gate::Verify { looks } => vec![Effect::ReadCluster { ticket, looks: *looks }],
        Gate::VerifyNodes { .. } => vec![Effect::WatchNodes { ticket }],
    }
}

fn stop_effect(state: &State, change: &Change) -> Option<Effect> {
    let ticket = state.ticket(Purpose::Stop);
    match &state.stop {
        Stop::None | Stop::Done | Stop::GivenUp => None,
        Stop::Preparing { not_before, .. } => Some(Effect::Prepare {
            ticket,
            change: change.abort()?,
            not_before: *not_before,
        }),
        Stop::Sending {
            request, request_id, ..
        } => Some(Effect::Send {
            ticket,
            request: request.clone(),
            request_id: *request_id,
        }),
        Stop::Looking { looks, .. } => Some(Effect::ReadResource {
            ticket,
            change: change.abort()?,
            looks: *looks,
        }),
        Stop::Following { operation } => Some(Effect::Poll {
            ticket,
            operation: operation.clone(),
        }),
    }
}

/// What kind of trouble a request met, as far as the machine tells them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TroubleKind {
    /// Nothing arrived, and it is worth trying again: no network, no login.
    Unreachable,
    Throttled {
        retry_after: Option<Duration>,
    },
    /// Another operation runs; for an abort: it ended first.
    Conflict,
    /// The resource is not any more as it was when the request was prepared.
    Changed,
    NotFound,
    /// The right is missing.
    Denied,
    /// A request arrived perhaps, and had an effect perhaps.
    Uncertain,
    /// Azure said no, and would say so again.
    Refused,
}

/// A request that did not do what it was for, in Azure's words where it had some.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    pub kind: TroubleKind,
    pub error: AzureErrorDetail,
}

/// Azure took a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acceptance {
    pub operation: OperationLink,
    pub state: Option<ProvisioningState>,
    pub is_done: bool,
}

/// What a look at the resource of a step found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource {
    pub state: ProvisioningState,
    /// An operation that would keep a change out, in words; the resource's own or its cluster's.
    pub busy: Option<String>,
    /// Claimed, not real.
    pub version: Option<KubernetesVersion>,
    pub node_image: Option<NodeImageVersion>,
    pub etag: Option<String>,
    pub error: Option<AzureErrorDetail>,
    /// Of a pool.
    pub upgrade_settings: Option<UpgradeSettings>,
    /// Who started the operation that keeps a change out, where the activity log says.
    pub busy_by: Option<String>,
}

/// Everything that can happen to an execution.
#[derive(Clone, Debug)]
pub enum Input {
    /// A driver took the place; whatever an earlier one was doing has no answer any more.
    Taken {
        by: Person,
        pid: u32,
        /// Why the place was taken from a driver that was alive.
        reason: Option<String>,
    },
    Left {
        by: Person,
        why: String,
        /// Who was given the controls.
        to: Option<Person>,
    },
    /// Starts an execution that is only planned.
    Begin,
    Command {
        command: Command,
        by: Person,
    },
    Prepared {
        ticket: Ticket,
        request: Box<RequestPreview>,
        request_id: Uuid,
    },
    NotPrepared {
        ticket: Ticket,
        trouble: Trouble,
    },
    Answered {
        request_id: Uuid,
        answer: Result<Acceptance, Trouble>,
    },
    Polled {
        ticket: Ticket,
        state: OperationState,
    },
    NotPolled {
        ticket: Ticket,
        trouble: Trouble,
    },
    Read {
        ticket: Ticket,
        resource: Resource,
    },
    NotRead {
        ticket: Ticket,
        trouble: Trouble,
    },
    Seen {
        ticket: Ticket,
        picture: Arc<LivePicture>,
    },
    /// The time an effect waited for has come.
    TimeCame {
        ticket: Ticket,
    },
    Tested {
        ticket: Ticket,
        run: SmokeRun,
    },
    WorkloadsRead {
        ticket: Ticket,
        /// Or why they cannot be read, in a sentence.
        picture: Result<WorkloadPicture, String>,
    },
    ClusterRead {
        ticket: Ticket,
        cluster: Box<Cluster>,
    },
    /// What became of the cluster's Lease; only changes.
    Lease {
        lease: LeaseState,
    },
}

impl State {
    /// True while the machine may act: it never does while paused, failed, planned or ended, nor while somebody else
    /// drives the cluster.
    pub fn is_acting(&self) -> bool {
        self.unreadable == 0
            && !self.has_lost_lease()
            && matches!(
                self.execution,
                ExecutionState::Running
                    | ExecutionState::Pausing { .. }
                    | ExecutionState::Waiting { .. }
                    | ExecutionState::Aborting
            )
    }
}
