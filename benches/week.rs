//! Memory of a driver that runs for a simulated week: does it grow?
//!
//! The real binary drives a plan whose first step waits for a week, then upgrades the control plane, against a
//! simulator in this process at 20,000 times the speed of the wall, so the week takes half a minute. Its resident
//! memory (`VmRSS`, and `VmHWM` for the most it ever had) is read from /proc/PID/status at the beginning, after each
//! simulated day and at the end; that of the simulator is not counted. Fails where the driver does not get to its end.

#![cfg(target_os = "linux")]
#![expect(clippy::print_stdout, reason = "a measurement is told on stdout")]
#![expect(clippy::unwrap_used, reason = "a measurement that cannot be taken ends in a panic")]
#![expect(dead_code, reason = "the estate is that of the crash tests, which need more of it")]

#[path = "../tests/upgrades/crash/estate.rs"]
mod estate;
mod report;

use std::time::Duration;

use estate::{CLUSTER, Estate, Story, TARGET};
use jiff::Timestamp;
use tokio::process::Child;
use tokio::time::{Instant, interval, timeout};

const SPEED: f64 = 20_000.0;

const DAYS: i64 = 7;

/// What the driver does all the week: it holds at a wait, reads the cluster, and watches its nodes.
const WORDS: [&str; 7] = [
    "start",
    CLUSTER,
    "--to",
    TARGET,
    "--control-plane-only",
    "--wait",
    "start=7d",
];

/// Longest wait for any one thing, in wall time.
const PATIENCE: Duration = Duration::from_mins(2);

#[tokio::main]
async fn main() {
    println!("machine: {}", report::machine());
    println!("method: one process, a wait of {DAYS} days at {SPEED} times the speed of the wall");
    let estate = Estate::new("1.34.4", "", SPEED).await;
    let mut driver = estate.cockpit(&WORDS, None);
    let mut story = Story::default();
    let wall = Instant::now();
    until("the wait has begun", &estate, &mut story, |story| {
        story.count("gateHolds") > 0
    })
    .await;
    let begun = estate.clock().now();
    let first = tell(&driver, "start", begun, begun);
    for day in 1..DAYS {
        let hours = jiff::SignedDuration::from_hours(24 * day);
        until("another day is over", &estate, &mut story, |_| {
            estate.clock().now() >= begun + hours
        })
        .await;
        tell(&driver, &format!("day {day}"), begun, estate.clock().now());
    }
    until("the wait is over", &estate, &mut story, |story| {
        story.count("stepSucceeded") > 0
    })
    .await;
    let last = tell(&driver, "end", begun, estate.clock().now());
    let status = timeout(PATIENCE, driver.wait()).await.expect("it ends").unwrap();
    assert!(status.success(), "{status}: {}", estate.last_words());
    println!(
        "growth: {} KiB from start to end ({first} to {last}); {:.0} s of wall time",
        i64::try_from(last).unwrap_or_default() - i64::try_from(first).unwrap_or_default(),
        wall.elapsed().as_secs_f64()
    );
}

async fn until(what: &str, estate: &Estate, story: &mut Story, mut is_so: impl FnMut(&Story) -> bool) {
    let waiting = async {
        let mut look = interval(Duration::from_millis(10));
        loop {
            look.tick().await;
            estate.tell(story);
            if is_so(story) {
                return;
            }
        }
    };
    let over = timeout(PATIENCE, waiting).await;
    assert!(over.is_ok(), "never: {what}; {}\n{}", estate.last_words(), story.tail());
}

/// Prints the driver's memory and returns what is resident, in KiB.
fn tell(driver: &Child, when: &str, begun: Timestamp, now: Timestamp) -> u64 {
    let id = driver.id().expect("the driver runs");
    let text = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap();
    let field = |name: &str| -> u64 {
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        line.and_then(|rest| rest.trim().trim_end_matches(" kB").parse().ok())
            .unwrap_or(0)
    };
    let (resident, most) = (field("VmRSS:"), field("VmHWM:"));
    let hours = now.duration_since(begun).as_hours();
    println!("{when:>6}: {hours:>4} h, VmRSS {resident} KiB, VmHWM {most} KiB");
    resident
}
