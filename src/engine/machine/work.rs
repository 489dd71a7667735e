//! Where the current step stands: its work between the plan and Azure, its stop, its gate, its guards. Values only.

use jiff::Timestamp;
use uuid::Uuid;

use crate::domain::change::{OperationLink, RequestPreview};
use crate::domain::ids::SmokeTestName;
use crate::domain::version::NodeImageVersion;

/// Where the current step stands between the plan and Azure.
///
/// ```text
/// (TakingBaseline ->) Finding -> Preparing -> Sending -> Following -> Verifying -> CheckingNodes -> next step
///                      |  |       |  ^         |  ^       |  ^          (claimed is not real)
///                      |  |       v  |         v  |       |  |
///  done already:       |  +----> Held       Looking       +--Stop: Preparing -> Sending -> Following -> Done
///  CheckingNodes <-----+        (another    (the answer   |
///                               operation)   is lost)     +-> Settling -> paused or aborted
/// (TakingBaseline ->) AtGate -> next step
/// ```
#[derive(Clone, Debug, PartialEq)]
pub enum Work {
    /// No step is under way.
    Idle,
    /// Nothing of this attempt is in Azure; the request is to be prepared.
    Preparing { not_before: Option<Timestamp>, tries: u32 },
    /// Nothing of this attempt is in Azure; another operation has to end first.
    Held { looks: u32 },
    /// The intent is durable; the answer is not known yet.
    Sending {
        request: Box<RequestPreview>,
        request_id: Uuid,
        tries: u32,
    },
    /// The answer is lost; the resource tells whether Azure took the request.
    Looking {
        request: Box<RequestPreview>,
        request_id: Uuid,
        looks: u32,
        tries: u32,
    },
    /// Azure works on it.
    Following { operation: OperationLink },
    /// Azure says it is done; the resource is asked.
    Verifying { looks: u32 },
    /// The resource agrees; its nodes are looked at.
    CheckingNodes {
        node_image: Option<NodeImageVersion>,
        /// True where it was so already, and nothing of this attempt was sent.
        is_found: bool,
    },
    /// It was stopped; its nodes are looked at for what is left over.
    Settling,
    /// The readiness of all workloads is read before anything is touched.
    TakingBaseline,
    /// Nothing of this attempt is in Azure; the resource is looked at first: it may be done, or busy already.
    Finding { looks: u32 },
    /// The step is a gate; nothing of it is ever in Azure.
    AtGate(Gate),
}

/// What a gate is doing.
#[derive(Clone, Debug, PartialEq)]
pub enum Gate {
    /// A person is waited for.
    Approval,
    Wait {
        until: Timestamp,
    },
    /// The smoke test is run again and again until it passes.
    SmokeTest {
        /// Runs that failed in a row.
        failures: u32,
        not_before: Option<Timestamp>,
    },
    /// The workloads are read again and again.
    Readiness,
    /// Azure's claims are compared with what the plan promised.
    Verify {
        looks: u32,
    },
    /// The claims are as promised; the nodes are looked at.
    VerifyNodes {
        note: Option<String>,
    },
}

/// The smoke tests that run while the current attempt moves nodes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Guards {
    /// Nodes of the step that were done when the guards were last told.
    pub done: u32,
    /// How many of them the present or last round of tests was about.
    pub tested: u32,
    /// The test that runs now, by its place among the step's guards.
    pub running: Option<usize>,
    /// Runs of it that failed in a row.
    pub failures: u32,
    /// The test that failed: what moves nodes is being stopped, or was.
    pub failed: Option<SmokeTestName>,
}

/// Where the abort of the current step's operation stands.
#[derive(Clone, Debug, PartialEq)]
pub enum Stop {
    None,
    Preparing {
        not_before: Option<Timestamp>,
        tries: u32,
    },
    Sending {
        request: Box<RequestPreview>,
        request_id: Uuid,
        tries: u32,
    },
    Looking {
        request_id: Uuid,
        looks: u32,
        tries: u32,
    },
    Following {
        operation: OperationLink,
    },
    /// Azure's abort has ended; the step's operation is about to say so too.
    Done,
    /// Azure would not stop it, or had nothing to stop any more.
    GivenUp,
}
