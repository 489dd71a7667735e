//! Missing rights, missing events, Azure only, Kubernetes only: still right, or said to be unknown.

use super::world::{WEB1, World, at, budget, pod};
use crate::diagnosis::cause::Confidence;
use crate::domain::disruption::{BudgetReason, Hold, HoldCause};
use crate::domain::event::EventKind;
use crate::domain::survey::{Survey, Unread, not_asked};

fn denied<T>() -> Result<T, Unread> {
    Err(Unread::Denied {
        right: "list poddisruptionbudgets".into(),
        why: "forbidden".into(),
    })
}

#[test]
fn azure_alone_gives_the_texts_cause() {
    let mut world = World::failed(
        "UpgradeFailed",
        "Drain node aks-web-1-vmss000001 failed when evicting pod web-a failed with Too Many Requests error. PDB debug info: \
         shop/web-a blocked by pdb web-pdb (MinAvailable: 2) with 0 unready pods.",
    );
    let cluster = world.survey.azure.cluster.clone();
    world.survey = Survey::empty(world.survey.cluster.clone(), at(0));
    world.survey.azure.cluster = cluster;
    let diagnosis = world.diagnose();
    assert_eq!(diagnosis.causes[0].code, "drain-blocked-by-pdb");
    assert_eq!(diagnosis.causes[0].confidence, Confidence::Likely);
    assert!(diagnosis.blind_spots.iter().any(|spot| spot.contains("pods")));
}

#[test]
fn kubernetes_alone_gives_the_live_cause() {
    let mut world = World::upgrading();
    world.survey.azure = crate::domain::survey::AzureSurvey::default();
    world.drain(WEB1, -12);
    world.add_budget(budget("web", 1, 1, 1));
    world.add_pod(pod("web-a", "web", Some(WEB1)));
    assert_eq!(world.top("drain-blocked-by-pdb").confidence, Confidence::Confirmed);
    world.picture = None;
    world.say(
        EventKind::Normal,
        "Drain",
        ("Node", WEB1),
        "Draining node: aks-web-1-vmss000001",
    );
    assert_eq!(world.top("drain-blocked-by-pdb").confidence, Confidence::Confirmed);
}

#[test]
fn without_the_right_to_read_budgets_events_are_believed_less() {
    let mut world = World::upgrading();
    world.drain(WEB1, -12);
    world.add_pod(pod("web-a", "web", Some(WEB1)));
    world.survey.kubernetes.budgets = denied();
    world.say(
        EventKind::Warning,
        "Drain",
        ("Node", WEB1),
        "Eviction blocked by Too Many Requests (usually a pdb): web-a",
    );
    let cause = world.top("drain-blocked-by-pdb");
    assert_eq!(cause.confidence, Confidence::Likely);
    assert!(cause.headline.contains("web-a"));
    let spots = world.diagnose().blind_spots;
    assert!(
        spots.iter().any(|spot| spot.contains("list poddisruptionbudgets")),
        "{spots:?}"
    );
}

#[test]
fn without_pods_the_watches_are_believed() {
    let mut world = World::upgrading();
    world.drain(WEB1, -12);
    world.survey.kubernetes.pods = denied();
    let held = Hold {
        namespace: "shop".into(),
        pod: "web-a".into(),
        owner: None,
        cause: HoldCause::Budget {
            budget: budget("web", 1, 1, 1),
            reason: BudgetReason::NeverAllows,
        },
    };
    let picture = world.picture.as_mut().unwrap();
    let row = picture.nodes.get_mut(&WEB1.into()).unwrap();
    row.drain.as_mut().unwrap().holds.push(held);
    assert_eq!(world.top("drain-blocked-by-pdb").confidence, Confidence::Likely);
}

#[test]
fn events_tell_what_pods_would_have_told() {
    let mut world = World::upgrading();
    world.survey.kubernetes.pods = denied();
    let words = "0/4 nodes are available: 1 node(s) were unschedulable, 3 Insufficient cpu.";
    world.say(EventKind::Warning, "FailedScheduling", ("Pod", "web-z"), words);
    let cause = world.top("pending-no-room");
    assert_eq!(cause.confidence, Confidence::Possible);
    world.survey.kubernetes.pods = Ok(Vec::new());
    assert!(world.codes().is_empty(), "no pod waits");
}

#[test]
fn nothing_read_is_unknown_and_says_so() {
    let diagnosis = World::blind().diagnose();
    assert!(diagnosis.causes.is_empty());
    assert_eq!(diagnosis.blind_spots.len(), 2, "{:?}", diagnosis.blind_spots);
    let mut world = World::quiet();
    world.survey.kubernetes.webhooks = not_asked();
    let spots = world.diagnose().blind_spots;
    assert!(
        spots[0].contains("webhooks") && spots[0].contains("not asked"),
        "{spots:?}"
    );
    let mut world = World::quiet();
    world.survey.azure.vm_sizes = not_asked();
    let is_told = |world: &World| {
        world
            .diagnose()
            .blind_spots
            .iter()
            .any(|spot| spot.contains("VM sizes"))
    };
    assert!(!is_told(&world), "no diagnosis asks for them");
    world.survey.azure.vm_sizes = denied();
    assert!(is_told(&world));
}

#[test]
fn a_text_nobody_knows_is_shown_as_it_is() {
    let world = World::failed("UpgradeFailed", "The flux capacitor of node pool web is empty.");
    let diagnosis = world.diagnose();
    assert_eq!(diagnosis.causes[0].code, "failed-state-left", "all that is known");
    assert!(diagnosis.unexplained[0].words.contains("flux capacitor"));
    let mut world = World::failed("UpgradeFailed", "?");
    world.say(
        EventKind::Warning,
        "Grumble",
        ("Node", WEB1),
        "something new happened here",
    );
    assert!(
        world
            .diagnose()
            .unexplained
            .iter()
            .any(|evidence| evidence.words.contains("something new"))
    );
}

#[test]
fn without_azure_a_silent_upgrade_with_half_done_nodes_still_runs() {
    let mut world = World::upgrading();
    world.survey.azure = crate::domain::survey::AzureSurvey::default();
    world.picture = None;
    let mut sick = super::world::node("aks-web-1-vmss000009", "web", super::world::NEW, -40);
    sick.node.readiness = crate::domain::node::Readiness::Unknown;
    world.survey.kubernetes.nodes.as_mut().unwrap().push(sick);
    assert!(world.codes().is_empty(), "nothing says that an upgrade ever ran");
    let event = world.say(
        EventKind::Normal,
        "Surge",
        ("Node", "aks-web-1-vmss000009"),
        "Created a surge node aks-web-1-vmss000009 for agentpool web",
    );
    event.last_seen = Some(at(-41));
    event.first_seen = Some(at(-41));
    world.top("surge-node-notready");
}
