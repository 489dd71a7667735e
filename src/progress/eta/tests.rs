//! Ranges of pools of every size, with and without history, surge, soak and holds.

use super::*;
use crate::progress::facts::{PoolTarget, Target};
use crate::progress::picture::PoolProgress;
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
    estimate(picture, cluster, usual, at(0)).map(|eta| (eta.whole.low.as_secs() / 60, eta.whole.high.as_secs() / 60))
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
    assert_eq!(guessed(&waiting, Some(&azure)), Some((6, 13)));
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
