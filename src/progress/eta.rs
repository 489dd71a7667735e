//! How long the rest may take, as a range: from this cluster's own node times, its surge, soak and drains, and where
//! it has shown none yet, from its history or a first guess.
//!
//! A pool's nodes go `width` at a time. The hopeful figure counts the work that is left over the width, the careful
//! one whole batches; both move apart with the spread of the node times and with how few of them were seen. What is
//! held counts until its drain timeout in the careful figure only.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::picture::{LivePicture, NodePhase, NodeProgress, PoolProgress};
use crate::domain::cluster::Cluster;
use crate::domain::ids::NodePoolName;
use crate::domain::node_pool::UpgradeSettings;
/// Time left, from the most hopeful to the most careful figure.
pub use crate::domain::pace::TimeRange as EtaRange;
use crate::domain::pace::{BATCH, CONTROL_PLANE, SURGE_DOWN, SURGE_UP, Spread, UsualPace};
use crate::domain::surge::{Batch, batch_of};

/// Deviations on either side: about nine of ten ends lie between (`benches/eta.rs` measures it).
const DEVIATIONS: f64 = 1.1;
/// What other pools, or another upgrade, tell of a pool counts like so many nodes of its own.
const TOLD_BY_OTHERS: u32 = 2;
/// Pools differ: what others tell deviates by at least this share of itself.
const OTHERS_DEVIATE: f64 = 0.4;

/// The time left of what runs; `None` where nothing runs.
///
/// Pools are upgraded one after another, each in batches as wide as its surge settings. `usual` is how long this
/// cluster took before.
pub(super) fn estimate(
    picture: &LivePicture,
    cluster: Option<&Cluster>,
    usual: UsualPace,
    now: Timestamp,
) -> Option<EtaRange> {
    if !picture.is_running {
        return None;
    }
    let mut total = Figures::default();
    for pool in picture.pools.iter().filter(|pool| pool.target.is_some()) {
        let course = PoolCourse::of(picture, pool, cluster, usual, now);
        total = total.plus(course.figures(now));
    }
    Some(total.range().plus(control_plane_time(picture, cluster, usual, now)))
}

/// Two sums of seconds, and the squares of what each may be wrong by.
#[derive(Clone, Copy, Debug, Default)]
struct Figures {
    hopeful: f64,
    careful: f64,
    variance: f64,
}

impl Figures {
    fn plus(self, other: Self) -> Self {
        Self {
            hopeful: self.hopeful + other.hopeful,
            careful: self.careful + other.careful,
            variance: self.variance + other.variance,
        }
    }

    fn range(self) -> EtaRange {
        let apart = DEVIATIONS * self.variance.sqrt();
        let seconds = |seconds: f64| Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or(Duration::MAX);
        EtaRange {
            low: seconds(self.hopeful - apart),
            high: seconds(self.careful + apart),
        }
    }
}

/// One pool on its way.
struct PoolCourse<'a> {
    nodes: Vec<&'a NodeProgress>,
    settings: UpgradeSettings,
    batch: Batch,
    /// Nodes not touched yet.
    waiting: u32,
    /// Nothing of it was done or touched.
    is_untouched: bool,
    is_over: bool,
    /// Of one node, its soak included.
    each: Spread,
}

impl<'a> PoolCourse<'a> {
    fn of(
        picture: &'a LivePicture,
        pool: &PoolProgress,
        cluster: Option<&Cluster>,
        usual: UsualPace,
        now: Timestamp,
    ) -> Self {
        let azure = cluster.and_then(|cluster| cluster.pool(&pool.name));
        let settings = azure.map(|azure| azure.upgrade_settings.clone()).unwrap_or_default();
        let nodes: Vec<&NodeProgress> = picture
            .nodes
            .values()
            .filter(|node| node.pool.as_ref() == Some(&pool.name) && !node.is_surge)
            .collect();
        let in_flight = count(nodes.iter().filter(|node| node.phase.is_in_flight()).count());
        let remaining = count(pool.total.saturating_sub(pool.done));
        let each = node_time(picture, &pool.name, &settings, cluster, usual, now);
        Self {
            waiting: remaining.saturating_sub(in_flight),
            is_untouched: pool.done == 0 && in_flight == 0,
            is_over: remaining == 0 && pool.surge == 0,
            batch: batch_of(&settings, count(pool.total), pool.target),
            nodes,
            settings,
            each,
        }
    }

    fn figures(&self, now: Timestamp) -> Figures {
        if self.is_over {
            return Figures::default();
        }
        let width = f64::from(self.batch.width());
        let (mut work, mut longest, mut held) = (0.0, 0.0_f64, 0.0_f64);
        for node in self.nodes.iter().filter(|node| node.phase.is_in_flight()) {
            let left = self.left_of(node, now);
            work += left;
            longest = longest.max(left);
            held = held.max(held_for(node, &self.settings, now).unwrap_or_default().as_secs_f64());
        }
        let waiting = f64::from(self.waiting);
        let batches = (waiting / width).ceil();
        let surge = |range: EtaRange| match self.batch.surge {
            0 => EtaRange::ZERO,
            _ => range,
        };
        let mut around = surge(SURGE_DOWN);
        if self.is_untouched {
            around = around.plus(surge(SURGE_UP));
        }
        let of_mean = self.each.deviation.powi(2) / f64::from(self.each.count.max(1));
        let hopeful = longest.max((work + waiting * self.each.mean) / width);
        // More nodes may be in work than the settings say, for instance after these were changed.
        let careful = hopeful.max(longest + batches * self.each.mean);
        Figures {
            hopeful: hopeful + around.low.as_secs_f64(),
            careful: careful + held + around.high.as_secs_f64(),
            // Nodes of a batch even out; what is wrong about the mean is wrong for each of them.
            variance: self.each.deviation.powi(2) * (batches + f64::from(u8::from(longest > 0.0)))
                + of_mean * batches.powi(2),
        }
    }

    /// Seconds a node in work still takes: never less than what comes after the part it is in.
    fn left_of(&self, node: &NodeProgress, now: Timestamp) -> f64 {
        let soak = self.settings.node_soak().as_secs_f64();
        let work = (self.each.mean - soak).max(0.0);
        let least = match node.phase {
            NodePhase::Drained | NodePhase::Soaking => 0.55 * work,
            NodePhase::Reimaging => 0.25 * work,
            NodePhase::Joining => 0.1 * work,
            _ => 0.6 * work + soak,
        };
        let gone = elapsed(began(node), now).as_secs_f64();
        (self.each.mean - gone).max(least)
    }
}

/// How long one node of the pool takes, its soak included.
///
/// Its own nodes count most; other pools of this upgrade and earlier upgrades stand in while there are few.
fn node_time(
    picture: &LivePicture,
    pool: &NodePoolName,
    settings: &UpgradeSettings,
    cluster: Option<&Cluster>,
    usual: UsualPace,
    now: Timestamp,
) -> Spread {
    let soak_of = |name: &NodePoolName| {
        let pool = cluster.and_then(|cluster| cluster.pool(name));
        pool.map_or(Duration::ZERO, |pool| pool.upgrade_settings.node_soak())
    };
    let (mut own, mut others) = (Vec::new(), Vec::new());
    for (name, memory) in &picture.memory.nodes {
        let (Some(began), Some(finished)) = (memory.began, memory.finished) else {
            continue;
        };
        let Some(of) = picture.nodes.get(name).and_then(|node| node.pool.as_ref()) else {
            continue;
        };
        let time = elapsed(began, finished.min(now)).saturating_sub(soak_of(of));
        if of == pool { own.push(time) } else { others.push(time) }
    }
    let guess = Spread::guessed(BATCH);
    let told = Spread::of(&others)
        .into_iter()
        .chain(usual.node)
        .reduce(Spread::with)
        .map_or(guess, |told| Spread {
            deviation: told.deviation.max(OTHERS_DEVIATE * told.mean),
            ..told.counted(TOLD_BY_OTHERS)
        });
    let work = Spread::of(&own).map_or(told, |own| own.with(told));
    Spread {
        mean: work.mean + settings.node_soak().as_secs_f64(),
        ..work
    }
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn began(node: &NodeProgress) -> Timestamp {
    node.drain
        .as_ref()
        .map_or(node.since, |drain| drain.since.min(node.since))
}

/// How long a held drain may still last.
fn held_for(node: &NodeProgress, settings: &UpgradeSettings, now: Timestamp) -> Option<Duration> {
    let drain = node
        .drain
        .as_ref()
        .filter(|_| matches!(node.phase, NodePhase::Draining | NodePhase::Stuck))?;
    if drain.holds.is_empty() && drain.blocked_by_event.is_empty() {
        return None;
    }
    Some(match drain.deadline {
        Some(deadline) => elapsed(now, deadline),
        None => settings.drain_timeout(),
    })
}

/// The control plane moves first; once a node was touched it is done.
fn control_plane_time(picture: &LivePicture, cluster: Option<&Cluster>, usual: UsualPace, now: Timestamp) -> EtaRange {
    let (Some(cluster), Some(target)) = (cluster, &picture.target) else {
        return EtaRange::ZERO;
    };
    let Some(to) = target.control_plane else {
        return EtaRange::ZERO;
    };
    let whole = usual.control_plane.map_or(CONTROL_PLANE, |usual| {
        let spread = usual.with(Spread::guessed(CONTROL_PLANE));
        Figures {
            hopeful: spread.mean,
            careful: spread.mean,
            variance: spread.deviation.powi(2),
        }
        .range()
    });
    if cluster.version.is_some_and(|version| version < to) {
        return whole;
    }
    let is_busy = cluster.provisioning_state.is_upgrading();
    let is_touched = picture
        .nodes
        .values()
        .any(|node| node.is_surge || node.phase.is_in_flight())
        || !picture.node_times.is_empty();
    match picture.running_since {
        Some(since) if is_busy && !is_touched => whole.minus(elapsed(since, now)),
        _ => EtaRange::ZERO,
    }
}

fn elapsed(from: Timestamp, to: Timestamp) -> Duration {
    Duration::try_from(to.duration_since(from).max(SignedDuration::ZERO)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::progress::facts::{PoolTarget, Target};
    use crate::progress::samples::{at, cluster};
    use crate::progress::story::Story;

    fn picture(done: usize, total: usize) -> LivePicture {
        let mut picture = LivePicture::empty(at(0));
        picture.is_running = true;
        picture.running_since = Some(at(0));
        picture.target = Some(Target {
            control_plane: None,
            pools: [("web".into(), PoolTarget::default())].into(),
        });
        picture.pools = vec![PoolProgress {
            name: "web".into(),
            state: None,
            target: "1.34.2".parse().ok(),
            done,
            total,
            surge: 0,
            in_flight: 0,
            ready: 0,
        }];
        picture
    }

    fn minutes(picture: &LivePicture, cluster: Option<&Cluster>, usual: UsualPace) -> Option<(u64, u64)> {
        estimate(picture, cluster, usual, at(0)).map(|eta| (eta.low.as_secs() / 60, eta.high.as_secs() / 60))
    }

    fn guessed(picture: &LivePicture, cluster: Option<&Cluster>) -> Option<(u64, u64)> {
        minutes(picture, cluster, UsualPace::default())
    }

    #[test]
    fn a_first_guess_is_wide_and_history_makes_it_narrow() {
        let (low, high) = guessed(&picture(0, 10), None).unwrap();
        assert!(low < 60 && high > 100, "{low} to {high}");
        let usual = UsualPace {
            node: Spread::of(&[Duration::from_mins(5); 20]),
            control_plane: None,
        };
        let (narrow_low, narrow_high) = minutes(&picture(0, 10), None, usual).unwrap();
        assert!(
            narrow_high < high && narrow_low <= 50 && narrow_high >= 50,
            "{narrow_low} to {narrow_high}"
        );
        assert_eq!(guessed(&picture(5, 5), None), Some((0, 0)));
        let mut idle = picture(0, 5);
        idle.is_running = false;
        assert_eq!(guessed(&idle, None), None);
    }

    #[test]
    fn a_wide_surge_makes_it_shorter_and_soak_counts() {
        let with = |surge: &str, soak: u32| {
            let mut azure = cluster("Upgrading", "1.34.2", 10);
            if let Some(pool) = azure.pools.first_mut() {
                pool.upgrade_settings.max_surge = surge.parse().ok();
                pool.upgrade_settings.node_soak_minutes = Some(soak);
            }
            guessed(&picture(0, 10), Some(&azure)).unwrap()
        };
        assert!(with("50%", 0).1 * 2 < with("1", 0).1);
        let (plain, soaked) = (with("1", 0), with("1", 5));
        assert_eq!(
            (soaked.0 - plain.0, soaked.1 - plain.1),
            (50, 50),
            "ten nodes, five minutes each"
        );
    }

    #[test]
    fn a_control_plane_still_to_run_is_added() {
        let azure = cluster("Upgrading", "1.33.5", 5);
        let mut waiting = picture(5, 5);
        if let Some(target) = waiting.target.as_mut() {
            target.control_plane = "1.34.2".parse().ok();
        }
        assert_eq!(guessed(&waiting, Some(&azure)), Some((5, 15)));
        let usual = UsualPace {
            node: None,
            control_plane: Spread::of(&[Duration::from_mins(6), Duration::from_mins(7), Duration::from_mins(6)]),
        };
        let (low, high) = minutes(&waiting, Some(&azure), usual).unwrap();
        assert!(low >= 3 && high <= 12, "{low} to {high}");
    }

    #[test]
    fn a_held_drain_counts_until_its_timeout_in_the_careful_figure_alone() {
        let mut story = Story::idle();
        story.azure("Upgrading", "1.34.2");
        story.say("Drain", "Draining node: n1", 10);
        story.node("n1").is_cordoned = true;
        let free = story.look(20).eta.unwrap();
        story.pods("n1", &["cart-0"]);
        story.budgets = Some(vec![crate::progress::samples::budget("cart", 0, 2, 2)]);
        let held = story.look(20).eta.unwrap();
        assert_eq!(held.low, free.low);
        let more = held.high.saturating_sub(free.high);
        assert!(
            more > Duration::from_mins(28) && more <= Duration::from_mins(30),
            "{more:?}"
        );
    }
}
