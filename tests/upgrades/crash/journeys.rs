//! The journeys of the crash tests, one table entry each: what is started, what goes wrong, what people do when.
//! Never a process, never a check: `run.rs` does what is written here.

use aks_cockpit::engine::command::{Command, PauseDepth, Person};
use aks_cockpit::simulator::faults::{Effect, Fault, Trouble};

use super::estate::{CLUSTER, Estate, TARGET};

/// One journey, from an untouched world to an execution that has ended.
pub(crate) struct Journey {
    pub(crate) name: &'static str,
    /// The command that begins it; `{dir}` stands for the state directory.
    pub(crate) words: &'static [&'static str],
    /// The version its control plane begins with.
    pub(crate) control_plane: &'static str,
    /// How much faster than the wall the world runs: high, but a node's lag of minutes must stay longer than the
    /// fifth of a second between two live pictures.
    pub(crate) speed: f64,
    /// What happened in its world before, as TOML.
    pub(crate) history: &'static str,
    /// What is not as usual when it begins.
    pub(crate) prepare: fn(&Estate),
    /// True once the world has come to where it begins.
    pub(crate) is_ready: fn(&Estate) -> bool,
    /// In this order; each is made once, as soon as its time has come.
    pub(crate) moves: &'static [Move],
    /// The state it ends in.
    pub(crate) ends: &'static str,
    /// True where it is a matter of moments how many operations it takes, and whether a surge node is left behind.
    pub(crate) is_a_matter_of_moments: bool,
    /// Operations of somebody else.
    pub(crate) foreign: usize,
}

/// Something a person or the world does.
pub(crate) struct Move {
    pub(crate) when: When,
    pub(crate) act: Act,
}

/// When it is done.
#[derive(Clone, Copy, Debug)]
pub(crate) enum When {
    /// So many records of the kind are durable.
    Written(&'static str, usize),
    /// Azure took the first request: it said so, or after a crash it was found at work.
    Taken,
    /// Azure could not be asked, and can be again.
    Recovered,
    /// The execution is in this state.
    State(&'static str),
    /// The driver has seen an event with these words, and kept it.
    Seen(&'static str),
}

/// What is done.
#[derive(Clone, Copy)]
pub(crate) enum Act {
    /// A command from another terminal, through the journal.
    Order(fn() -> Command),
    /// A command line of its own, once no process is left; it drives from then on.
    Run(&'static str),
    /// Ctrl-C for the process that drives.
    Interrupt,
    World(fn(&Estate)),
}

const fn on(when: When, act: Act) -> Move {
    Move { when, act }
}

/// The usual one upgrades a pool; its control plane is there already.
const POOL: Journey = Journey {
    name: "",
    words: &["start", CLUSTER, "--to", TARGET, "--pool", "apps"],
    control_plane: "1.35.5",
    speed: 800.0,
    history: "",
    prepare: |_| {},
    is_ready: |_| true,
    moves: &[],
    ends: "Succeeded",
    is_a_matter_of_moments: false,
    foreign: 0,
};

/// The control plane alone has no nodes to be looked at, so its world can run faster.
const CONTROL_PLANE: Journey = Journey {
    words: &["start", CLUSTER, "--to", TARGET, "--control-plane-only"],
    control_plane: "1.34.4",
    speed: 3_000.0,
    ..POOL
};

/// The request of the pool was taken; its surge node is on its way, and no other node is touched.
const POOL_RUNS: When = When::Taken;

/// A node is cordoned, its drain is held, and the driver knows.
const DRAIN_IS_HELD: When = When::Seen("Eviction blocked");

const RESUME: Move = on(When::State("Paused"), Act::Run("resume"));
const RETRY: Move = on(When::State("Failed"), Act::Run("retry"));
const LET_DRAINS_GO: Act = Act::World(Estate::let_drains_go);
const PAUSE_NOW: Act = Act::Order(|| Command::Pause { depth: PauseDepth::Now });
const PAUSE_AT_A_BOUNDARY: Act = Act::Order(|| Command::Pause {
    depth: PauseDepth::NodeBoundary,
});
const PAUSE_AFTER_THE_STEP: Act = Act::Order(|| Command::Pause {
    depth: PauseDepth::AfterStep,
});
const ABORT: Act = Act::Order(|| Command::Abort);
const APPROVE: Act = Act::Order(|| Command::Approve {
    step: None,
    reason: "looked at it".to_owned(),
});
const SKIP: Act = Act::Order(|| Command::Skip {
    step: None,
    reason: "not today".to_owned(),
});
const HAND_OVER: Act = Act::Order(|| Command::HandOver {
    to: Person {
        name: "bob".to_owned(),
        host: "desk".to_owned(),
    },
});
const END_FAULTS: Act = Act::World(|estate| estate.change(|world| world.faults.clear()));

/// An answer that does not arrive.
fn gateway(status: u16, effect: Effect) -> Fault {
    Fault::new(Trouble::Gateway { status, effect })
}

/// Azure does not say how an operation is, so that the step cannot end before it does.
fn hide_operations(estate: &Estate) {
    estate.meet(gateway(502, Effect::None).on("GET", "/operations/"));
}

/// The same for the operation that was begun last, and no other.
fn hide_this_operation(estate: &Estate) {
    let id = estate.change(|world| world.clusters[CLUSTER].operations.last().unwrap().id.clone());
    estate.meet(gateway(502, Effect::None).on("GET", &id));
}

fn throttle(seconds: u64) -> Fault {
    Fault::new(Trouble::Throttle {
        retry_after_seconds: Some(seconds),
    })
}

/// Somebody else upgrades the node images of `apps`, and is not done before the drains are let go.
fn start_a_foreign_operation(estate: &Estate) {
    estate.block_drains();
    estate.change(|world| {
        let now = world.now;
        let (cluster, surroundings) = world.cluster_mut(CLUSTER).unwrap();
        cluster.upgrade_node_image("apps", &surroundings, now).unwrap();
    });
}

/// All of them.
pub(crate) const JOURNEYS: &[Journey] = &[
    Journey {
        name: "nothing goes wrong",
        control_plane: "1.34.4",
        ..POOL
    },
    Journey {
        name: "nothing goes wrong with a pool",
        ..POOL
    },
    Journey {
        name: "nothing goes wrong with a control plane",
        ..CONTROL_PLANE
    },
    Journey {
        name: "paused after the step",
        control_plane: "1.34.4",
        prepare: hide_operations,
        moves: &[
            on(When::Written("observed", 1), PAUSE_AFTER_THE_STEP),
            on(When::Written("commandReceived", 1), END_FAULTS),
            RESUME,
        ],
        ..POOL
    },
    Journey {
        name: "paused now in the middle of a drain",
        prepare: Estate::block_drains,
        moves: &[
            on(DRAIN_IS_HELD, PAUSE_NOW),
            on(When::State("Paused"), LET_DRAINS_GO),
            RESUME,
        ],
        ..POOL
    },
    Journey {
        name: "paused at a node boundary",
        speed: 300.0,
        moves: &[on(POOL_RUNS, PAUSE_AT_A_BOUNDARY), RESUME],
        is_a_matter_of_moments: true,
        ..POOL
    },
    Journey {
        name: "no node boundary comes",
        prepare: Estate::block_drains,
        moves: &[
            on(DRAIN_IS_HELD, PAUSE_AT_A_BOUNDARY),
            on(When::Written("boundaryMissed", 1), LET_DRAINS_GO),
        ],
        ..POOL
    },
    Journey {
        name: "aborted in the middle of a drain",
        prepare: Estate::block_drains,
        moves: &[on(DRAIN_IS_HELD, ABORT)],
        ends: "Aborted",
        ..POOL
    },
    Journey {
        name: "the answer to an abort is lost",
        prepare: |estate| {
            estate.block_drains();
            estate.meet(gateway(504, Effect::Done).on("POST", "/abort").times(1));
        },
        moves: &[
            on(POOL_RUNS, Act::World(hide_this_operation)),
            on(DRAIN_IS_HELD, ABORT),
            on(When::Written("stopDone", 1), END_FAULTS),
        ],
        ends: "Aborted",
        ..POOL
    },
    Journey {
        name: "an abort is throttled",
        prepare: |estate| {
            estate.block_drains();
            estate.meet(throttle(300).on("POST", "/abort").times(1));
        },
        moves: &[on(DRAIN_IS_HELD, ABORT)],
        ends: "Aborted",
        ..POOL
    },
    Journey {
        name: "an abort is not allowed",
        prepare: |estate| {
            estate.block_drains();
            estate.meet(Fault::new(Trouble::Denied).on("POST", "/abort"));
        },
        moves: &[
            on(DRAIN_IS_HELD, PAUSE_NOW),
            on(When::Written("stopGivenUp", 1), LET_DRAINS_GO),
        ],
        ..POOL
    },
    Journey {
        name: "failed for want of quota and retried",
        prepare: |estate| estate.set_quota(8),
        moves: &[
            on(When::State("Failed"), Act::World(|estate| estate.set_quota(400))),
            RETRY,
        ],
        ..POOL
    },
    Journey {
        name: "Azure is out of reach for a while",
        prepare: Estate::block_drains,
        moves: &[
            on(
                DRAIN_IS_HELD,
                Act::World(|estate| estate.meet(Fault::new(Trouble::Down))),
            ),
            on(When::Written("troubled", 1), END_FAULTS),
            on(When::Recovered, LET_DRAINS_GO),
        ],
        ..POOL
    },
    Journey {
        name: "throttled",
        prepare: |estate| {
            estate.meet(throttle(300).on("PUT", "managedClusters").times(1));
            estate.meet(throttle(5).every(3));
        },
        ..CONTROL_PLANE
    },
    Journey {
        name: "the answer is lost and Azure took the request",
        prepare: |estate| {
            estate.block_drains();
            estate.meet(gateway(504, Effect::Done).on("PUT", "agentPools").times(1));
        },
        moves: &[on(When::Written("adopted", 1), LET_DRAINS_GO)],
        ..POOL
    },
    Journey {
        name: "the answer is lost and Azure did not take the request",
        prepare: |estate| estate.meet(gateway(502, Effect::None).on("PUT", "managedClusters").times(1)),
        ..CONTROL_PLANE
    },
    Journey {
        name: "refused, paused in vain and retried",
        prepare: |estate| estate.meet(Fault::new(Trouble::Denied).on("PUT", "managedClusters").times(1)),
        moves: &[on(When::State("Failed"), PAUSE_NOW), RETRY],
        ..CONTROL_PLANE
    },
    Journey {
        name: "somebody else's operation runs",
        prepare: start_a_foreign_operation,
        moves: &[on(When::Written("waiting", 1), LET_DRAINS_GO)],
        foreign: 1,
        ..CONTROL_PLANE
    },
    Journey {
        name: "left and taken up again",
        prepare: hide_operations,
        moves: &[
            on(When::Written("observed", 1), Act::Interrupt),
            on(When::Written("driverLeft", 1), END_FAULTS),
            on(When::Written("driverLeft", 1), Act::Run("resume")),
        ],
        ..CONTROL_PLANE
    },
    Journey {
        name: "through every gate",
        words: &[
            "start",
            CLUSTER,
            "--to",
            TARGET,
            "--pool",
            "apps",
            "--approve-at",
            "start",
            "--wait",
            "end=20m",
            "--readiness",
            "--verify",
            "--smoke-tests",
            "{dir}/smoke.toml",
            "--guards",
        ],
        prepare: Estate::repair_the_shop,
        moves: &[
            on(When::Written("gateHolds", 1), APPROVE),
            on(POOL_RUNS, Act::World(hide_this_operation)),
            on(When::Written("guardsDue", 1), END_FAULTS),
        ],
        ..POOL
    },
    Journey {
        name: "a smoke test fails and is repaired",
        words: &[
            "start",
            CLUSTER,
            "--to",
            TARGET,
            "--control-plane-only",
            "--smoke-tests",
            "{dir}/smoke.toml",
        ],
        moves: &[on(When::Written("gateHolds", 1), Act::World(Estate::repair_the_shop))],
        ..CONTROL_PLANE
    },
    Journey {
        name: "a step is skipped",
        words: &[
            "start",
            CLUSTER,
            "--to",
            TARGET,
            "--control-plane-only",
            "--wait",
            "start=30d",
        ],
        moves: &[on(When::Written("gateHolds", 1), SKIP)],
        ..CONTROL_PLANE
    },
    Journey {
        name: "the controls are asked for and handed over",
        prepare: hide_operations,
        moves: &[
            on(When::Written("observed", 1), Act::Order(|| Command::AskForControls)),
            on(When::Written("controlsAsked", 1), HAND_OVER),
            on(When::Written("commandReceived", 2), END_FAULTS),
            // Who has given the controls away still watches.
            on(When::Written("driverLeft", 1), Act::Interrupt),
            on(When::Written("driverLeft", 1), Act::Run("resume")),
        ],
        ..CONTROL_PLANE
    },
    Journey {
        name: "settings are written first",
        words: &[
            "start",
            CLUSTER,
            "--to",
            TARGET,
            "--pool",
            "apps",
            "--set",
            "apps.drain-timeout=60",
        ],
        ..POOL
    },
    Journey {
        name: "a pool is rolled back",
        words: &["start", CLUSTER, "--rollback", "apps"],
        history: "[[clusters.history]]\nminutes_ago = 60\nstart = 'pool'\npool = 'apps'\nto = '1.35.5'\n",
        foreign: 1,
        ..POOL
    },
    Journey {
        name: "somebody else's operation is adopted and aborted",
        words: &["abort", CLUSTER],
        prepare: start_a_foreign_operation,
        is_ready: Estate::has_cordoned_node,
        ends: "Aborted",
        foreign: 1,
        ..POOL
    },
];
