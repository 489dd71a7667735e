//! What durability costs: records appended per second with full sync, and how long an execution with 100,000 records
//! takes to come back.
//!
//! Appending: one record per transaction, as a driver writes them, each on the disk before the next; the directory is
//! `AKS_COCKPIT_BENCH_DIR`, else the target directory, and its file system is named. Coming back: the way of a new
//! driver, rows out of the journal into records, folded into the state; and `EngineHandle::open`, which shows every
//! execution. The records are those of a driver that watches a long operation. Takes about half a minute.

#![expect(clippy::print_stdout, reason = "a measurement is told on stdout")]

mod report;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use aks_cockpit::clock::Clock;
use aks_cockpit::domain::ids::{ClusterId, ExecutionId};
use aks_cockpit::engine::command::Person;
use aks_cockpit::engine::handle::{EngineHandle, EngineSettings};
use aks_cockpit::engine::record::{RECORD_VERSION, Record};
use aks_cockpit::engine::recovery;
use aks_cockpit::journal::writer::{Append, NewRow};
use aks_cockpit::journal::{Journal, Mode};
use aks_cockpit::plan::step::{Plan, Step, StepKind};
use aks_cockpit::progress::picture::LivePicture;
use aks_cockpit::smoke::SmokeRunner;
use jiff::Timestamp;
use tokio::sync::watch;

const RECORDS: u32 = 100_000;

/// How long is appended, and at most how many.
const APPENDING: Duration = Duration::from_secs(10);
const APPENDS: u32 = 20_000;

const EXECUTION: &str = "bench001";

fn main() {
    let place = std::env::var_os("AKS_COCKPIT_BENCH_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_TARGET_TMPDIR")), PathBuf::from);
    let directory = tempfile::tempdir_in(&place).expect("the directory can be written");
    println!("machine: {}", report::machine());
    println!("disk: {}, {}", place.display(), file_system(directory.path()));
    append(&directory.path().join("append.db"));
    let path = directory.path().join("restore.db");
    fill(&path);
    restore(&path);
    open(&path);
}

/// One durable record after the other.
fn append(path: &Path) {
    let (journal, mut append) = begun(path);
    let mut took = Vec::new();
    let begun = Instant::now();
    while begun.elapsed() < APPENDING && append.first_seq < APPENDS {
        append.rows = vec![row(append.first_seq)];
        let before = Instant::now();
        journal.append(&append).expect("the journal can be written");
        took.push(before.elapsed());
        append.first_seq += 1;
    }
    let seconds = begun.elapsed().as_secs_f64();
    took.sort();
    let part = |percent: usize| took[(took.len() - 1) * percent / 100].as_secs_f64() * 1_000.0;
    println!(
        "append: {:.0} records a second, one per transaction with full sync ({} records; median {:.2} ms, 99 % {:.2} ms)",
        f64::from(append.first_seq - 2) / seconds,
        took.len(),
        part(50),
        part(99),
    );
}

/// An execution with 100,000 records, many per transaction: how they came there is not measured.
fn fill(path: &Path) {
    let (journal, mut append) = begun(path);
    while append.first_seq < RECORDS {
        let until = (append.first_seq + 1_000).min(RECORDS);
        append.rows = (append.first_seq..until).map(row).collect();
        journal.append(&append).expect("the journal can be written");
        append.first_seq = until;
    }
}

fn restore(path: &Path) {
    let journal = Journal::open(path, Mode::ReadOnly).expect("the journal can be read");
    let id = ExecutionId::new(EXECUTION);
    let best = best_of_five(|| {
        let rows = journal.read_from(EXECUTION, 0).expect("the journal can be read");
        let records: Vec<_> = rows
            .iter()
            .map(|row| (row.at, Record::from_json(row.version, &row.json)))
            .collect();
        let state =
            recovery::restore(&id, records.iter().map(|(at, record)| (*at, record))).expect("a plan comes first");
        assert_eq!(state.records, RECORDS);
        assert_eq!(state.unreadable, 0);
    });
    println!(
        "recovery: {RECORDS} records of one execution in {:.0} ms (best of 5)",
        best.as_secs_f64() * 1_000.0
    );
}

fn open(path: &Path) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let _entered = runtime.enter();
    let best = best_of_five(|| {
        let engine = EngineHandle::open(settings(path)).expect("the journal can be read");
        assert_eq!(engine.subscribe().borrow().len(), 1);
    });
    println!(
        "open: EngineHandle::open on that journal in {:.0} ms (best of 5)",
        best.as_secs_f64() * 1_000.0
    );
}

fn best_of_five(mut work: impl FnMut()) -> Duration {
    (0..5)
        .map(|_| {
            let before = Instant::now();
            work();
            before.elapsed()
        })
        .min()
        .unwrap_or_default()
}

/// A journal with an execution whose first two records are there, and the turn that comes next.
fn begun(path: &Path) -> (Journal, Append) {
    let journal = Journal::open(path, Mode::ReadWrite).expect("the journal can be made");
    let first = [
        Record::Created {
            plan: Arc::new(plan()),
            by: person(),
            origin: None,
            despite: None,
        },
        Record::StepBegan {
            step: "control-plane".into(),
            attempt: 1,
        },
    ];
    let rows: Vec<NewRow> = first.iter().map(stored).collect();
    journal
        .create(EXECUTION, "shop", Timestamp::UNIX_EPOCH, &rows)
        .expect("the journal is empty");
    let token = journal
        .take_place(EXECUTION, "ada", "desk", Clock::wall().now())
        .expect("nobody else drives");
    let append = Append {
        execution: EXECUTION.to_owned(),
        token,
        first_seq: 2,
        ..Append::default()
    };
    (journal, append)
}

/// What is written while an operation goes on: how far it is, and that Azure cannot be asked or can again.
fn row(seq: u32) -> NewRow {
    stored(&match seq % 4 {
        0 => Record::Troubled {
            what: "Azure cannot be asked at the moment (GatewayTimeout); what runs there goes on".to_owned(),
        },
        1 => Record::TroubleOver,
        _ => Record::Observed {
            text: format!("InProgress, {seq}"),
            hint: None,
        },
    })
}

fn stored(record: &Record) -> NewRow {
    NewRow {
        at: Timestamp::UNIX_EPOCH,
        version: RECORD_VERSION,
        json: record.to_json(),
    }
}

fn plan() -> Plan {
    let to = "1.35.5".parse().expect("a version");
    Plan {
        id: "plan".into(),
        cluster: ClusterId::from_parts("s", "rg", "shop"),
        cluster_name: "shop".to_owned(),
        created_at: Timestamp::UNIX_EPOCH,
        steps: vec![Step::new(
            "control-plane",
            StepKind::ControlPlaneUpgrade { from: None, to },
        )],
        smoke_tests: Vec::new(),
    }
}

fn person() -> Person {
    Person {
        name: "ada".to_owned(),
        host: "desk".to_owned(),
    }
}

fn settings(path: &Path) -> EngineSettings {
    let clock = Clock::wall();
    let live = watch::channel(Arc::new(LivePicture::empty(clock.now()))).1;
    EngineSettings {
        journal_path: path.to_owned(),
        azure: None,
        smoke: SmokeRunner::new(clock.clone()),
        clock,
        person: person(),
        live: Arc::new(move |_| live.clone()),
        targets: Arc::new(|_, _| {}),
        poll_interval: Duration::from_secs(10),
        read_only: true,
        kubernetes: None,
    }
}

/// The kind of file system a directory is on; `unknown` where /proc/mounts does not tell.
fn file_system(directory: &Path) -> String {
    let directory = directory.canonicalize().unwrap_or_else(|_| directory.to_owned());
    let mounts = std::fs::read_to_string("/proc/mounts").unwrap_or_default();
    mounts
        .lines()
        .filter_map(|line| {
            let mut words = line.split(' ');
            let (device, place, kind) = (words.next()?, words.next()?, words.next()?);
            directory
                .starts_with(place)
                .then(|| (place.len(), format!("{kind} on {device}")))
        })
        .max_by_key(|(length, _)| *length)
        .map_or_else(|| "unknown".to_owned(), |(_, told)| told)
}
