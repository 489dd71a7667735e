//! The collector's state, driven by orders and news without any task.

use super::*;
use crate::azure::activity_log::ChangeAuthor;
use crate::domain::cluster::{AutoUpgrade, SupportPlan};
use crate::domain::maintenance::VERSIONS;
use crate::domain::node::{Node, Readiness};
use crate::domain::provisioning::{PowerState, ProvisioningState};
use crate::domain::survey::WindowFact;
use crate::inventory::message::AuthorQuestion;
use crate::kubernetes::watch::{WatchState, WatchUpdate, Watched};
use crate::progress::facts::Target;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + seconds).unwrap()
}

fn cluster(subscription: &str, name: &str, state: &str) -> Cluster {
    Cluster {
        id: ClusterId::from_parts(subscription, "rg", name),
        name: name.into(),
        resource_group: "rg".into(),
        subscription_id: subscription.into(),
        location: "westeurope".into(),
        requested_version: None,
        version: "1.33.5".parse().ok(),
        provisioning_state: ProvisioningState::from(state),
        power_state: PowerState::Running,
        tier: None,
        support_plan: SupportPlan::default(),
        auto_upgrade: AutoUpgrade::default(),
        fqdn: None,
        private_fqdn: None,
        node_resource_group: None,
        network: None,
        pools: Vec::new(),
        tags: BTreeMap::new(),
        force_upgrade_until: None,
        etag: None,
        error: None,
    }
}

fn id(name: &str) -> ClusterId {
    ClusterId::from_parts("s1", "rg", name)
}

fn listed(clusters: Vec<Cluster>, findings: &[&str]) -> News {
    News::Listed(Ok(ClusterListing {
        clusters,
        findings: findings.iter().map(ToString::to_string).collect(),
    }))
}

fn failed() -> ReadProblem {
    ReadProblem::Failed {
        why: "no answer".into(),
    }
}

fn names(state: &mut State, seconds: i64) -> Vec<String> {
    let published = state.publish(RequestBudget::default(), at(seconds));
    published
        .snapshot
        .clusters
        .iter()
        .map(|cluster| cluster.id.name().to_owned())
        .collect()
}

fn sessions(effects: &[Effect]) -> Vec<(String, u64)> {
    effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::StartReaders { cluster, session } => Some((cluster.name().to_owned(), *session)),
            _ => None,
        })
        .collect()
}

#[test]
fn the_list_is_loading_fresh_then_stale() {
    let mut state = State::new(true, at(0));
    let list = |state: &mut State| state.publish(RequestBudget::default(), at(0)).snapshot.list.clone();
    assert_eq!(list(&mut state), SourceState::Loading);
    state.hear(News::Listed(Err(failed())), at(0));
    assert!(matches!(list(&mut state), SourceState::Failed { .. }));
    state.hear(listed(Vec::new(), &[]), at(1));
    assert_eq!(list(&mut state), SourceState::Fresh);
    state.hear(News::Listed(Err(failed())), at(31));
    assert!(matches!(list(&mut state), SourceState::Stale { .. }));
    state.hear(News::Listed(Err(ReadProblem::Denied { why: "403".into() })), at(61));
    assert!(matches!(list(&mut state), SourceState::Denied { right, .. } if right == READ_CLUSTERS));
}

#[test]
fn deleted_clusters_go_when_the_list_is_complete_for_them() {
    let mut state = State::new(true, at(0));
    let both = || vec![cluster("s1", "a", "Succeeded"), cluster("s2", "b", "Succeeded")];
    state.hear(listed(both(), &[]), at(0));
    state.hear(listed(Vec::new(), &["the second page could not be read"]), at(100));
    assert_eq!(names(&mut state, 100), ["a", "b"], "nobody knows which page that was");
    state.hear(listed(Vec::new(), &["subscription S2 could not be read"]), at(200));
    assert_eq!(names(&mut state, 200), ["b"]);
    state.hear(listed(Vec::new(), &[]), at(300));
    assert!(names(&mut state, 300).is_empty());
}

#[test]
fn a_cluster_known_by_get_outlives_a_list_that_lags() {
    let mut state = State::new(true, at(0));
    state.order(Order::Focus(id("new")), at(0));
    state.hear(
        News::ClusterRead(id("new"), Box::new(Ok(cluster("s1", "new", "Upgrading")))),
        at(5),
    );
    state.order(Order::Unfocus(id("new")), at(6));
    state.hear(listed(Vec::new(), &[]), at(10));
    assert_eq!(names(&mut state, 10), ["new"]);
    state.hear(listed(vec![cluster("s1", "new", "Succeeded")], &[]), at(20));
    let snapshot = state.publish(RequestBudget::default(), at(20)).snapshot;
    let seen = snapshot.cluster(&id("new")).unwrap().cluster.value.clone().unwrap();
    assert_eq!(
        seen.provisioning_state,
        ProvisioningState::Upgrading,
        "the GET is newer"
    );
    state.hear(
        News::ClusterRead(id("new"), Box::new(Err(ReadProblem::NotFound { why: "404".into() }))),
        at(25),
    );
    let effects = state.hear(listed(Vec::new(), &[]), at(30));
    assert!(effects.contains(&Effect::StopReaders(id("new"))));
    assert!(names(&mut state, 30).is_empty());
}

#[test]
fn upgrading_clusters_are_watched_until_a_while_after_the_end() {
    let mut state = State::new(true, at(0));
    let effects = state.hear(listed(vec![cluster("s1", "a", "Upgrading")], &[]), at(0));
    assert_eq!(sessions(&effects), [("a".to_owned(), 1)]);
    assert!(effects.iter().any(|effect| matches!(effect, Effect::ReadRegion(_))));
    let done = || News::ClusterRead(id("a"), Box::new(Ok(cluster("s1", "a", "Succeeded"))));
    state.hear(done(), at(60));
    assert!(
        state.hear(News::Tick, at(250)).is_empty(),
        "its last state is still watched"
    );
    assert_eq!(state.hear(News::Tick, at(301)), [Effect::StopReaders(id("a"))]);
    let snapshot = state.publish(RequestBudget::default(), at(301)).snapshot;
    assert_eq!(snapshot.clusters[0].kubernetes, SourceState::NotAsked);
    assert!(snapshot.clusters[0].live.is_none());
}

#[test]
fn only_some_clusters_are_watched_unasked_but_all_have_a_picture() {
    let mut state = State::new(true, at(0));
    let many = (0..20)
        .map(|number| cluster("s1", &format!("c{number:02}"), "Upgrading"))
        .collect();
    let effects = state.hear(listed(many, &[]), at(0));
    assert_eq!(sessions(&effects).len(), MAX_AUTOMATIC);
    assert!(sessions(&state.hear(News::Tick, at(10))).is_empty());
    let snapshot = state.publish(RequestBudget::default(), at(10)).snapshot;
    assert!(snapshot.clusters.iter().all(|cluster| cluster.live.is_some()));
    assert_eq!(
        sessions(&state.order(Order::Focus(id("c19")), at(11))).len(),
        1,
        "asked for is always watched"
    );
}

#[test]
fn focus_counts_its_holders_and_lingers() {
    let mut state = State::new(true, at(0));
    state.hear(listed(vec![cluster("s1", "a", "Succeeded")], &[]), at(0));
    assert_eq!(sessions(&state.order(Order::Focus(id("a")), at(0))).len(), 1);
    assert!(sessions(&state.order(Order::Focus(id("a")), at(1))).is_empty());
    state.order(Order::Unfocus(id("a")), at(2));
    assert!(state.hear(News::Tick, at(500)).is_empty(), "one still holds it");
    state.order(Order::Unfocus(id("a")), at(501));
    assert!(state.hear(News::Tick, at(510)).is_empty());
    assert_eq!(state.hear(News::Tick, at(531)), [Effect::StopReaders(id("a"))]);
    assert_eq!(
        sessions(&state.order(Order::Focus(id("a")), at(600))),
        [("a".to_owned(), 2)]
    );
}

fn node(name: &str, is_cordoned: bool) -> Node {
    Node {
        name: name.into(),
        uid: name.into(),
        pool: None,
        version: "1.33.5".parse().ok(),
        version_text: "v1.33.5".into(),
        node_image: None,
        readiness: Readiness::Ready,
        is_cordoned,
        is_quarantined: false,
        zone: None,
        created_at: None,
        boot_id: String::new(),
    }
}

#[test]
fn watch_updates_become_pictures_and_wanted_pods() {
    let mut state = State::new(false, at(0));
    let context = ClusterId::from_context("kind-one");
    let effects = state.add_context(context.clone(), at(0));
    assert_eq!(sessions(&effects), [("kind-one".to_owned(), 1)]);
    let snapshot = state.publish(RequestBudget::default(), at(0)).snapshot;
    assert_eq!(snapshot.list, SourceState::Fresh);
    assert!(matches!(
        snapshot.clusters[0].cluster.state,
        SourceState::Unavailable { .. }
    ));
    assert_eq!(snapshot.clusters[0].kubernetes, SourceState::Loading);

    let mut tell = |session, update| {
        state.hear(
            News::Watched {
                cluster: context.clone(),
                session,
                update: Box::new(update),
            },
            at(1),
        );
        assert!(session != 1 || state.is_dirty());
        state.publish(RequestBudget::default(), at(1))
    };
    tell(
        1,
        WatchUpdate::State {
            watched: Watched::Nodes,
            state: WatchState::Live,
        },
    );
    let published = tell(1, WatchUpdate::NodesReplaced(vec![node("n1", true), node("n2", false)]));
    assert_eq!(
        published.effects,
        [Effect::WatchPods(context.clone(), BTreeSet::from(["n1".into()]))]
    );
    assert_eq!(published.live.len(), 1);
    assert_eq!(published.live[0].1.nodes.len(), 2);
    assert_eq!(published.snapshot.clusters[0].kubernetes, SourceState::Fresh);

    let is_complete = |published: &Published| published.snapshot.clusters[0].is_picture_complete();
    for watched in [Watched::Budgets, Watched::Events] {
        let published = tell(
            1,
            WatchUpdate::State {
                watched,
                state: WatchState::Live,
            },
        );
        assert!(!is_complete(&published), "the pods of the cordoned node are not read");
    }
    let read = tell(
        1,
        WatchUpdate::PodsReplaced {
            node: "n1".into(),
            pods: Vec::new(),
        },
    );
    assert!(is_complete(&read));

    let late = tell(7, WatchUpdate::NodesReplaced(Vec::new()));
    assert!(late.live.is_empty(), "what another session says changes nothing");
    let freed = tell(1, WatchUpdate::NodeApplied(node("n1", false)));
    assert_eq!(freed.effects, [Effect::WatchPods(context.clone(), BTreeSet::new())]);
}

#[test]
fn unchanged_clusters_keep_their_snapshot() {
    let mut state = State::new(true, at(0));
    state.hear(
        listed(
            vec![cluster("s1", "a", "Succeeded"), cluster("s1", "b", "Succeeded")],
            &[],
        ),
        at(0),
    );
    let first = state.publish(RequestBudget::default(), at(0)).snapshot;
    state.order(Order::Focus(id("b")), at(1));
    let second = state.publish(RequestBudget::default(), at(1)).snapshot;
    assert!(Arc::ptr_eq(&first.clusters[0], &second.clusters[0]));
    assert!(!Arc::ptr_eq(&first.clusters[1], &second.clusters[1]));
    assert!(!state.is_dirty());
}

#[test]
fn a_region_is_read_once_for_all_its_clusters() {
    let mut state = State::new(true, at(0));
    let mut elsewhere = cluster("s1", "b", "Succeeded");
    elsewhere.location = "West Europe".into();
    let regions = |effects: &[Effect]| {
        effects
            .iter()
            .filter(|effect| matches!(effect, Effect::ReadRegion(_)))
            .count()
    };
    let listing = listed(vec![cluster("s1", "a", "Succeeded"), elsewhere], &[]);
    assert_eq!(regions(&state.hear(listing, at(0))), 1, "before anybody opens one");
    assert_eq!(regions(&state.order(Order::Focus(id("a")), at(1))), 0);
    assert_eq!(regions(&state.order(Order::Focus(id("b")), at(2))), 0);
    let key = RegionKey::of(&cluster("s1", "a", "Succeeded"));
    state.hear(News::RegionRead(key, Ok(RegionVersions::default())), at(3));
    let snapshot = state.publish(RequestBudget::default(), at(3)).snapshot;
    assert!(
        snapshot
            .clusters
            .iter()
            .all(|cluster| cluster.region.state == SourceState::Fresh)
    );
    let read = || News::ClusterRead(id("a"), Box::new(Ok(cluster("s1", "a", "Succeeded"))));
    assert_eq!(regions(&state.hear(read(), at(3600))), 0);
    assert_eq!(
        regions(&state.hear(read(), at(7 * 3600))),
        1,
        "after some hours it may have changed"
    );
}

#[test]
fn a_stopped_cluster_has_no_api_server() {
    let mut state = State::new(true, at(0));
    let mut stopped = cluster("s1", "a", "Succeeded");
    stopped.power_state = PowerState::Stopped;
    state.hear(listed(vec![stopped], &[]), at(0));
    state.order(Order::Focus(id("a")), at(1));
    let snapshot = state.publish(RequestBudget::default(), at(1)).snapshot;
    assert!(matches!(&snapshot.clusters[0].kubernetes, SourceState::Unavailable { why } if why.contains("stopped")));
}

#[test]
fn the_activity_log_is_asked_about_a_few_changes_at_a_time() {
    let mut state = State::new(true, at(0));
    let questions = |effects: Vec<Effect>| -> Vec<AuthorQuestion> {
        let asked = effects.into_iter().filter_map(|effect| match effect {
            Effect::AskAuthor(question) => Some(question),
            _ => None,
        });
        asked.collect()
    };
    let mut many: Vec<Cluster> = (0..15)
        .map(|number| cluster("s1", &format!("c{number:02}"), "Upgrading"))
        .collect();
    many.push(cluster("s1", "busy", "Updating"));
    many.push(cluster("s1", "quiet", "Succeeded"));
    let first = questions(state.hear(listed(many, &[]), at(0)));
    assert_eq!(first.len(), MAX_QUESTIONS);
    assert!(questions(state.hear(News::Tick, at(10))).is_empty());
    let author = ChangeAuthor {
        caller: "bob".into(),
        at: at(-60),
        operation: "write".into(),
    };
    let told = News::AuthorTold {
        cluster: id("c00"),
        turn: first[0].turn,
        answer: Ok(Some(author.clone())),
    };
    assert_eq!(
        questions(state.hear(told, at(11))).len(),
        1,
        "the next one has its turn"
    );
    let snapshot = state.publish(RequestBudget::default(), at(11)).snapshot;
    let seen = |name: &str| snapshot.cluster(&id(name)).unwrap().change_author.clone();
    assert_eq!(seen("c00").value.as_deref(), Some(&author));
    assert_eq!(seen("c01").state, SourceState::Loading);
    assert_eq!(seen("busy").state, SourceState::NotAsked, "nobody looks at it");
    assert_eq!(seen("quiet").state, SourceState::NotAsked);
}

#[test]
fn what_our_own_execution_does_is_not_asked_about() {
    let mut state = State::new(true, at(0));
    let target = Target::default();
    state.order(Order::SetTarget(id("a"), Some(target)), at(0));
    let is_asked = |effects: Vec<Effect>| effects.iter().any(|effect| matches!(effect, Effect::AskAuthor(_)));
    assert!(!is_asked(
        state.hear(listed(vec![cluster("s1", "a", "Upgrading")], &[]), at(1))
    ));
    state.order(Order::SetTarget(id("a"), None), at(2));
    assert!(is_asked(state.hear(News::Tick, at(10))), "it goes on without us");
}

#[test]
fn the_window_of_a_running_upgrade_is_in_its_picture() {
    let mut state = State::new(true, at(0));
    state.hear(listed(vec![cluster("s1", "a", "Upgrading")], &[]), at(0));
    let window = WindowFact {
        name: VERSIONS.to_owned(),
        schedule: "every day".to_owned(),
        openings: vec![(at(-600), at(60))],
        not_allowed: Vec::new(),
        duration_hours: None,
    };
    state.hear(News::WindowsRead(id("a"), Ok(vec![window])), at(1));
    let seen = |state: &mut State, seconds| {
        let snapshot = state.publish(RequestBudget::default(), at(seconds)).snapshot;
        Arc::clone(snapshot.cluster(&id("a")).unwrap())
    };
    let first = seen(&mut state, 1);
    let fit = first.live.as_ref().unwrap().window.as_ref().unwrap();
    assert_eq!((fit.closes, fit.as_of), (at(60), at(1)));
    let denied = ReadProblem::Denied { why: "no".into() };
    state.hear(News::WindowsRead(id("a"), Err(denied)), at(2));
    let later = seen(&mut state, 2);
    assert!(matches!(&later.windows.state, SourceState::Denied { right, .. } if right == READ_WINDOWS));
    assert!(later.live.as_ref().unwrap().window.is_some(), "what was read stays");
}
