//! The sentences of the timeline that need more than one word from their record.

use jiff::Timestamp;

use crate::domain::change::RequestPreview;
use crate::domain::ids::NodeName;
use crate::domain::provisioning::{AzureErrorDetail, ProvisioningState};
use crate::domain::smoke_test::SmokeRun;
use crate::domain::version::NodeImageVersion;
use crate::domain::workload::WorkloadPicture;
use crate::engine::command::{Command, PauseDepth, Person};
use crate::engine::record::{Ending, LeaseState, NotSentWhy, Origin, Purpose};
use crate::plan::step::Plan;

pub(super) fn person(person: &Person) -> String {
    format!("{}@{}", person.name, person.host)
}

fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// The end of a sentence: when it is over, where that is known.
pub(super) fn until(at: Option<Timestamp>) -> String {
    at.map_or_else(String::new, |at| format!(" (until {})", time(at)))
}

pub(super) fn not_before(at: Option<Timestamp>) -> String {
    at.map_or_else(
        || ".".to_owned(),
        |at| format!(", and goes on at {} at the earliest.", time(at)),
    )
}

pub(super) fn with_note(said: &str, note: Option<&String>) -> String {
    note.map_or_else(|| format!("{said}."), |note| format!("{said}. {note}"))
}

pub(super) fn created(plan: &Plan, origin: Option<&Origin>, despite: Option<&str>) -> String {
    let steps = match plan.steps.len() {
        1 => "1 step".to_owned(),
        count => format!("{count} steps"),
    };
    match origin {
        None => {
            let despite = despite.map_or_else(String::new, |why| {
                format!(" Started although the checks named blockers: {why}")
            });
            format!("Planned the upgrade of {}, {steps}.{despite}", plan.cluster_name)
        }
        Some(Origin::Foreign {
            operation,
            started_by,
            started_at,
        }) => {
            let by = started_by
                .as_deref()
                .unwrap_or("somebody the activity log does not name");
            let at = started_at.map_or_else(String::new, |at| format!(" at {}", time(at)));
            format!(
                "Took charge of an operation of {} that {by} had started{at}: {operation}.",
                plan.cluster_name
            )
        }
        Some(Origin::OtherMachine {
            execution,
            driver,
            reason,
            done,
        }) => format!(
            "Took over execution {execution} of {} from {}, {} of {steps} done, because: {reason}",
            plan.cluster_name,
            person(driver),
            done.len(),
        ),
    }
}

pub(super) fn lease(lease: &LeaseState) -> String {
    match lease {
        LeaseState::Held => "Holds the cluster's Lease, so that other machines see who drives.".to_owned(),
        LeaseState::Unavailable { why } => {
            format!("The cluster's Lease cannot be had; Azure's own refusals are what is left: {why}")
        }
        LeaseState::Lost { holder } => format!("{} has the cluster's Lease, so nothing is done here.", person(holder)),
    }
}

pub(super) fn command(command: &Command) -> String {
    match command {
        Command::Pause { depth } => format!("pause {}", depth_words(*depth)),
        Command::Approve { reason, .. } => format!("approve, because: {reason}"),
        Command::Skip { reason, .. } => format!("skip, because: {reason}"),
        Command::HandOver { to } => format!("hand over to {}", person(to)),
        Command::Resume | Command::Retry | Command::Abort | Command::AskForControls => command.word().to_owned(),
    }
}

fn depth_words(depth: PauseDepth) -> &'static str {
    match depth {
        PauseDepth::AfterStep => "after this step",
        PauseDepth::NodeBoundary => "at the next node boundary",
        PauseDepth::Now => "now",
    }
}

pub(super) fn pausing(depth: PauseDepth, end: Option<Timestamp>, message: Option<&String>) -> String {
    let said = format!("Is to pause {}", depth_words(depth));
    match message {
        Some(message) => format!("{said}: {message}{}", until(end)),
        None => format!("{said}.{}", until(end)),
    }
}

pub(super) fn intent(purpose: Purpose, title: &str, request: &RequestPreview) -> String {
    let line = format!("{} {}", request.method, request.path);
    match purpose {
        Purpose::Step => format!("Sends the request for {title}: {line}"),
        Purpose::Stop => format!("Sends the request that stops {title}: {line}"),
        Purpose::Guard => format!("Begins the smoke tests that run during {title}: {line}"),
    }
}

pub(super) fn accepted(state: Option<&ProvisioningState>, is_done: bool) -> String {
    match (state, is_done) {
        (_, true) => "Azure took the request, and has nothing more to do.".to_owned(),
        (Some(state), false) => format!("Azure took the request; the resource says {state}."),
        (None, false) => "Azure took the request.".to_owned(),
    }
}

pub(super) fn not_sent(why: NotSentWhy, error: &AzureErrorDetail, end: Option<Timestamp>) -> String {
    let why = match why {
        NotSentWhy::Changed => "the resource had changed meanwhile",
        NotSentWhy::Busy => "another operation runs",
        NotSentWhy::Later => "Azure cannot take it now",
    };
    format!(
        "Azure did nothing, and will be asked again: {why}. {error}{}",
        until(end)
    )
}

pub(super) fn observed(text: &str, hint: Option<&AzureErrorDetail>) -> String {
    match hint {
        Some(hint) => format!("Azure says {text}, and tries again after: {hint}"),
        None => format!("Azure says {text}."),
    }
}

pub(super) fn ended(ending: Ending) -> &'static str {
    match ending {
        Ending::Succeeded => "Azure says it is done; the resource and its nodes are looked at.",
        Ending::Stopped => "Azure has stopped as asked; the nodes are looked at.",
    }
}

pub(super) fn verified(image: Option<&NodeImageVersion>, note: Option<&String>) -> String {
    let image = image.map_or_else(String::new, |image| format!(", with image {image}"));
    let said = format!("The resource says what was promised{image}; its nodes are looked at");
    with_note(&said, note)
}

/// How the execution came to rest, with the nodes that need a repair.
pub(super) fn left(state: &str, message: &str, leftovers: &[NodeName]) -> String {
    if leftovers.is_empty() {
        return format!("{state}: {message}");
    }
    let names: Vec<&str> = leftovers.iter().map(NodeName::as_str).collect();
    format!("{state}: {message} Nodes to be repaired: {}.", names.join(", "))
}

pub(super) fn baseline(picture: Option<&WorkloadPicture>, why: Option<&String>) -> String {
    let Some(picture) = picture else {
        let why = why.map_or("the API server gave no reason", String::as_str);
        return format!("The workloads could not be counted beforehand, so readiness cannot be compared: {why}");
    };
    let all = picture.workloads.len();
    let ready = picture.workloads.iter().filter(|one| one.ready >= one.desired).count();
    let pending = match picture.pending_pods.len() {
        0 => String::new(),
        1 => "; 1 pod waits for a node".to_owned(),
        count => format!("; {count} pods wait for a node"),
    };
    format!("Counted the workloads beforehand: {ready} of {all} are ready{pending}.")
}

pub(super) fn tested(run: &SmokeRun) -> String {
    let verdict = if run.passed { "passed" } else { "failed" };
    let said = format!("Smoke test {} {verdict} in {} ms", run.test, run.latency_milliseconds);
    if run.detail.is_empty() {
        format!("{said}.")
    } else {
        format!("{said}: {}", run.detail)
    }
}
