//! A session of the real `kubectl` against the simulator: what a person would type beside the cockpit.
//! Where `kubectl` is not on the PATH there is nothing to run, and each test says so.

use std::process::{Output, Stdio};
use std::time::Duration;

use aks_cockpit::clock::Clock;
use aks_cockpit::simulator::scenario::Scenario;
use aks_cockpit::simulator::server::RunningSimulator;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Command;

/// Longer than any command should take, even on a busy machine.
const PATIENCE: Duration = Duration::from_mins(2);
/// Pods of the scenarios need up to half a minute to stop and start; at this speed a second or two.
const SPEED: f64 = 20.0;

/// A simulator and a private home for kubectl.
struct Session {
    home: tempfile::TempDir,
    _simulator: RunningSimulator,
}

/// What a command printed.
struct Said {
    is_success: bool,
    out: String,
    err: String,
}

impl Session {
    /// `None`, and a word about it, where there is no kubectl.
    async fn start(scenario: &str) -> Option<Self> {
        let probe = Command::new("kubectl").args(["version", "--client"]).output().await;
        if !probe.is_ok_and(|output| output.status.success()) {
            println!("kubectl is not on the PATH: nothing to run");
            return None;
        }
        let scenario = Scenario::built_in(scenario).unwrap();
        let simulator = RunningSimulator::start(&scenario, 7, Clock::running(SPEED))
            .await
            .unwrap();
        let home = tempfile::tempdir().unwrap();
        std::fs::write(home.path().join("kubeconfig"), &simulator.kubeconfigs["shop-prod"]).unwrap();
        Some(Self {
            home,
            _simulator: simulator,
        })
    }

    fn command(&self, line: &str) -> Command {
        let mut command = Command::new("kubectl");
        command
            .args(line.split_whitespace())
            .env("HOME", self.home.path())
            .env("KUBECONFIG", self.home.path().join("kubeconfig"))
            .env("NO_PROXY", "127.0.0.1")
            .stdin(Stdio::null())
            .kill_on_drop(true);
        command
    }

    async fn run(&self, line: &str) -> Said {
        let output = tokio::time::timeout(PATIENCE, self.command(line).output()).await;
        let Output { status, stdout, stderr } = output.expect("kubectl ends").expect("kubectl runs");
        Said {
            is_success: status.success(),
            out: String::from_utf8(stdout).unwrap(),
            err: String::from_utf8(stderr).unwrap(),
        }
    }

    /// What a command printed that must succeed.
    async fn say(&self, line: &str) -> String {
        let said = self.run(line).await;
        assert!(said.is_success, "kubectl {line}\n{}{}", said.out, said.err);
        said.out
    }

    /// The node and the name of a running pod of one workload.
    async fn pod_of(&self, app: &str) -> (String, String) {
        let path = "{.items[0].spec.nodeName},{.items[0].metadata.name}";
        let found = self
            .say(&format!("get pods -n shop -l app={app} -o jsonpath={path}"))
            .await;
        let (node, pod) = found.split_once(',').unwrap();
        (node.to_owned(), pod.to_owned())
    }
}

fn columns(table: &str) -> Vec<&str> {
    table.lines().next().unwrap_or_default().split_whitespace().collect()
}

#[track_caller]
fn assert_has(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "no '{part}' in:\n{text}");
    }
}

#[tokio::test]
async fn lists_look_as_they_do_on_a_cluster() {
    let Some(session) = Session::start("clean").await else {
        return;
    };
    let nodes = session.say("get nodes").await;
    assert_eq!(columns(&nodes), ["NAME", "STATUS", "ROLES", "AGE", "VERSION"]);
    assert_eq!(nodes.lines().count(), 8);
    assert_has(&nodes, &["Ready", "v1.34.4", "aks-apps-", "-vmss000000"]);
    let pods = session.say("get pods -A").await;
    assert_eq!(
        columns(&pods),
        ["NAMESPACE", "NAME", "READY", "STATUS", "RESTARTS", "AGE"]
    );
    assert_has(&pods, &["1/1", "Running", "basket-store-0", "coredns-", "kube-proxy-"]);
    let budgets = session.say("get pdb -A").await;
    assert_has(&budgets, &["MIN AVAILABLE", "ALLOWED DISRUPTIONS", "coredns-pdb"]);
    assert_has(
        &session.say("get all -n shop").await,
        &["deployment.apps/web", "4/4", "statefulset.apps/basket-store"],
    );
    assert_has(
        &session.say("get nodes -o wide").await,
        &["INTERNAL-IP", "containerd://", "Ubuntu"],
    );
    assert_has(&session.say("version").await, &["Server Version: v1.34.4"]);
    let missing = session.run("get limitranges").await;
    assert!(!missing.is_success);
    assert_has(&missing.err, &["the server doesn't have a resource type"]);
}

#[tokio::test]
async fn describe_shows_every_section() {
    let Some(session) = Session::start("clean").await else {
        return;
    };
    let (node, pod) = session.pod_of("checkout").await;
    session.say(&format!("cordon {node}")).await;
    let described = session.say(&format!("describe node {node}")).await;
    assert_has(
        &described,
        &[
            "kubernetes.azure.com/agentpool=apps",
            "node.kubernetes.io/unschedulable:NoSchedule",
            "Unschedulable:      true",
            "HolderIdentity:",
            "KubeletReady",
            "Kubelet Version:            v1.34.4",
            "azure:///subscriptions/",
            &pod,
            "Allocated resources:",
            "NodeNotSchedulable",
        ],
    );
    let described = session.say(&format!("describe pod -n shop {pod}")).await;
    assert_has(
        &described,
        &[
            "Controlled By:  ReplicaSet/checkout-",
            "State:          Running",
            "QoS Class:",
            "Node-Selectors:",
        ],
    );
    assert_has(
        &session.say("describe pdb -n shop").await,
        &["Min available:", "Allowed disruptions:"],
    );
}

#[tokio::test]
async fn the_servers_machinery_can_be_looked_at() {
    let Some(session) = Session::start("clean").await else {
        return;
    };
    assert_has(
        &session.say("get apiservices").await,
        &["v1beta1.metrics.k8s.io", "kube-system/metrics-server", "True", "Local"],
    );
    assert_has(
        &session.say("get storageclasses").await,
        &["PROVISIONER", "managed-csi", "disk.csi.azure.com"],
    );
    assert_has(
        &session.say("get flowschemas").await,
        &["PRIORITYLEVEL", "catch-all", "False"],
    );
    assert_has(
        &session.say("get svc,endpointslices -n default").await,
        &[
            "service/kubernetes",
            "443/TCP",
            "endpointslice.discovery.k8s.io/kubernetes",
        ],
    );
    assert_has(
        &session.say("describe svc kubernetes").await,
        &["Endpoints:", "20.31.0.4:443"],
    );
    assert_has(&session.say("describe sc default").await, &["IsDefaultClass:", "Yes"]);
    assert_has(
        &session.say("get --raw /readyz?verbose").await,
        &["[+]etcd ok", "readyz check passed"],
    );
    assert_has(&session.say("get --raw /metrics").await, &["apiserver_storage_objects"]);
    for kind in [
        "pv",
        "pvc",
        "csr",
        "hpa",
        "volumeattachments",
        "jobs",
        "cronjobs",
        "ingresses",
        "crds",
        "secrets",
    ] {
        let said = session.run(&format!("get {kind}")).await;
        assert!(
            said.is_success && said.err.contains("No resources found"),
            "{kind}: {}",
            said.err
        );
    }
}

#[tokio::test]
async fn a_watch_shows_a_cordon_as_it_happens() {
    let Some(session) = Session::start("clean").await else {
        return;
    };
    let mut watching = session
        .command("get nodes -w")
        .stdout(Stdio::piped())
        .spawn()
        .expect("kubectl runs");
    let mut lines = BufReader::new(watching.stdout.take().unwrap()).lines();
    let read = async {
        let mut seen = 0;
        while let Some(line) = lines.next_line().await.unwrap() {
            seen += 1;
            // The header and seven nodes are the list; what follows is news.
            if seen == 8 {
                let (node, _) = session.pod_of("web").await;
                assert_has(&session.say(&format!("cordon {node}")).await, &["cordoned"]);
            }
            if line.contains("SchedulingDisabled") {
                return seen;
            }
        }
        0
    };
    let seen = tokio::time::timeout(PATIENCE, read).await.expect("the change is shown");
    assert!(seen > 8, "the cordon is news, not part of the list");
    watching.kill().await.unwrap();
}

#[tokio::test]
async fn a_drain_is_held_by_the_budget_and_ends_when_the_budget_gives_way() {
    let Some(session) = Session::start("blocked-drain").await else {
        return;
    };
    let (node, pod) = session.pod_of("checkout").await;
    let drain = format!("drain {node} --ignore-daemonsets --delete-emptydir-data");
    let held = session.run(&format!("{drain} --timeout=2s -v=8")).await;
    assert!(!held.is_success);
    assert_has(
        &held.err,
        &[
            &pod,
            "Cannot evict pod as it would violate the pod's disruption budget.",
            "The disruption budget checkout",
            "needs 3 healthy pods and has 3 currently",
            "global timeout reached: 2s",
        ],
    );
    let name = session.say("get pdb -n shop -o name").await;
    let budget = name.lines().find(|name| name.contains("checkout")).unwrap();
    let patch = r#"{"spec":{"minAvailable":2}}"#;
    session
        .say(&format!("patch -n shop {budget} --type=merge -p {patch}"))
        .await;
    assert_has(&session.say(&drain).await, &["drained"]);
    let left = session
        .say(&format!(
            "get pods -n shop --field-selector spec.nodeName={node} -o name"
        ))
        .await;
    assert_eq!(left, "");
    assert_has(&session.say(&format!("uncordon {node}")).await, &["uncordoned"]);
    assert!(
        !session
            .say(&format!("get node {node}"))
            .await
            .contains("SchedulingDisabled")
    );
}

#[tokio::test]
async fn deleted_pods_come_back_and_workloads_scale() {
    let Some(session) = Session::start("clean").await else {
        return;
    };
    let (_, pod) = session.pod_of("web").await;
    assert_has(&session.say(&format!("delete pod -n shop {pod}")).await, &["deleted"]);
    assert!(!session.run(&format!("get pod -n shop {pod}")).await.is_success);
    session.say("scale deployment -n shop web --replicas=6").await;
    session.say("rollout status deployment -n shop web --timeout=60s").await;
    assert_has(&session.say("get deployment -n shop web").await, &["6/6"]);
    assert_has(
        &session.say("get events -n shop").await,
        &["LAST SEEN", "Killing", "Scheduled", "Started"],
    );
}

#[tokio::test]
async fn objects_are_made_and_changed_from_files() {
    let Some(session) = Session::start("clean").await else {
        return;
    };
    let file = session.home.path().join("budget.json");
    let write = |amount: u32| {
        let budget = serde_json::json!({
            "apiVersion": "policy/v1",
            "kind": "PodDisruptionBudget",
            "metadata": { "name": "mail", "namespace": "shop" },
            "spec": { "minAvailable": amount, "selector": { "matchLabels": { "app": "mail-worker" } } },
        });
        std::fs::write(&file, budget.to_string()).unwrap();
    };
    write(1);
    let file = file.display();
    assert_has(&session.say(&format!("create -f {file}")).await, &["created"]);
    let again = session.run(&format!("create -f {file}")).await;
    assert_has(&again.err, &["AlreadyExists"]);
    write(2);
    assert_has(&session.say(&format!("apply -f {file}")).await, &["configured"]);
    assert_eq!(
        session
            .say("get pdb -n shop mail -o jsonpath={.status.desiredHealthy}")
            .await,
        "2"
    );
    assert_has(&session.say(&format!("delete -f {file}")).await, &["deleted"]);
}
