//! A small simulated estate with a state directory: what the real binary works on, and what became of both.
//! Never looks into the program: it starts processes and reads the journal and the world they leave behind.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use aks_cockpit::clock::Clock;
use aks_cockpit::domain::ids::ExecutionId;
use aks_cockpit::engine::command::Command as Order;
use aks_cockpit::engine::machine::apply;
use aks_cockpit::engine::machine::state::State;
use aks_cockpit::engine::record::Record;
use aks_cockpit::engine::recovery;
use aks_cockpit::journal::reader::RecordRow;
use aks_cockpit::journal::{Journal, Mode};
use aks_cockpit::simulator::faults::Fault;
use aks_cockpit::simulator::kubernetes::objects::BudgetSpec;
use aks_cockpit::simulator::scenario::Scenario;
use aks_cockpit::simulator::server::RunningSimulator;
use aks_cockpit::simulator::world::{SimulatedCluster, World};
use serde_json::Value;
use tokio::process::{Child, Command};

/// The one cluster of `world.toml`.
pub(crate) const CLUSTER: &str = "shop-prod";

/// The version every journey goes to.
pub(crate) const TARGET: &str = "1.35";

/// A simulator in this process, and a state directory for the processes that work on it.
pub(crate) struct Estate {
    simulator: RunningSimulator,
    directory: tempfile::TempDir,
}

impl Estate {
    /// The world of `world.toml` with its control plane at this version, after this history.
    pub(crate) async fn new(control_plane: &str, history: &str, speed: f64) -> Self {
        let text = include_str!("world.toml").replacen("1.34.4", control_plane, 1) + "\n" + history;
        let scenario = Scenario::parse("crash", &text).unwrap();
        let directory = tempfile::tempdir().unwrap();
        let smoke = include_str!("smoke.toml").replace("{dir}", directory.path().to_str().unwrap());
        std::fs::write(directory.path().join("smoke.toml"), smoke).unwrap();
        let clock = Clock::running(speed);
        Self {
            simulator: RunningSimulator::start(&scenario, 7, clock).await.unwrap(),
            directory,
        }
    }

    /// From now on the smoke test of `smoke.toml` passes.
    pub(crate) fn repair_the_shop(&self) {
        std::fs::write(self.directory.path().join("shop-is-well"), "").unwrap();
    }

    /// The real binary, with a drill where one is given. It dies with this value at the latest.
    pub(crate) fn cockpit(&self, words: &[&str], drill: Option<&str>) -> Child {
        let directory = self.directory.path().to_str().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_aks-cockpit"));
        command
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("HOME", self.directory.path())
            .env("USER", "ada")
            .env("NO_PROXY", "127.0.0.1")
            .env("AKS_COCKPIT_TOKEN", &self.simulator.token)
            .env("AKS_COCKPIT_STATE_DIR", self.directory.path())
            .env("AKS_COCKPIT_ARM_ENDPOINT", &self.simulator.arm_endpoint)
            .env("AKS_COCKPIT_CLOCK", self.clock().describe().unwrap())
            .args(words.iter().map(|word| word.replace("{dir}", directory)))
            .args(["--yes", "--output", "jsonl"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::from(std::fs::File::create(self.talk()).unwrap()))
            .kill_on_drop(true);
        if let Some(drill) = drill {
            command.env("AKS_COCKPIT_CRASH_DRILL", drill);
        }
        command.spawn().unwrap()
    }

    /// What the last process said on stderr.
    pub(crate) fn last_words(&self) -> String {
        std::fs::read_to_string(self.talk()).unwrap_or_default()
    }

    fn talk(&self) -> PathBuf {
        self.directory.path().join("stderr.txt")
    }

    pub(crate) fn clock(&self) -> &Clock {
        self.simulator.world.clock()
    }

    pub(crate) fn journal_path(&self) -> PathBuf {
        self.directory.path().join("journal.db")
    }

    /// Leaves a command in the journal, as another terminal would.
    pub(crate) fn order(&self, execution: &str, order: &Order) {
        let journal = Journal::open(&self.journal_path(), Mode::ReadWrite).unwrap();
        let json = serde_json::to_string(order).unwrap();
        journal
            .push_command(execution, "bob", "desk", &json, self.clock().now())
            .unwrap();
    }

    pub(crate) fn change<R>(&self, act: impl FnOnce(&mut World) -> R) -> R {
        self.simulator.world.with(act)
    }

    fn look<R>(&self, read: impl FnOnce(&SimulatedCluster) -> R) -> R {
        self.simulator.world.with(|world| read(&world.clusters[CLUSTER]))
    }

    pub(crate) fn meet(&self, fault: Fault) {
        self.change(|world| world.faults.push(fault));
    }

    /// From now on no pod of `checkout` may be evicted, and so no node of `apps` can be drained.
    pub(crate) fn block_drains(&self) {
        self.set_budget("2");
    }

    pub(crate) fn has_cordoned_node(&self) -> bool {
        self.look(|cluster| {
            let mut nodes = cluster.pools.iter().flat_map(|pool| &pool.nodes);
            nodes.any(|node| cluster.objects.is_cordoned(&node.name))
        })
    }

    pub(crate) fn let_drains_go(&self) {
        self.set_budget("1");
    }

    fn set_budget(&self, least: &str) {
        let budget = BudgetSpec {
            name: "checkout-pdb".to_owned(),
            min_available: Some(least.to_owned()),
            max_unavailable: None,
        };
        self.change(|world| {
            let now = world.now;
            let cluster = world.clusters.get_mut(CLUSTER).unwrap();
            cluster.objects.add_budget("shop", "checkout", &budget, now);
        });
    }

    /// vCPUs the pools may use.
    pub(crate) fn set_quota(&self, limit: u32) {
        self.change(|world| {
            let subscription = world.clusters[CLUSTER].profile.subscription.clone();
            world
                .quotas
                .set_limit(&subscription, "westeurope", "standardESv5Family", limit);
        });
    }

    /// As if a minute had passed since its holder died: nobody holds the cluster any more.
    pub(crate) async fn remove_lease(&self) {
        let (endpoint, token) = self.look(|cluster| (cluster.access.endpoint.clone(), cluster.access.token.clone()));
        let lease = "apis/coordination.k8s.io/v1/namespaces/kube-system/leases/aks-cockpit";
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let request = client.delete(format!("{endpoint}/{lease}")).bearer_auth(token);
        let status = request.send().await.unwrap().status();
        assert!(status.is_success(), "the Lease could not be removed: {status}");
    }

    /// Operations that were ever begun, in their order: what each was about and how it ended.
    pub(crate) fn operations(&self) -> Vec<String> {
        self.look(|cluster| {
            cluster
                .operations
                .iter()
                .map(|operation| format!("{:?} {}", operation.target, operation.status.as_str()))
                .collect()
        })
    }

    /// Everything an upgrade changes, as text that can be compared; the traces a stop may leave, surge nodes and
    /// a claimed image, only where that is asked for.
    pub(crate) fn picture(&self, with_traces: bool) -> String {
        self.look(|cluster| {
            let plane = &cluster.control_plane;
            let mut text = format!(
                "control plane claims {} runs {} {}\n",
                plane.claimed,
                plane.running,
                cluster.state.as_str()
            );
            for pool in &cluster.pools {
                let mut nodes: Vec<String> = pool
                    .nodes
                    .iter()
                    .filter(|node| with_traces || !node.is_surge)
                    .map(|node| {
                        let surge = if node.is_surge { " surge" } else { "" };
                        let is_cordoned = cluster.objects.is_cordoned(&node.name);
                        let cordoned = if is_cordoned { " cordoned" } else { "" };
                        format!("{} {}{surge}{cordoned}", node.version, node.image)
                    })
                    .collect();
                nodes.sort();
                let _ = writeln!(
                    text,
                    "{} claims {} {} {} {nodes:?} {:?}",
                    pool.name,
                    pool.claimed,
                    if with_traces { pool.claimed_image.as_str() } else { "" },
                    pool.state.as_str(),
                    pool.settings
                );
            }
            text
        })
    }

    /// What is new in the journal since the story was last told.
    pub(crate) fn tell(&self, story: &mut Story) {
        if story.journal.is_none() {
            story.journal = Journal::open(&self.journal_path(), Mode::ReadOnly).ok();
        }
        let Some(journal) = &story.journal else { return };
        let last = story.rows.last().map_or(0, |row| row.id);
        // A journal in the making is read the next time.
        for row in journal.records_after(last).unwrap_or_default() {
            story.add(row);
        }
    }
}

/// What the records of a journal tell.
#[derive(Default)]
pub(crate) struct Story {
    journal: Option<Journal>,
    pub(crate) rows: Vec<RecordRow>,
    /// Of each record, in order.
    pub(crate) kinds: Vec<String>,
    pub(crate) execution: Option<String>,
    pub(crate) state: Option<State>,
}

impl Story {
    fn add(&mut self, row: RecordRow) {
        let record = Record::from_json(row.version, &row.json);
        if let Some(state) = &mut self.state {
            apply(state, &record, row.at);
        } else {
            self.state = recovery::restore(&ExecutionId::new(&row.execution), [(row.at, &record)]).ok();
        }
        self.execution.get_or_insert_with(|| row.execution.clone());
        self.kinds.push(kind_of(&row));
        self.rows.push(row);
    }

    /// The state's word; empty before there is an execution.
    pub(crate) fn word(&self) -> &'static str {
        self.state.as_ref().map_or("", |state| state.execution.word())
    }

    /// True while the driver cannot ask Azure.
    pub(crate) fn is_troubled(&self) -> bool {
        self.state.as_ref().is_some_and(|state| state.trouble.is_some())
    }

    pub(crate) fn is_final(&self) -> bool {
        self.state.as_ref().is_some_and(|state| state.execution.is_final())
    }

    /// The process that last took the driver's place.
    pub(crate) fn driver(&self) -> Option<u32> {
        let last = self
            .rows
            .iter()
            .zip(&self.kinds)
            .rfind(|(_, kind)| *kind == "driverTaken");
        let (row, _) = last?;
        let record: Value = serde_json::from_str(&row.json).ok()?;
        u32::try_from(record["pid"].as_u64()?).ok()
    }

    pub(crate) fn count(&self, kind: &str) -> usize {
        self.kinds.iter().filter(|one| *one == kind).count()
    }

    /// Least and most requests that Azure took, as far as the records know. Not known is only what became of a request
    /// to stop an operation that ended by itself before the answer came.
    pub(crate) fn taken(&self) -> (usize, usize) {
        let not_taken = ["notTaken", "notSent", "refused"].map(|kind| self.count(kind));
        let most = self.count("intent") - not_taken.iter().sum::<usize>();
        let ids = |kinds: &[&str]| -> BTreeSet<String> {
            let rows = self.rows.iter().zip(&self.kinds);
            rows.filter(|(_, kind)| kinds.contains(&kind.as_str()))
                .filter_map(|(row, _)| serde_json::from_str::<Value>(&row.json).ok())
                .filter_map(|record| record["requestId"].as_str().map(str::to_owned))
                .collect()
        };
        let answered = ids(&["accepted", "notSent", "refused", "answerLost"]);
        let unknown = ids(&["intent"]).difference(&answered).count();
        (most - unknown, most)
    }

    /// True where an event with these words is among what the driver has kept.
    pub(crate) fn has_seen(&self, words: &str) -> bool {
        let (Some(journal), Some(id)) = (&self.journal, &self.execution) else {
            return false;
        };
        let seen = journal.observations(id).unwrap_or_default();
        seen.iter().any(|one| one.json.contains(words))
    }

    /// Everything that must hold for the journal of an execution that has ended; says what does not.
    pub(crate) fn faults(&self, path: &Path) -> Vec<String> {
        let mut faults = Vec::new();
        let mut must = |holds: bool, what: &str| {
            if !holds {
                faults.push(what.to_owned());
            }
        };
        let id = self.execution.as_deref().unwrap_or_default();
        must(
            self.rows.iter().all(|row| row.execution == id),
            "there is more than one execution",
        );
        must(
            (0..).zip(&self.rows).all(|(seq, row)| row.seq == seq),
            "the records are not numbered without gaps",
        );
        must(
            self.state.as_ref().is_some_and(|state| state.unreadable == 0),
            "a record cannot be read",
        );
        must(
            self.kinds.first().is_some_and(|kind| kind == "created"),
            "it does not begin with its plan",
        );
        let journal = Journal::open(path, Mode::ReadOnly).unwrap();
        let executions = journal.executions().unwrap();
        must(
            executions.iter().all(|row| row.closed_at.is_some()),
            "an execution is left open",
        );
        let requests = journal.requests(id).unwrap().len();
        must(
            requests == self.count("intent"),
            "the requests are not those of the intents",
        );
        let by_hand = rusqlite::Connection::open(path).unwrap();
        let sound: String = by_hand
            .query_row("PRAGMA integrity_check", [], |row| row.get(0))
            .unwrap();
        must(sound == "ok", &format!("SQLite says: {sound}"));
        faults
    }

    /// The last records, one a line.
    pub(crate) fn tail(&self) -> String {
        let from = self.rows.len().saturating_sub(30);
        let mut text = String::new();
        for row in &self.rows[from..] {
            let short: String = row.json.chars().take(160).collect();
            let _ = writeln!(text, "    #{} {} {short}", row.seq, row.at);
        }
        text
    }
}

fn kind_of(row: &RecordRow) -> String {
    serde_json::from_str::<Value>(&row.json)
        .ok()
        .and_then(|record| record["kind"].as_str().map(str::to_owned))
        .unwrap_or_else(|| "unknown".to_owned())
}
