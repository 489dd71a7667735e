//! What the cockpit's frames cost at 200 x 60 cells: the overview of 1,000 clusters, the live view of 5,000 nodes, and a
//! storm of 200 events a second. An own loop, because the slowest frame in a hundred counts as much as the usual one.
//!
//! Each frame is updated, drawn, compared with the one before and turned into bytes, as on a terminal; the bytes go
//! nowhere. Times are of the wall clock, after a warm-up; run it on an idle machine.

#![expect(clippy::print_stdout, reason = "a benchmark says what it found")]

use std::time::{Duration, Instant};

use aks_cockpit::ui::fixtures::{Screening, Stage};

const FRAMES: usize = 600;
const WARM_UP: usize = 60;
const SIZE: (u16, u16) = (200, 60);

/// Measures frames, each after `change`; what `prepare` does is not counted.
fn measure(name: &str, stage: Stage, prepare: impl Fn(&mut Screening, usize), change: impl Fn(&mut Screening, usize)) {
    let mut screening = Screening::of(stage);
    let mut times = Vec::with_capacity(FRAMES);
    let mut bytes = 0;
    for frame in 0..WARM_UP + FRAMES {
        prepare(&mut screening, frame);
        let begin = Instant::now();
        change(&mut screening, frame);
        let written = screening.draw();
        if frame >= WARM_UP {
            times.push(begin.elapsed());
            bytes += written;
        }
    }
    times.sort_unstable();
    let at = |share: usize| times[(FRAMES * share / 100).min(FRAMES - 1)];
    println!(
        "{name:<44} median {:>7.3} ms   p99 {:>7.3} ms   {:>6} bytes a frame",
        millis(at(50)),
        millis(at(99)),
        bytes / FRAMES
    );
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1_000.0
}

/// 200 nodes change in a second. The inventory shows what changed 5 times a second, as it does for a living fleet, and
/// 30 frames are drawn; the making of the snapshots is not counted.
fn storm() {
    const FRAMES_A_SECOND: usize = 30;
    const FRAMES_A_SNAPSHOT: usize = 6;
    const EVENTS_A_SNAPSHOT: usize = 40;
    const SECONDS: u32 = 10;
    let mut screening = Screening::of(Stage::live_of(5_000, SIZE.0, SIZE.1));
    let first = screening.draw();
    let mut bytes = 0;
    let mut busy = Duration::ZERO;
    for frame in 0..FRAMES_A_SECOND * 10 {
        let is_news = frame % FRAMES_A_SNAPSHOT == 0;
        if is_news {
            let events = frame / FRAMES_A_SNAPSHOT * EVENTS_A_SNAPSHOT;
            screening.prepare(events..events + EVENTS_A_SNAPSHOT);
        }
        let begin = Instant::now();
        if is_news {
            screening.arrive();
        }
        bytes += screening.draw();
        busy += begin.elapsed();
    }
    println!(
        "{:<44} {} bytes a second, after {first} for the first frame; {:.2} % of one core",
        "200 events a second among 5,000 nodes",
        bytes / 10,
        100.0 * (busy / SECONDS).as_secs_f64()
    );
}

/// Nothing happens but the clock: a tick a second, and a frame where that changed something.
fn idle(name: &str, stage: Stage) {
    const SECONDS: u32 = 60;
    let mut screening = Screening::of(stage);
    screening.draw();
    let mut bytes = 0;
    let begin = Instant::now();
    for second in 0..60 {
        screening.tick(second);
        bytes += screening.draw();
    }
    println!(
        "{name:<44} {} bytes a second; {:.2} % of one core",
        bytes / 60,
        100.0 * (begin.elapsed() / SECONDS).as_secs_f64()
    );
}

fn main() {
    let overview = || Stage::overview_of(1_000, SIZE.0, SIZE.1);
    let live = || Stage::live_of(5_000, SIZE.0, SIZE.1);
    let nothing = |_: &mut Screening, _: usize| ();
    let down = |screening: &mut Screening, _: usize| screening.keys("j");
    let tick = |screening: &mut Screening, frame: usize| screening.tick(frame);
    measure("overview of 1,000 clusters, nothing new", overview(), nothing, nothing);
    measure("overview of 1,000 clusters, one row down", overview(), nothing, down);
    measure("overview of 1,000 clusters, a tick", overview(), nothing, tick);
    measure("live grid of 5,000 nodes, nothing new", live(), nothing, nothing);
    measure(
        "live grid of 5,000 nodes, a node changes",
        live(),
        |screening, frame| screening.prepare(frame..frame + 1),
        |screening, _| screening.arrive(),
    );
    let mut table = live();
    table.keys("v");
    measure("live table of 5,000 nodes, one row down", table, nothing, down);
    storm();
    idle("idle overview of 1,000 clusters", overview());
    idle("idle live grid of 5,000 nodes", live());
}
