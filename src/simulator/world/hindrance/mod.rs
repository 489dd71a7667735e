//! What stands in an upgrade's way in Azure and is no fact that can be read by itself: each is met at one step of the
//! upgrade, and is gone once it is lifted. What can be read (subnets, locks, limits, policies) is in `landscape`.

mod bootstrap;
pub mod relief;
mod request;
mod scale_out;
mod words;

use serde::Deserialize;

pub(super) use bootstrap::Bootstrap;
pub use relief::Relief;
pub(super) use scale_out::count_addresses;
pub(super) use words::{addons_not_ready, node_not_deleted, overloaded, reimage_failed};

use super::operation::OperationError;

/// Something in the way.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hindrance {
    /// The pool it is about; all pools where none is named.
    #[serde(default)]
    pub pool: Option<String>,
    pub what: Obstacle,
    /// Gone by itself after it was met so many times.
    #[serde(default)]
    pub times: Option<u32>,
    /// What makes it go away; any of them is enough.
    #[serde(default)]
    pub until: Vec<Relief>,
    /// The machine it was met on, where it is about one.
    #[serde(skip)]
    pub met_on: Option<String>,
}

/// What it is.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Obstacle {
    /// The cluster's service principal has a secret that expired.
    ServicePrincipalExpired { app: String },
    /// A resource provider of the subscription is not registered.
    NotRegistered { namespace: String },
    /// AKS has seen a write through an API version that the target removes, in the last twelve hours.
    DeprecatedApi {
        /// Group and resource, as `flowcontrol.apiserver.k8s.io.prioritylevelconfigurations`.
        api: String,
        version: String,
        /// For instance `1.35`.
        removed_in: String,
        /// Minutes before the cluster's history begins.
        seen_minutes_before: u32,
    },
    /// Azure has only so many machines of the pool's size left.
    NoCapacity { machines: u32 },
    /// The cluster's identity lacks a right on something the scale set is linked to.
    MissingRight { action: String, scope: String },
    /// The node image that the pool runs was withdrawn: the pool cannot grow on it.
    ImageWithdrawn,
    /// Somebody changed the scale set's image by hand.
    ScaleSetEdited,
    /// AKS ends the operation with an error that says nothing.
    InternalError,
    /// The bootstrap script of new machines ends with this code.
    BootstrapFails {
        exit_code: i32,
        output: String,
        /// The error's code, where it is not `VMExtensionProvisioningError`.
        #[serde(default)]
        code: Option<String>,
    },
    /// The bootstrap script of new machines does not end.
    BootstrapHangs,
    /// New machines do not come up at all.
    MachineFails { code: String, message: String },
    /// New machines run, and their nodes never register.
    NeverJoins,
    /// New nodes register and do not become ready, with the kubelet's words.
    NotReady { message: String },
    /// A machine cannot be reimaged.
    ReimageFails { message: String },
    /// The upgrader does nothing for so long before a batch of nodes.
    Pause { minutes: u32 },
    /// The API server turns the upgrader's requests away; the upgrade fails after so many minutes of that.
    Overloaded { fails_after_minutes: u32 },
    /// The control plane's step does not end.
    ControlPlaneHeld {
        /// Minutes after which it fails, with this error; without them it goes on for ever.
        #[serde(default)]
        fails_after_minutes: Option<u32>,
        #[serde(default)]
        code: String,
        #[serde(default)]
        message: String,
    },
}

impl Obstacle {
    /// The word by which a scenario names it.
    pub fn word(&self) -> &'static str {
        match self {
            Self::ServicePrincipalExpired { .. } => "service_principal_expired",
            Self::NotRegistered { .. } => "not_registered",
            Self::DeprecatedApi { .. } => "deprecated_api",
            Self::NoCapacity { .. } => "no_capacity",
            Self::MissingRight { .. } => "missing_right",
            Self::ImageWithdrawn => "image_withdrawn",
            Self::ScaleSetEdited => "scale_set_edited",
            Self::InternalError => "internal_error",
            Self::BootstrapFails { .. } => "bootstrap_fails",
            Self::BootstrapHangs => "bootstrap_hangs",
            Self::MachineFails { .. } => "machine_fails",
            Self::NeverJoins => "never_joins",
            Self::NotReady { .. } => "not_ready",
            Self::ReimageFails { .. } => "reimage_fails",
            Self::Pause { .. } => "pause",
            Self::Overloaded { .. } => "overloaded",
            Self::ControlPlaneHeld { .. } => "control_plane_held",
        }
    }
}

/// Everything in the way of one cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hindrances(Vec<Hindrance>);

impl Hindrances {
    pub fn push(&mut self, hindrance: Hindrance) {
        self.0.push(hindrance);
    }

    /// Takes away what is named by this word, for all pools; tells whether there was any.
    pub fn lift(&mut self, word: &str) -> bool {
        let before = self.0.len();
        self.0.retain(|hindrance| hindrance.what.word() != word);
        self.0.len() != before
    }

    /// Takes away everything.
    pub fn lift_all(&mut self) {
        self.0.clear();
    }

    /// The first obstacle for this pool that `pick` wants.
    fn find<'a, T>(&'a self, pool: Option<&str>, pick: impl Fn(&'a Obstacle) -> Option<T>) -> Option<T> {
        self.0
            .iter()
            .filter(|hindrance| match (&hindrance.pool, pool) {
                (Some(named), Some(pool)) => named == pool,
                (Some(_), None) => false,
                (None, _) => true,
            })
            .find_map(|hindrance| pick(&hindrance.what))
    }

    /// Counts one meeting with the obstacle of this word; it is gone where that was the last one.
    fn meet(&mut self, word: &str) {
        for hindrance in &mut self.0 {
            if hindrance.what.word() == word
                && let Some(times) = &mut hindrance.times
            {
                *times = times.saturating_sub(1);
            }
        }
        self.0.retain(|hindrance| hindrance.times != Some(0));
    }

    /// What keeps this machine of the pool from being reimaged: it is the first one that is tried, and no other.
    pub(super) fn reimage_failure(&mut self, pool: &str, machine: &str) -> Option<String> {
        self.0.iter_mut().find_map(|hindrance| {
            let Obstacle::ReimageFails { message } = &hindrance.what else {
                return None;
            };
            let is_of_pool = hindrance.pool.as_deref().is_none_or(|named| named == pool);
            let is_it = is_of_pool && hindrance.met_on.get_or_insert_with(|| machine.to_owned()) == machine;
            is_it.then(|| message.clone())
        })
    }

    /// Minutes after which an upgrade fails that gets nothing from the API server.
    pub(super) fn overloaded(&self) -> Option<u32> {
        self.find(None, |what| match what {
            Obstacle::Overloaded { fails_after_minutes } => Some(*fails_after_minutes),
            _ => None,
        })
    }

    /// Minutes the upgrader rests before a batch.
    pub(super) fn pause_minutes(&mut self, pool: &str) -> Option<u32> {
        let minutes = self.find(Some(pool), |what| match what {
            Obstacle::Pause { minutes } => Some(*minutes),
            _ => None,
        })?;
        self.meet("pause");
        Some(minutes)
    }

    /// The error that ends a batch of this pool.
    pub(super) fn internal_error(&mut self, pool: &str, operation: &str) -> Option<OperationError> {
        self.find(Some(pool), |what| (*what == Obstacle::InternalError).then_some(()))?;
        self.meet("internal_error");
        Some(words::internal(operation))
    }

    /// What holds the control plane, and for how long.
    pub(super) fn control_plane_held(&self) -> Option<Hold> {
        self.find(None, |what| match what {
            Obstacle::ControlPlaneHeld {
                fails_after_minutes: Some(minutes),
                code,
                message,
            } => Some(Hold::FailsAfter(*minutes, OperationError::new(code, message.clone()))),
            Obstacle::ControlPlaneHeld { .. } => Some(Hold::ForEver),
            _ => None,
        })
    }
}

/// How a control plane is held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Hold {
    ForEver,
    /// Minutes until the step fails, and the error.
    FailsAfter(u32, OperationError),
}

/// A Log Analytics workspace is asked for by the cluster itself, everything else by its scale sets.
fn is_workspace(id: &str) -> bool {
    id.to_ascii_lowercase().contains("microsoft.operationalinsights")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_obstacle_is_met_by_its_pool_and_as_often_as_it_says() {
        let mut hindrances = Hindrances::default();
        hindrances.push(Hindrance {
            pool: Some("apps".to_owned()),
            what: Obstacle::Pause { minutes: 5 },
            times: Some(1),
            until: Vec::new(),
            met_on: None,
        });
        assert_eq!(hindrances.pause_minutes("system"), None);
        assert_eq!(hindrances.pause_minutes("apps"), Some(5));
        assert_eq!(hindrances.pause_minutes("apps"), None);
        assert!(!hindrances.lift("pause"));
    }

    #[test]
    fn a_scenario_names_obstacles_by_their_words() {
        for text in [
            "what = 'image_withdrawn'",
            "what = { bootstrap_fails = { exit_code = 50, output = 'no way out' } }",
            "pool = 'apps'\nwhat = { pause = { minutes = 5 } }",
        ] {
            let hindrance: Hindrance = toml::from_str(text).unwrap();
            assert!(text.contains(hindrance.what.word()), "{text}");
        }
        assert!(toml::from_str::<Hindrance>("what = 'explode'").is_err());
    }
}
