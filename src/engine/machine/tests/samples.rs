//! Plans with gates and guards, what their effects bring back, and how a run is fed with it.

use std::collections::BTreeMap;

use super::*;
use crate::domain::cluster::{AutoUpgrade, Cluster, SupportPlan};
use crate::domain::node_pool::{NodePool, PoolMode, UpgradeSettings};
use crate::domain::provisioning::PowerState;
use crate::domain::smoke_test::{CommandLine, Flow, OnFailure, SmokeRun, SmokeTest};
use crate::domain::workload::{WorkloadKind, WorkloadPicture, WorkloadReadiness};

pub(super) fn plan_of(steps: Vec<Step>) -> Arc<Plan> {
    Arc::new(Plan {
        steps,
        smoke_tests: vec![
            smoke_test("hold", OnFailure::Hold),
            smoke_test("pause", OnFailure::Pause),
            SmokeTest {
                failures_in_a_row: 3,
                ..smoke_test("patient", OnFailure::Hold)
            },
        ],
        ..Plan::clone(&plan())
    })
}

fn smoke_test(name: &str, on_failure: OnFailure) -> SmokeTest {
    SmokeTest {
        name: name.into(),
        flow: Flow::Command(CommandLine {
            program: "true".to_owned(),
            arguments: Vec::new(),
            timeout_seconds: 60,
        }),
        on_failure,
        retry_seconds: 30,
        failures_in_a_row: 1,
    }
}

pub(super) fn approval(id: &str) -> Step {
    let question = "go on to production?".to_owned();
    Step::new(id, StepKind::Approval { question })
}

pub(super) fn smoke(id: &str, test: &str) -> Step {
    Step::new(id, StepKind::SmokeTest { test: test.into() })
}

pub(super) fn control_plane() -> Step {
    plan().steps[0].clone()
}

pub(super) fn pool() -> Step {
    plan().steps[1].clone()
}

pub(super) fn settings(max_surge: &str) -> UpgradeSettings {
    UpgradeSettings {
        max_surge: max_surge.parse().ok(),
        ..UpgradeSettings::default()
    }
}

pub(super) fn pool_settings() -> Step {
    let kind = StepKind::PoolSettings {
        pool: "web".into(),
        settings: settings("33%"),
    };
    Step::new("settings", kind)
}

pub(super) fn readiness() -> Step {
    Step::new("ready", StepKind::ReadinessGate)
}

pub(super) fn verify() -> Step {
    Step::new("verify", StepKind::Verify)
}

pub(super) fn workloads(ready: u32) -> WorkloadPicture {
    WorkloadPicture {
        workloads: vec![WorkloadReadiness {
            kind: WorkloadKind::Deployment,
            namespace: "shop".to_owned(),
            name: "cart".to_owned(),
            desired: 3,
            ready,
        }],
        pending_pods: Vec::new(),
    }
}

pub(super) fn node_pool(name: &str, version: &str, state: ProvisioningState) -> NodePool {
    NodePool {
        name: name.into(),
        mode: PoolMode::User,
        count: 1,
        vm_size: "Standard_D4s_v5".into(),
        os_type: "Linux".into(),
        requested_version: None,
        version: version.parse().ok(),
        node_image: None,
        provisioning_state: state,
        power_state: PowerState::Running,
        upgrade_settings: UpgradeSettings::default(),
        is_autoscaled: false,
        is_spot: false,
        max_pods: None,
        pod_subnet: None,
        vnet_subnet: None,
        etag: None,
        error: None,
    }
}

pub(super) fn cluster(version: &str, state: ProvisioningState, pools: Vec<NodePool>) -> Cluster {
    Cluster {
        id: ClusterId::from_parts("s", "rg", "shop"),
        name: "shop".into(),
        resource_group: "rg".into(),
        subscription_id: "s".into(),
        location: "westeurope".into(),
        requested_version: None,
        version: version.parse().ok(),
        provisioning_state: state,
        power_state: PowerState::Running,
        tier: None,
        support_plan: SupportPlan::default(),
        auto_upgrade: AutoUpgrade::default(),
        fqdn: None,
        private_fqdn: None,
        node_resource_group: None,
        network: None,
        pools,
        tags: BTreeMap::new(),
        force_upgrade_until: None,
        etag: None,
        error: None,
    }
}

/// As the plan promised: the control plane and the pool `web` at the target.
pub(super) fn good_cluster() -> Cluster {
    let web = node_pool("web", TARGET, ProvisioningState::Succeeded);
    cluster(TARGET, ProvisioningState::Succeeded, vec![web])
}

impl Run {
    /// A run of these steps that has begun.
    pub(super) fn through(steps: Vec<Step>) -> Self {
        Self::of(plan_of(steps), None).driven()
    }

    pub(super) fn tested(&mut self, purpose: Purpose, test: &str, passed: bool) -> Vec<Record> {
        let ticket = self.ticket(purpose);
        let run = SmokeRun {
            test: test.into(),
            at: self.now,
            passed,
            latency_milliseconds: 12,
            detail: if passed { "" } else { "expected 200, got 503" }.to_owned(),
        };
        self.feed(&Input::Tested { ticket, run })
    }

    pub(super) fn workloads_read(&mut self, picture: Result<WorkloadPicture, String>) -> Vec<Record> {
        let ticket = self.ticket(Purpose::Step);
        self.feed(&Input::WorkloadsRead { ticket, picture })
    }

    pub(super) fn cluster_read(&mut self, cluster: Cluster) -> Vec<Record> {
        let ticket = self.ticket(Purpose::Step);
        let cluster = Box::new(cluster);
        self.feed(&Input::ClusterRead { ticket, cluster })
    }

    pub(super) fn time_came(&mut self) -> Vec<Record> {
        let ticket = self.ticket(Purpose::Step);
        self.feed(&Input::TimeCame { ticket })
    }

    pub(super) fn approve(&mut self, step: Option<&str>) -> Vec<Record> {
        self.command(Command::Approve {
            step: step.map(Into::into),
            reason: "the canary is fine".to_owned(),
        })
    }

    pub(super) fn skip(&mut self) -> Vec<Record> {
        self.command(Command::Skip {
            step: None,
            reason: "we know".to_owned(),
        })
    }

    /// The control plane's whole step, from the first look to its end.
    pub(super) fn do_control_plane(&mut self) {
        self.start();
        self.poll(OperationState::Succeeded);
        self.read(moved(ProvisioningState::Succeeded));
    }

    /// The pool's whole step.
    pub(super) fn do_pool(&mut self) {
        self.start();
        self.poll(OperationState::Succeeded);
        self.read(moved(ProvisioningState::Succeeded));
        self.see(&[("n1", TARGET, NodePhase::Upgraded)]);
    }
}

/// Asserts that the message has all these words in it.
pub(super) fn says(run: &Run, words: &[&str]) {
    let message = run.message();
    for word in words {
        assert!(message.contains(word), "'{word}' in: {message}");
    }
}

/// Asserts that the last command was refused, and why.
pub(super) fn refused(records: &[Record], words: &str) {
    assert!(
        matches!(records, [Record::CommandRefused { why, .. }] if why.contains(words)),
        "'{words}' in: {records:?}"
    );
}
