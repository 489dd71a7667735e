//! What the checks cost on a large cluster: 1,000 nodes, 20,000 pods, 300 workloads each with a budget, all healthy.
//!
//! The real binary runs `preflight` against a simulator in this process, three times. Told: time, requests and answered
//! bytes at both APIs, the most memory the binary had (`VmHWM` of /proc/PID/status), and how many findings there are.
//! Fails where a check blocks or warns although nothing is wrong.

#![cfg(target_os = "linux")]
#![expect(clippy::print_stdout, reason = "a measurement is told on stdout")]
#![expect(clippy::unwrap_used, reason = "a measurement that cannot be taken ends in a panic")]

mod report;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::process::Stdio;
use std::time::{Duration, Instant};

use aks_cockpit::clock::Clock;
use aks_cockpit::simulator::scenario::Scenario;
use aks_cockpit::simulator::server::RunningSimulator;
use serde_json::Value;
use tokio::io::AsyncReadExt;

const POOLS: usize = 5;
const NODES: usize = 1_000;
const PODS: usize = 20_000;
const WORKLOADS: usize = 300;
const RUNS: usize = 3;

/// What is true of this world: simulated pods have no readiness probes, the target brings another OS, and the simulated
/// subnet is that of a small cluster.
const TRUE_HERE: &[&str] = &["readiness-missing", "os-sku", "ip-headroom", "ip-max-plan"];

#[tokio::main]
async fn main() {
    println!("machine: {}", report::machine());
    let scenario = Scenario::parse("large", &world()).unwrap();
    let clock = Clock::running(1.0);
    let begun = Instant::now();
    let simulator = RunningSimulator::start(&scenario, 7, clock.clone()).await.unwrap();
    println!(
        "world: {NODES} nodes, {PODS} pods, {WORKLOADS} budgets, made in {:.1} s",
        begun.elapsed().as_secs_f64()
    );
    for run in 1..=RUNS {
        measure(run, &simulator, &clock).await;
    }
}

async fn measure(run: usize, simulator: &RunningSimulator, clock: &Clock) {
    let state = tempfile::tempdir().unwrap();
    let arm = (simulator.arm_traffic.requests(), simulator.arm_traffic.answered_bytes());
    let kubernetes = (
        simulator.kubernetes_traffic.requests(),
        simulator.kubernetes_traffic.answered_bytes(),
    );
    let begun = Instant::now();
    let mut child = tokio::process::Command::new(env!("CARGO_BIN_EXE_aks-cockpit"))
        .env_clear()
        .env("HOME", state.path())
        .env("USER", "ada")
        .env("NO_PROXY", "127.0.0.1")
        .env("AKS_COCKPIT_TOKEN", &simulator.token)
        .env("AKS_COCKPIT_STATE_DIR", state.path())
        .env("AKS_COCKPIT_ARM_ENDPOINT", &simulator.arm_endpoint)
        .env("AKS_COCKPIT_CLOCK", clock.describe().unwrap())
        .args(["preflight", "shop-prod", "--to", "1.35", "--output", "json"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let pid = child.id().unwrap();
    let mut out = child.stdout.take().unwrap();
    let reading = tokio::spawn(async move {
        let mut text = String::new();
        out.read_to_string(&mut text).await.unwrap();
        text
    });
    let mut most = 0;
    let status = loop {
        tokio::select! {
            status = child.wait() => break status.unwrap(),
            () = tokio::time::sleep(Duration::from_millis(10)) => most = most.max(memory(pid).unwrap_or_default()),
        }
    };
    let time = begun.elapsed();
    let document: Value = serde_json::from_str(&reading.await.unwrap()).unwrap();
    let counts = &document["counts"];
    println!(
        "run {run}: {:.2} s; Azure {} requests, {:.1} MB; API server {} requests, {:.1} MB; at most {} MiB; exit {}; {counts}",
        time.as_secs_f64(),
        simulator.arm_traffic.requests() - arm.0,
        megabytes(simulator.arm_traffic.answered_bytes() - arm.1),
        simulator.kubernetes_traffic.requests() - kubernetes.0,
        megabytes(simulator.kubernetes_traffic.answered_bytes() - kubernetes.1),
        most / 1024,
        status.code().unwrap_or(-1),
    );
    let mut trouble: BTreeMap<&str, usize> = BTreeMap::new();
    let findings = document["findings"].as_array().unwrap().iter();
    for finding in findings.filter(|finding| finding["result"] == "blocker" || finding["result"] == "warning") {
        *trouble.entry(finding["code"].as_str().unwrap()).or_default() += 1;
    }
    println!("  blockers and warnings by code: {trouble:?}");
    trouble.retain(|code, _| !TRUE_HERE.contains(code));
    assert!(trouble.is_empty(), "a healthy cluster has {trouble:?}");
}

fn megabytes(bytes: u64) -> f64 {
    f64::from(u32::try_from(bytes / 1_000).unwrap_or(u32::MAX)) / 1_000.0
}

/// The most resident memory a process ever had, in KiB.
fn memory(pid: u32) -> Option<u64> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse().ok()
}

fn world() -> String {
    let mut text = String::from(
        "description = 'A large healthy cluster'\ndemo_speed = 1.0\nsimulate_speed = 1.0\n\
         [[subscriptions]]\nname = 'retail'\nid = '4c7d1f2a-6b0e-4d39-9a58-1e3f7b2c8d60'\n\
         [[quotas]]\nsubscription = 'retail'\nlocation = 'westeurope'\nfamily = 'standardESv5Family'\nlimit = 20000\n\
         [[quotas]]\nsubscription = 'retail'\nlocation = 'westeurope'\nfamily = 'standardDSv5Family'\nlimit = 20000\n\
         [[clusters]]\nname = 'shop-prod'\nresource_group = 'rg-shop-prod'\nsubscription = 'retail'\n\
         location = 'westeurope'\nversion = '1.34.4'\nnode_os_channel = 'None'\n\
         [[clusters.pools]]\nname = 'system'\nmode = 'System'\ncount = 3\nvm_size = 'Standard_D4s_v5'\nmax_surge = '1'\n\
         zones = ['1', '2', '3']\n",
    );
    let nodes = (NODES - 3) / (POOLS - 1);
    for pool in 1..POOLS {
        let count = if pool == 1 {
            NODES - 3 - nodes * (POOLS - 2)
        } else {
            nodes
        };
        let _ = write!(
            text,
            "[[clusters.pools]]\nname = 'apps{pool}'\nmode = 'User'\ncount = {count}\nvm_size = 'Standard_E8s_v5'\n\
             max_surge = '10%'\nzones = ['1', '2', '3']\n"
        );
    }
    for workload in 0..WORKLOADS {
        let replicas = PODS / WORKLOADS + usize::from(workload < PODS % WORKLOADS);
        let _ = write!(
            text,
            "[[clusters.workloads]]\nnamespace = 'team-{}'\nname = 'service-{workload}'\nreplicas = {replicas}\n\
             pools = ['apps{}']\nmax_unavailable = '25%'\n",
            workload % 25,
            workload % (POOLS - 1) + 1,
        );
    }
    text
}
