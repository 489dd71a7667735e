//! Does one effect and says what came of it. Sends each request at most once; everything else only reads.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;
use uuid::Uuid;

use super::super::effect::{Acceptance, Effect, Input, Resource, Ticket, Trouble, TroubleKind};
use super::api_server::ApiServer;
use super::authors::{self, Authors};
use super::fence::Fence;
use super::pace::Pace;
use super::writing::blocking;
use crate::azure::client::AzureClient;
use crate::azure::error::AzureError;
use crate::clock::Clock;
use crate::domain::change::{Change, RequestPreview};
use crate::domain::ids::{ClusterId, ExecutionId};
use crate::domain::provisioning::{AzureErrorDetail, ProvisioningState};
use crate::domain::text::printable;
use crate::journal::Journal;
use crate::progress::picture::LivePicture;
use crate::smoke::SmokeRunner;

/// Longest sleep in one piece, in the clock's time, so that a clock that jumps is noticed.
const LONGEST_SLEEP: Duration = Duration::from_mins(1);

/// What says that this driver may still act.
pub(super) struct Seat {
    pub(super) journal: Journal,
    pub(super) execution: ExecutionId,
    pub(super) token: String,
    pub(super) fence: Fence,
}

/// What is needed to act.
pub(super) struct Actor {
    pub(super) azure: Option<AzureClient>,
    pub(super) api: ApiServer,
    pub(super) smoke: SmokeRunner,
    pub(super) clock: Clock,
    pub(super) live: watch::Receiver<Arc<LivePicture>>,
    pub(super) poll_interval: Duration,
    pub(super) cluster: ClusterId,
    pub(super) authors: Authors,
    pub(super) seat: Seat,
}

impl Actor {
    /// Waits as the effect's pace asks, and does it; `is_first` is false for a request that was sent before.
    pub(super) async fn perform(mut self, effect: Effect, pace: Pace, is_first: bool) -> (Input, Pace) {
        self.wait(&effect, pace).await;
        match effect {
            Effect::WatchNodes { ticket } => self.look_at_nodes(ticket, pace),
            Effect::WaitUntil { ticket, .. } => (Input::TimeCame { ticket }, pace.went_well(None)),
            Effect::Test { ticket, test, .. } => {
                let run = self.smoke.run(&test).await;
                (Input::Tested { ticket, run }, pace.went_well(None))
            }
            Effect::ReadWorkloads { ticket } => {
                let picture = self.api.workloads().await.map_err(|error| error.sentence());
                let pace = match picture {
                    Ok(_) => pace.went_well(None),
                    Err(_) => pace.failed(None),
                };
                (Input::WorkloadsRead { ticket, picture }, pace)
            }
            Effect::Prepare { .. }
            | Effect::Send { .. }
            | Effect::Poll { .. }
            | Effect::ReadResource { .. }
            | Effect::ReadCluster { .. } => match self.azure.take() {
                Some(azure) => self.ask_azure(&azure, effect, pace, is_first).await,
                None => (without_azure(&effect), pace.failed(None)),
            },
        }
    }

    async fn ask_azure(self, azure: &AzureClient, effect: Effect, pace: Pace, is_first: bool) -> (Input, Pace) {
        let ticket = effect.ticket();
        match effect {
            Effect::Prepare { change, .. } => match azure.prepare(&change).await {
                Ok(request) => {
                    let input = Input::Prepared {
                        ticket,
                        request: Box::new(request),
                        request_id: Uuid::new_v4(),
                    };
                    (input, pace.went_well(None))
                }
                Err(error) => failed(pace, error, |trouble| Input::NotPrepared { ticket, trouble }),
            },
            Effect::Send { request_id, .. } if !is_first => not_sent(request_id, "the request was sent before", pace),
            Effect::Send {
                request, request_id, ..
            } => self.send(azure, &request, request_id, pace).await,
            Effect::Poll { operation, .. } => match azure.poll(&operation).await {
                Ok(poll) => {
                    let state = poll.state;
                    (Input::Polled { ticket, state }, pace.went_well(poll.retry_after))
                }
                Err(error) => failed(pace, error, |trouble| Input::NotPolled { ticket, trouble }),
            },
            Effect::ReadResource { change, .. } => match self.read_resource(azure, &change).await {
                Ok(resource) => (Input::Read { ticket, resource }, pace.went_well(None)),
                Err(error) => failed(pace, error, |trouble| Input::NotRead { ticket, trouble }),
            },
            Effect::ReadCluster { .. } => match azure.get_cluster(&self.cluster).await {
                Ok(cluster) => {
                    let cluster = Box::new(cluster);
                    (Input::ClusterRead { ticket, cluster }, pace.went_well(None))
                }
                Err(error) => failed(pace, error, |trouble| Input::NotRead { ticket, trouble }),
            },
            Effect::WatchNodes { .. }
            | Effect::WaitUntil { .. }
            | Effect::Test { .. }
            | Effect::ReadWorkloads { .. } => unreachable!("they need no Azure"),
        }
    }

    /// Sends the request, unless this driver has lost its place or the Lease since its intent was written.
    async fn send(self, azure: &AzureClient, request: &RequestPreview, request_id: Uuid, pace: Pace) -> (Input, Pace) {
        let Seat {
            journal,
            execution,
            token,
            fence,
        } = self.seat;
        match blocking(move || journal.holds_place(execution.as_str(), &token)).await {
            Ok(true) if fence.may_send() => {}
            Ok(true) => return not_sent(request_id, "the Lease could not be renewed, so nothing was sent", pace),
            Ok(false) => {
                return not_sent(
                    request_id,
                    "another driver has the execution, so nothing was sent",
                    pace,
                );
            }
            Err(_) => return not_sent(request_id, "the journal cannot be read, so nothing was sent", pace),
        }
        match azure.send(request, request_id).await {
            Ok(accepted) => {
                let answer = Ok(Acceptance {
                    operation: accepted.operation,
                    state: accepted.state,
                    is_done: accepted.is_done,
                });
                let input = Input::Answered { request_id, answer };
                (input, pace.went_well(accepted.retry_after))
            }
            Err(error) => failed(pace, error, |trouble| Input::Answered {
                request_id,
                answer: Err(trouble),
            }),
        }
    }

    /// Reads the cluster, and the pool where the change is about one: an operation on either keeps the change out.
    async fn read_resource(&self, azure: &AzureClient, change: &Change) -> Result<Resource, AzureError> {
        let cluster = azure.get_cluster(change.cluster()).await?;
        let mut resource = match change.pool() {
            None => Resource {
                busy: cluster.active_state().map(|state| format!("the cluster is {state}")),
                state: cluster.provisioning_state,
                version: cluster.version,
                node_image: None,
                etag: cluster.etag,
                error: cluster.error,
                upgrade_settings: None,
                busy_by: None,
            },
            Some(pool) => {
                let pool = azure.get_node_pool(change.cluster(), pool).await?;
                let busy = |name: &str, state: &ProvisioningState| {
                    (!state.is_terminal()).then(|| format!("{name} is {state}"))
                };
                Resource {
                    busy: busy(pool.name.as_str(), &pool.provisioning_state)
                        .or_else(|| busy("the cluster", &cluster.provisioning_state)),
                    state: pool.provisioning_state,
                    version: pool.version,
                    node_image: pool.node_image,
                    etag: pool.etag,
                    error: pool.error,
                    upgrade_settings: Some(pool.upgrade_settings),
                    busy_by: None,
                }
            }
        };
        resource.busy_by = self.busy_by(azure, change, resource.busy.is_some()).await;
        Ok(resource)
    }

    /// Who keeps the change out; `None` also where the activity log does not say or may not be read.
    async fn busy_by(&self, azure: &AzureClient, change: &Change, is_busy: bool) -> Option<String> {
        let pool = change.pool();
        if !is_busy {
            self.authors.forget(pool);
            return None;
        }
        match self.authors.known(pool) {
            Ok(author) => return Some(author),
            Err(false) => return None,
            Err(true) => {}
        }
        let since = authors::since(self.clock.now());
        let author = azure.last_change_by(change.cluster(), pool, since).await.ok()??;
        let caller = printable(&author.caller);
        self.authors.learn(pool, caller.clone());
        Some(caller)
    }

    async fn wait(&mut self, effect: &Effect, pace: Pace) {
        let pause = pace.pause(self.poll_interval);
        match effect {
            Effect::Send { .. } => {}
            Effect::Prepare { not_before, .. } | Effect::Test { not_before, .. } => {
                if let Some(until) = not_before {
                    self.sleep_until(*until).await;
                }
                if pace.times > 0 {
                    self.clock.sleep(pause).await;
                }
            }
            Effect::ReadResource { looks: 0, .. } | Effect::ReadCluster { looks: 0, .. } if pace.times == 0 => {}
            Effect::Poll { .. } | Effect::ReadResource { .. } | Effect::ReadCluster { .. } => {
                self.clock.sleep(pause).await;
            }
            Effect::WaitUntil { until, .. } => {
                self.sleep_until(*until).await;
                if pace.times > 0 {
                    self.clock.sleep(pause).await;
                }
            }
            Effect::ReadWorkloads { .. } => {
                if pace.times > 0 {
                    self.clock.sleep(pause).await;
                }
            }
            Effect::WatchNodes { .. } => {
                self.live.mark_unchanged();
                if pace.times > 0 {
                    self.picture_or_pause().await;
                }
            }
        }
    }

    async fn sleep_until(&self, until: Timestamp) {
        loop {
            let left = until.duration_since(self.clock.now());
            match Duration::try_from(left) {
                Ok(left) if !left.is_zero() => self.clock.sleep(left.min(LONGEST_SLEEP)).await,
                _ => return,
            }
        }
    }

    async fn picture_or_pause(&mut self) {
        let pause = self.clock.sleep(self.poll_interval);
        tokio::pin!(pause);
        tokio::select! {
            changed = self.live.changed() => {
                // Without a source there is nothing to wait for but the time.
                if changed.is_err() {
                    pause.await;
                }
            }
            () = &mut pause => {}
        }
    }

    fn look_at_nodes(&mut self, ticket: Ticket, pace: Pace) -> (Input, Pace) {
        let picture = Arc::clone(&self.live.borrow_and_update());
        (Input::Seen { ticket, picture }, pace.went_well(None))
    }
}

/// What an effect comes to where there is no Azure.
fn without_azure(effect: &Effect) -> Input {
    let ticket = effect.ticket();
    let trouble = Trouble {
        kind: TroubleKind::Refused,
        error: detail("NoAzure", "there is no access to Azure here".to_owned()),
    };
    match effect {
        Effect::Prepare { .. } => Input::NotPrepared { ticket, trouble },
        Effect::Send { request_id, .. } => Input::Answered {
            request_id: *request_id,
            answer: Err(trouble),
        },
        Effect::Poll { .. } => Input::NotPolled { ticket, trouble },
        _ => Input::NotRead { ticket, trouble },
    }
}

/// The request did not leave now; the resource is looked at before anything else is sent.
fn not_sent(request_id: Uuid, why: &str, pace: Pace) -> (Input, Pace) {
    let trouble = Trouble {
        kind: TroubleKind::Uncertain,
        error: detail("NotSent", why.to_owned()),
    };
    let answer = Err(trouble);
    (Input::Answered { request_id, answer }, pace.failed(None))
}

fn failed(pace: Pace, error: AzureError, input: impl FnOnce(Trouble) -> Input) -> (Input, Pace) {
    let trouble = trouble_of(error);
    let retry_after = match trouble.kind {
        TroubleKind::Throttled { retry_after } => retry_after,
        _ => None,
    };
    (input(trouble), pace.failed(retry_after))
}

fn detail(code: &str, message: String) -> AzureErrorDetail {
    AzureErrorDetail {
        code: code.to_owned(),
        message,
        ..AzureErrorDetail::default()
    }
}

/// What the machine needs to know of an error.
fn trouble_of(error: AzureError) -> Trouble {
    let words = error.to_string();
    match error {
        AzureError::NotLoggedIn { tried } => {
            let ways: Vec<String> = tried.iter().map(|one| format!("{}: {}", one.name, one.todo)).collect();
            Trouble {
                kind: TroubleKind::Unreachable,
                error: detail("NotLoggedIn", format!("{words} ({})", ways.join("; "))),
            }
        }
        AzureError::Unreachable { source, .. } => Trouble {
            kind: TroubleKind::Unreachable,
            error: detail("Unreachable", format!("{words} ({source})")),
        },
        AzureError::Uncertain { .. } => Trouble {
            kind: TroubleKind::Uncertain,
            error: detail("AnswerLost", words),
        },
        AzureError::UnexpectedBody { .. } => Trouble {
            kind: TroubleKind::Uncertain,
            error: detail("UnreadableAnswer", words),
        },
        AzureError::Settings { .. } => Trouble {
            kind: TroubleKind::Refused,
            error: detail("Settings", words),
        },
        AzureError::Throttled { retry_after, error, .. } => Trouble {
            kind: TroubleKind::Throttled { retry_after },
            error: *error,
        },
        AzureError::Refused { status, error, .. } => Trouble {
            kind: refusal_kind(status, &error),
            error: *error,
        },
    }
}

/// A 5xx to a change does not mean that it did not start (Azure Resource Manager recordings, 2022 to 2025).
fn refusal_kind(status: u16, error: &AzureErrorDetail) -> TroubleKind {
    match status {
        401 | 403 => TroubleKind::Denied,
        404 => TroubleKind::NotFound,
        409 if error.code.eq_ignore_ascii_case("EtagMismatch") => TroubleKind::Changed,
        409 => TroubleKind::Conflict,
        412 => TroubleKind::Changed,
        408 | 500.. => TroubleKind::Uncertain,
        _ => TroubleKind::Refused,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::azure::error::TriedCredential;

    #[test]
    fn errors_are_sorted_by_what_they_mean_for_a_request() {
        let refused = |status, code: &str| {
            trouble_of(AzureError::Refused {
                what: "PUT shop".to_owned(),
                status,
                error: Box::new(detail(code, "words".to_owned())),
                request_id: None,
                right: None,
            })
            .kind
        };
        for (status, code, kind) in [
            (400, "ValidationError", TroubleKind::Refused),
            (403, "AuthorizationFailed", TroubleKind::Denied),
            (404, "ResourceNotFound", TroubleKind::NotFound),
            (409, "OperationNotAllowed", TroubleKind::Conflict),
            (409, "etagmismatch", TroubleKind::Changed),
            (412, "PreconditionFailed", TroubleKind::Changed),
            (500, "InternalOperationError", TroubleKind::Uncertain),
            (504, "GatewayTimeout", TroubleKind::Uncertain),
        ] {
            assert_eq!(refused(status, code), kind, "{status} {code}");
        }
    }

    #[test]
    fn a_missing_login_passes_and_says_what_would_help() {
        let trouble = trouble_of(AzureError::NotLoggedIn {
            tried: vec![TriedCredential {
                name: "Azure CLI",
                why: "not logged in".to_owned(),
                todo: "run: az login",
            }],
        });
        assert_eq!(trouble.kind, TroubleKind::Unreachable);
        assert!(trouble.error.message.contains("az login"), "{}", trouble.error);
    }
}
