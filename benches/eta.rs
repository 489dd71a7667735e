//! Is the time that is told honest? 100 seeded upgrades of a simulated cluster, each with other pools, surge, soak and
//! workloads, a third of them held by a budget for a while. The real inventory watches over real HTTP, and every picture's
//! range is kept; told in the end: how often the true end lay in the range, from a quarter of the way on, and how wide
//! the ranges were. The worlds are stepped, so that a busy machine changes nothing. Fails below 85 %.
//! `AKS_COCKPIT_UPGRADES` gives another count, `AKS_COCKPIT_EACH` tells every upgrade.

#![expect(clippy::print_stdout, reason = "a measurement is told on stdout")]
#![expect(clippy::unwrap_used, reason = "a measurement that cannot be taken ends in a panic")]

mod report;

use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

use aks_cockpit::azure::client::{API_VERSION, AzureClient, AzureSettings};
use aks_cockpit::azure::credentials::Credential;
use aks_cockpit::clock::Clock;
use aks_cockpit::domain::ids::ClusterId;
use aks_cockpit::inventory::handle::{self, InventorySettings, RefreshIntervals};
use aks_cockpit::progress::picture::LivePicture;
use aks_cockpit::requests::log::RequestLog;
use aks_cockpit::simulator::kubernetes::objects::BudgetSpec;
use aks_cockpit::simulator::scenario::Scenario;
use aks_cockpit::simulator::server::RunningSimulator;
use aks_cockpit::simulator::world::World;
use futures::{StreamExt, stream};
use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;

/// The worlds go on by this much when the picture of the moment before has come, however busy the machine is.
const STEP: Duration = Duration::from_secs(15);

/// Upgrades side by side.
const AT_ONCE: usize = 4;

/// The share of ranges that must hold the true end.
const HONEST: f64 = 0.85;

/// Longest one upgrade may take, in wall time.
const PATIENCE: Duration = Duration::from_mins(4);

/// One range, as it was told.
#[derive(Clone, Copy, Debug)]
struct Told {
    at: Timestamp,
    low: Duration,
    high: Duration,
}

/// One upgrade that has ended.
#[derive(Debug)]
struct Ended {
    seed: u64,
    is_held: bool,
    began: Timestamp,
    over: Timestamp,
    told: Vec<Told>,
}

#[tokio::main]
async fn main() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let count: u64 = std::env::var("AKS_COCKPIT_UPGRADES")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(100);
    println!("machine: {}", report::machine());
    let ended: Vec<Ended> = stream::iter((0..count).map(upgrade))
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    let all = summary("all", &ended, |_| true);
    summary("not held", &ended, |one| !one.is_held);
    summary("held for a while", &ended, |one| one.is_held);
    assert!(all >= HONEST, "the true end lay in {:.1} % of the ranges", all * 100.0);
}

fn summary(name: &str, all: &[Ended], is_meant: impl Fn(&Ended) -> bool) -> f64 {
    let chosen: Vec<&Ended> = all.iter().filter(|one| is_meant(one)).collect();
    let mut hits = 0_u32;
    let (mut sooner, mut later) = (0_u32, 0_u32);
    let mut total = 0_u32;
    let mut widths = Vec::new();
    for one in &chosen {
        let whole = one.over.duration_since(one.began);
        let quarter = one.began + whole / 4;
        for told in one.told.iter().filter(|told| told.at >= quarter && told.at < one.over) {
            let left = Duration::try_from(one.over.duration_since(told.at)).unwrap_or_default();
            total += 1;
            hits += u32::from(told.low <= left && left <= told.high);
            sooner += u32::from(left < told.low);
            later += u32::from(left > told.high);
            widths.push(told.high.saturating_sub(told.low).as_secs_f64() / 60.0);
        }
        if std::env::var_os("AKS_COCKPIT_EACH").is_some() {
            let inside = |told: &&Told| {
                let left = Duration::try_from(one.over.duration_since(told.at)).unwrap_or_default();
                told.low <= left && left <= told.high
            };
            let after: Vec<&Told> = one
                .told
                .iter()
                .filter(|told| told.at >= quarter && told.at < one.over)
                .collect();
            println!(
                "  seed {:>3} {}{:>4.0} min, {:>3} ranges, {:>3} right",
                one.seed,
                if one.is_held { "held " } else { "     " },
                whole.as_secs_f64() / 60.0,
                after.len(),
                after.iter().copied().filter(inside).count(),
            );
        }
    }
    widths.sort_unstable_by(f64::total_cmp);
    let median = widths.get(widths.len() / 2).copied().unwrap_or_default();
    let of_all = |count: u32| f64::from(count) / f64::from(total.max(1));
    let share = of_all(hits);
    println!(
        "{name}: {} upgrades, {total} ranges from a quarter of the way on: {:.1} % held the true end, {:.1} % ended \
         sooner, {:.1} % later; median width {median:.1} min",
        chosen.len(),
        share * 100.0,
        of_all(sooner) * 100.0,
        of_all(later) * 100.0,
    );
    share
}

/// Watches one upgrade from its beginning to its end.
async fn upgrade(seed: u64) -> Ended {
    let mut random = fastrand::Rng::with_seed(seed.wrapping_mul(7_919).wrapping_add(11));
    let is_held = random.u8(..100) < 33;
    let scenario = Scenario::parse("eta", &world(&mut random, is_held)).unwrap();
    let began: Timestamp = "2026-11-23T09:00:00Z".parse().unwrap();
    let clock = Clock::stepped(began + SignedDuration::from_mins(1));
    let simulator = RunningSimulator::start(&scenario, seed, clock.clone()).await.unwrap();
    let azure = AzureClient::try_new(AzureSettings {
        endpoint: simulator.arm_endpoint.parse().unwrap(),
        credential: Credential::given(&simulator.token).unwrap(),
        api_version: API_VERSION.to_owned(),
        clock: clock.clone(),
    })
    .unwrap();
    let inventory = handle::start(InventorySettings {
        azure: Some(azure),
        kubeconfig: None,
        subscriptions: Vec::new(),
        clock: clock.clone(),
        requests: RequestLog::new(clock.clone()),
        refresh: RefreshIntervals {
            picture: Duration::from_millis(2),
            ..RefreshIntervals::default()
        },
    });
    let id = ClusterId::from_parts("4c7d1f2a-6b0e-4d39-9a58-1e3f7b2c8d60", "rg-shop-prod", "shop-prod");
    let mut pictures = inventory.live(&id);
    let release = clock.now() + SignedDuration::from_mins(i64::from(random.u8(20..50)));
    let mut told: Vec<Told> = Vec::new();
    let mut is_released = !is_held;
    let watched = async {
        seen(&mut pictures, |picture| !picture.nodes.is_empty()).await;
        loop {
            clock.advance(STEP);
            let is_over = simulator.world.with(is_over);
            let now = clock.now();
            if is_over {
                return now;
            }
            let picture = seen(&mut pictures, |picture| picture.as_of >= now).await;
            if let Some(eta) = picture.eta {
                told.push(Told {
                    at: picture.as_of,
                    low: eta.low,
                    high: eta.high,
                });
            }
            if !is_released && now >= release {
                is_released = true;
                release_budget(&simulator);
            }
        }
    };
    let over = tokio::time::timeout(PATIENCE, watched).await.expect("it ends");
    Ended {
        seed,
        is_held,
        began,
        over,
        told,
    }
}

/// The picture that is as wanted.
async fn seen(
    pictures: &mut watch::Receiver<Arc<LivePicture>>,
    is_wanted: impl Fn(&LivePicture) -> bool,
) -> Arc<LivePicture> {
    Arc::clone(&*pictures.wait_for(|picture| is_wanted(picture)).await.unwrap())
}

fn is_over(world: &mut World) -> bool {
    let cluster = &world.clusters["shop-prod"];
    cluster.state.as_str() == "Succeeded" && cluster.pools.iter().all(|pool| pool.state.as_str() == "Succeeded")
}

fn release_budget(simulator: &RunningSimulator) {
    let budget = BudgetSpec {
        name: "checkout-pdb".to_owned(),
        min_available: Some("1".to_owned()),
        max_unavailable: None,
    };
    simulator.world.with(|world| {
        let now = world.now;
        let cluster = world.clusters.get_mut("shop-prod").unwrap();
        cluster.objects.add_budget("shop", "checkout", &budget, now);
    });
}

/// A cluster whose upgrade somebody began a minute ago.
fn world(random: &mut fastrand::Rng, is_held: bool) -> String {
    let mut text = String::from(
        "description = 'an upgrade'\ndemo_speed = 1.0\nsimulate_speed = 1.0\n\
         [[subscriptions]]\nname = 'retail'\nid = '4c7d1f2a-6b0e-4d39-9a58-1e3f7b2c8d60'\n\
         [[clusters]]\nname = 'shop-prod'\nresource_group = 'rg-shop-prod'\nsubscription = 'retail'\n\
         location = 'westeurope'\nversion = '1.34.4'\n",
    );
    let surges = ["1", "1", "2", "33%", "50%"];
    for (pool, mode, most) in [("system", "System", 3), ("apps", "User", 12), ("batch", "User", 5)] {
        let _ = write!(
            text,
            "[[clusters.pools]]\nname = '{pool}'\nmode = '{mode}'\ncount = {}\nvm_size = 'Standard_D4s_v5'\n\
             image_release = '202610.19.0'\nmax_surge = '{}'\nsoak_minutes = {}\ndrain_timeout_minutes = 60\n",
            random.u32(2..=most),
            surges[random.usize(..surges.len())],
            [0, 0, 0, 2, 5][random.usize(..5)],
        );
    }
    for number in 0..random.u32(2..=5) {
        let _ = write!(
            text,
            "[[clusters.workloads]]\nnamespace = 'shop'\nname = 'web-{number}'\nreplicas = {}\npools = ['apps']\n\
             start_seconds = {}\nstop_seconds = {}\nmax_unavailable = '1'\n",
            random.u32(2..=6),
            random.u32(10..=120),
            random.u32(5..=240),
        );
    }
    let _ = write!(
        text,
        "[[clusters.workloads]]\nnamespace = 'shop'\nname = 'checkout'\nreplicas = 2\npools = ['apps']\n\
         min_available = '{}'\n[[clusters.history]]\nminutes_ago = 1\nstart = 'upgrade'\nto = '1.35.5'\n",
        if is_held { 2 } else { 1 },
    );
    text
}
