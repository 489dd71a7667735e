//! What a person is told when something does not work: what happened, why, and what to do.
//! The only place that turns a room's error into words for the edge; never prints by itself.

use std::fmt;

use crate::azure::error::AzureError;
use crate::domain::ids::ExecutionId;
use crate::domain::provisioning::AzureErrorDetail;
use crate::engine::handle::EngineError;
use crate::kubernetes::error::KubernetesError;
use crate::plan::builder::PlanError;
use crate::simulator::scenario::ScenarioError;

/// The exit codes scripts rely on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    Done = 0,
    Unexpected = 1,
    Usage = 2,
    PreflightBlockers = 3,
    UpgradeFailed = 4,
    /// A gate or a pause holds the execution; a person is waited for.
    Held = 5,
    /// Not logged in, or not allowed.
    NotAllowed = 6,
    /// Read-only, driven by someone else, or a conflict.
    Refused = 7,
    NotFound = 8,
    Interrupted = 130,
}

/// One user-facing problem. All texts are printable: made safe by `domain::text::printable`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// One sentence with the subject in it.
    pub what: String,
    /// Azure's or Kubernetes' own words, or the operating system's; one line each.
    pub why: Vec<String>,
    /// A command, a key or a setting; one line each.
    pub todo: Vec<String>,
    pub exit: Exit,
}

impl Problem {
    /// Starts a problem from its first sentence.
    pub fn new(exit: Exit, what: impl AsRef<str>) -> Self {
        Self {
            what: crate::domain::text::printable(what.as_ref()),
            why: Vec::new(),
            todo: Vec::new(),
            exit,
        }
    }

    /// Adds a reason.
    #[must_use]
    pub fn because(mut self, why: impl AsRef<str>) -> Self {
        self.why.push(crate::domain::text::printable(why.as_ref()));
        self
    }

    /// Adds a way out.
    #[must_use]
    pub fn try_this(mut self, todo: impl AsRef<str>) -> Self {
        self.todo.push(crate::domain::text::printable(todo.as_ref()));
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.what)?;
        for why in &self.why {
            write!(formatter, "\n  because: {why}")?;
        }
        for todo in &self.todo {
            write!(formatter, "\n  do: {todo}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problem {}

/// Why a chain of errors came about, without the first one.
fn causes(error: &dyn std::error::Error) -> Vec<String> {
    std::iter::successors(error.source(), |error| error.source())
        .map(ToString::to_string)
        .collect()
}

/// Azure's error and what it nests, one line each.
fn azure_words(error: &AzureErrorDetail) -> Vec<String> {
    std::iter::once(error.to_string())
        .chain(error.details.iter().flat_map(azure_words))
        .collect()
}

fn with_reasons(problem: Problem, reasons: impl IntoIterator<Item = String>) -> Problem {
    reasons.into_iter().fold(problem, Problem::because)
}

impl From<AzureError> for Problem {
    fn from(error: AzureError) -> Self {
        let what = error.to_string();
        match error {
            AzureError::NotLoggedIn { tried } => {
                let mut problem = Self::new(Exit::NotAllowed, what);
                for credential in tried {
                    problem = problem.because(format!("{}: {}", credential.name, credential.why));
                    if !problem.todo.iter().any(|todo| todo == credential.todo) {
                        problem = problem.try_this(credential.todo);
                    }
                }
                problem
            }
            AzureError::Unreachable { .. } => with_reasons(Self::new(Exit::Unexpected, what), causes(&error))
                .try_this("check the network, HTTPS_PROXY and NO_PROXY, and --arm-endpoint"),
            AzureError::Uncertain { .. } => Self::new(Exit::Unexpected, what)
                .try_this("look at the resource before asking again: the change may have been made"),
            AzureError::Refused {
                status,
                error,
                request_id,
                right,
                ..
            } => {
                let problem = refused(&what, status, &error, request_id.as_deref());
                match right {
                    Some(right) => problem.try_this(format!("ask for the right {right}")),
                    None => problem,
                }
            }
            AzureError::Throttled { retry_after, error, .. } => {
                let wait = retry_after.map_or_else(|| "a minute".to_owned(), |wait| format!("{} s", wait.as_secs()));
                with_reasons(Self::new(Exit::Unexpected, what), azure_words(&error)).try_this(format!(
                    "wait {wait} and try again; other tools of the same login use the same budget"
                ))
            }
            AzureError::UnexpectedBody { excerpt, .. } => Self::new(Exit::Unexpected, what)
                .because(format!("it begins: {excerpt}"))
                .try_this("check that the endpoint is Azure Resource Manager and no proxy answers in its place"),
            AzureError::Settings { .. } => {
                Self::new(Exit::Usage, what).try_this("check --arm-endpoint, --cloud and AKS_COCKPIT_TOKEN")
            }
        }
    }
}

fn refused(what: &str, status: u16, error: &AzureErrorDetail, request_id: Option<&str>) -> Problem {
    let (exit, todo) = match status {
        401 => (Exit::NotAllowed, "log in again: az login"),
        403 => (
            Exit::NotAllowed,
            "ask for what is missing, for instance with the role Azure Kubernetes Service Contributor Role",
        ),
        404 => (Exit::NotFound, "see what there is: aks-cockpit clusters"),
        409 => (
            Exit::Refused,
            "another operation runs or has just ended: look at the cluster, then try again",
        ),
        412 => (
            Exit::Refused,
            "somebody changed the resource meanwhile: look at it again, then try again",
        ),
        _ => (Exit::Unexpected, "see what Azure says above"),
    };
    let problem = with_reasons(Problem::new(exit, what), azure_words(error));
    match request_id {
        Some(id) => problem.because(format!("Azure's request id is {id}")),
        None => problem,
    }
    .try_this(todo)
}

impl From<EngineError> for Problem {
    fn from(error: EngineError) -> Self {
        let what = error.to_string();
        match error {
            EngineError::Azure(error) => Self::from(error),
            EngineError::Journal(_) => with_reasons(Self::new(Exit::Unexpected, what), causes(&error))
                .try_this("nothing was sent to Azure; check space and rights of the state directory, or name another: --state-dir DIR"),
            EngineError::NoSuchExecution(_) => {
                Self::new(Exit::NotFound, what).try_this("see which there are: aks-cockpit status")
            }
            EngineError::NotNow { .. } => {
                Self::new(Exit::Refused, what).try_this("see how it stands: aks-cockpit status")
            }
            EngineError::Ambiguous { candidates, .. } => {
                let ids: Vec<&str> = candidates.iter().map(ExecutionId::as_str).collect();
                Self::new(Exit::Usage, what)
                    .because(format!("they are {}", ids.join(", ")))
                    .try_this("give more of the id")
            }
            EngineError::DrivenElsewhere { .. } => Self::new(Exit::Refused, what)
                .try_this("give commands to it from here, or watch: aks-cockpit status --watch"),
            EngineError::LeaseHeld { .. } => Self::new(Exit::Refused, what)
                .because("the Lease aks-cockpit in kube-system of the cluster says so; nothing was sent")
                .try_this("watch the cluster, ask for the controls, or take them over with a reason"),
            EngineError::NoLease { .. } => Self::new(Exit::Refused, what)
                .try_this("look who drives: aks-cockpit status; without another driver, start or resume it"),
            EngineError::Kubernetes(error) => Self::from(error),
            EngineError::NewerRecords { .. } => Self::new(Exit::Refused, what)
                .because("this version cannot read all of it, so it can only be watched")
                .try_this("use the newer aks-cockpit"),
            EngineError::NoSuchRepair(_) => {
                Self::new(Exit::NotFound, what).try_this("see which there are on the cluster's screen")
            }
            EngineError::NothingToUndo { .. } => Self::new(Exit::Refused, what),
            EngineError::RepairAtWork { .. } => {
                Self::new(Exit::Refused, what).try_this("wait until it is through, and look at it again")
            }
            EngineError::RepairNotPossible { .. } => {
                Self::new(Exit::Refused, what).try_this("look at the cause again: the cluster may have changed")
            }
            EngineError::ReadOnly => Self::new(Exit::Refused, what).try_this("leave out --read-only to change something"),
            EngineError::NoAzure => Self::new(Exit::Refused, what)
                .because("with --kubeconfig only the Kubernetes API is there, and upgrades are Azure's")
                .try_this("leave out --kubeconfig"),
            EngineError::ClusterBusy { id, .. } => Self::new(Exit::Refused, what).try_this(format!(
                "resume, retry or abort it first: aks-cockpit resume {id}, retry {id} or abort {id}"
            )),
        }
    }
}

impl From<KubernetesError> for Problem {
    fn from(error: KubernetesError) -> Self {
        let exit = match error {
            KubernetesError::Kubeconfig { .. } => Exit::Usage,
            KubernetesError::Denied { .. } => Exit::NotAllowed,
            KubernetesError::Unreachable { .. } | KubernetesError::Refused { .. } => Exit::Unexpected,
        };
        match &error {
            // Its text already says why.
            KubernetesError::Kubeconfig { contexts, .. } if contexts.is_empty() => Self::new(exit, error.to_string())
                .try_this("give --kubeconfig a file with a cluster, a user and a context"),
            KubernetesError::Kubeconfig { contexts, .. } => Self::new(exit, error.to_string())
                .because(format!("its contexts are {}", contexts.join(", ")))
                .try_this("give --context one of them"),
            _ => Self::new(exit, error.to_string())
                .because(error.why())
                .try_this("check that this machine reaches the API server, and your rights there"),
        }
    }
}

impl From<ScenarioError> for Problem {
    fn from(error: ScenarioError) -> Self {
        match &error {
            ScenarioError::Unknown { known, .. } => Self::new(Exit::Usage, error.to_string())
                .because(format!("there are {}", known.join(", ")))
                .try_this("see what they tell: aks-cockpit simulate --list"),
            ScenarioError::Invalid { .. } => {
                Self::new(Exit::Usage, error.to_string()).try_this("mend the scenario's file")
            }
        }
    }
}

impl From<PlanError> for Problem {
    fn from(error: PlanError) -> Self {
        let what = error.to_string();
        match error {
            PlanError::NotOffered { cluster, offered, .. } if offered.is_empty() => Self::new(Exit::Usage, what)
                .because("Azure offers it no version now")
                .try_this(format!("see where it can go: aks-cockpit versions {cluster}")),
            PlanError::NotOffered { cluster, offered, .. } => Self::new(Exit::Usage, what)
                .because(format!("Azure offers it {}", offered.join(", ")))
                .try_this(format!(
                    "see where it can go, and by which hops: aks-cockpit versions {cluster}"
                )),
            PlanError::NotReachable { cluster, nearest, .. } => {
                let why = if nearest.is_empty() {
                    "no version can be reached from where it is".to_owned()
                } else {
                    format!("the nearest it can reach are {}", nearest.join(", "))
                };
                Self::new(Exit::Usage, what)
                    .because(why)
                    .try_this(format!("see where it can go: aks-cockpit versions {cluster}"))
            }
            PlanError::PoolTooFarBehind { pool, is_left_out, .. } => Self::new(Exit::Usage, what)
                .because("pools may be three minors behind the control plane, before 1.28 two")
                .try_this(if is_left_out {
                    format!("include node pool {pool}, so that it is upgraded on the way")
                } else {
                    format!("upgrade node pool {pool} to the control plane's version first")
                }),
            PlanError::NoRollback { cluster, pool, why } => Self::new(Exit::Refused, what)
                .because(why)
                .try_this(format!("see what it can go back to: aks-cockpit versions {cluster}"))
                .try_this(format!("repair what is wrong and complete the upgrade of {pool}")),
            PlanError::NoSuchPool { pools, .. } => {
                Self::new(Exit::NotFound, what).because(format!("its pools are {}", pools.join(", ")))
            }
            PlanError::NothingToDo { .. } => Self::new(Exit::Done, what),
            PlanError::Stopped { cluster } => Self::new(Exit::Refused, what)
                .because("Azure upgrades running clusters only")
                .try_this(format!("start it first: az aks start --name {cluster}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::azure::error::TriedCredential;

    fn refused_with(status: u16) -> Problem {
        let error = AzureErrorDetail {
            code: "Broken".into(),
            message: "line one\nline two".into(),
            details: vec![AzureErrorDetail {
                code: "Inner".into(),
                message: "more".into(),
                ..AzureErrorDetail::default()
            }],
            ..AzureErrorDetail::default()
        };
        refused("reading shop-prod", status, &error, Some("r-1"))
    }

    #[test]
    fn a_refusal_keeps_azures_words_and_gets_its_exit_code() {
        let problem = refused_with(403);
        assert_eq!(problem.what, "reading shop-prod");
        assert_eq!(
            problem.why,
            ["Broken: line one line two", "Inner: more", "Azure's request id is r-1"]
        );
        let codes = [401, 403, 404, 409, 412, 400].map(|status| refused_with(status).exit);
        assert_eq!(
            codes,
            [
                Exit::NotAllowed,
                Exit::NotAllowed,
                Exit::NotFound,
                Exit::Refused,
                Exit::Refused,
                Exit::Unexpected
            ]
        );
    }

    #[test]
    fn without_a_login_every_way_to_get_one_is_named() {
        let tried = |name: &'static str, todo: &'static str| TriedCredential {
            name,
            why: "not found".into(),
            todo,
        };
        let problem = Problem::from(AzureError::NotLoggedIn {
            tried: vec![
                tried("Azure CLI", "run: az login"),
                tried("Azure Developer CLI", "run: azd auth login"),
                tried("again", "run: az login"),
            ],
        });
        assert_eq!(problem.exit, Exit::NotAllowed);
        assert_eq!(problem.why.len(), 3);
        assert_eq!(problem.todo, ["run: az login", "run: azd auth login"]);
    }

    #[test]
    fn a_version_that_is_not_offered_names_those_that_are() {
        let problem = Problem::from(PlanError::NotOffered {
            cluster: "shop-prod".into(),
            wish: "1.40".into(),
            offered: vec!["1.34.2".into(), "1.34.0".into()],
        });
        assert_eq!(problem.what, "shop-prod is not offered 1.40");
        assert_eq!(problem.why, ["Azure offers it 1.34.2, 1.34.0"]);
    }

    #[test]
    fn the_journals_cause_is_told() {
        let error = EngineError::Journal("disk full".into());
        let problem = Problem::from(error);
        assert_eq!(problem.why, ["disk full"]);
        assert!(problem.to_string().contains("do: nothing was sent"));
    }
}
