//! What the checks cost on a large cluster: 1,000 nodes, 20,000 pods, 300 workloads each with a budget, all healthy.
//!
//! The real binary runs `preflight` against a simulator in this process, three times. Told: time, requests and answered
//! bytes at both APIs, the most memory the binary had (`VmHWM` of /proc/PID/status), and how many findings there are.
//! Fails where a check says anything but pass although nothing is wrong.

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
const SYSTEM_NODES: usize = 6;
const PODS: usize = 20_000;
const WORKLOADS: usize = 300;
const RUNS: usize = 3;

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
        .args(["preflight", "shop-prod", "--to", "1.36", "--output", "json"])
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
    let mut others: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for finding in document["findings"].as_array().unwrap() {
        let (code, result) = (finding["code"].as_str().unwrap(), finding["result"].as_str().unwrap());
        if result != "pass" {
            println!("  {finding}");
            *others.entry((result, code)).or_default() += 1;
        }
    }
    assert!(others.is_empty(), "a healthy cluster has {others:?}");
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

/// All that a check asks for: probes, budgets with room, backups, logs, quota, addresses, surge that keeps the zones even.
fn world() -> String {
    let mut text = String::from(
        "description = 'A large healthy cluster'\ndemo_speed = 1.0\nsimulate_speed = 1.0\n\
         [[subscriptions]]\nname = 'retail'\nid = '4c7d1f2a-6b0e-4d39-9a58-1e3f7b2c8d60'\n\
         [[quotas]]\nsubscription = 'retail'\nlocation = 'westeurope'\nfamily = 'standardESv5Family'\nlimit = 20000\n\
         [[quotas]]\nsubscription = 'retail'\nlocation = 'westeurope'\nfamily = 'standardDSv5Family'\nlimit = 20000\n\
         [[clusters]]\nname = 'shop-prod'\nresource_group = 'rg-shop-prod'\nsubscription = 'retail'\n\
         location = 'westeurope'\nversion = '1.35.5'\nnode_os_channel = 'None'\n\
         [clusters.with.landscape]\ndiagnostic_settings = ['kube-audit-admin']\n\
         backups = [{ name = 'nightly', hours_ago = 5 }]\n\
         [clusters.with.landscape.cluster_properties.networkProfile]\npodCidr = '10.128.0.0/12'\n",
    );
    let apps = NODES - SYSTEM_NODES;
    let each = apps / (POOLS - 1);
    pool(&mut text, "system", "System", SYSTEM_NODES, "Standard_D4s_v5", 3);
    for number in 1..POOLS {
        let rest = if number == 1 { apps % (POOLS - 1) } else { 0 };
        let name = format!("apps{number}");
        pool(&mut text, &name, "User", each + rest, "Standard_E8s_v5", 48);
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

fn pool(text: &mut String, name: &str, mode: &str, count: usize, vm_size: &str, surge: usize) {
    let _ = write!(
        text,
        "[[clusters.pools]]\nname = '{name}'\nmode = '{mode}'\ncount = {count}\nvm_size = '{vm_size}'\n\
         max_surge = '{surge}'\nzones = ['1', '2', '3']\nundrainable = 'Cordon'\n"
    );
}
