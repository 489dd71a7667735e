//! What the rules look at.

use std::time::Duration;

use jiff::Timestamp;

use crate::domain::ids::NodePoolName;
use crate::domain::pace::{Spread, UsualPace};
use crate::domain::provisioning::AzureErrorDetail;
use crate::domain::subject::Subject;
use crate::domain::survey::Survey;
use crate::progress::picture::LivePicture;

/// An error Azure gave, with what it was about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorSymptom {
    pub subject: Subject,
    pub error: AzureErrorDetail,
    pub at: Option<Timestamp>,
    /// True for a request that Azure refused before anything began.
    pub is_refusal: bool,
}

impl ErrorSymptom {
    /// What a step of an execution ran into; without a pool it was about the control plane.
    pub fn of_step(pool: Option<&NodePoolName>, error: &AzureErrorDetail, at: Option<Timestamp>) -> Self {
        Self {
            subject: pool.map_or(Subject::Cluster, Subject::pool),
            error: error.clone(),
            at,
            is_refusal: false,
        }
    }
}

impl From<UsualPace> for UsualTimes {
    fn from(pace: UsualPace) -> Self {
        let mean = |spread: Spread| Duration::try_from_secs_f64(spread.mean).ok();
        Self {
            node: pace.node.and_then(mean),
            control_plane: pace.control_plane.and_then(mean),
        }
    }
}

/// How long this cluster usually takes; from its journal where there is one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UsualTimes {
    /// Cordon to ready, of one node.
    pub node: Option<Duration>,
    pub control_plane: Option<Duration>,
}

/// Everything at one moment. What is `None` or unread is not known, which is not the same as not there.
#[derive(Clone, Copy, Debug)]
pub struct Symptoms<'a> {
    pub survey: &'a Survey,
    /// What the watches have seen; `None` for a look without history.
    pub picture: Option<&'a LivePicture>,
    /// Newest first: the running or last operation's, then those on the resources.
    pub errors: &'a [ErrorSymptom],
    pub usual: &'a UsualTimes,
    pub now: Timestamp,
}
