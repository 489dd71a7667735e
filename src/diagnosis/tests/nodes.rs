//! One broken thing each: nodes that do not come, limits, leftovers, the control plane, waits, stalls.

use std::time::Duration;

use super::world::{NEW, OLD, WEB1, WEB2, WEB3, World, at, node};
use crate::diagnosis::cause::{Confidence, Impact};
use crate::domain::cluster::UpgradeOffer;
use crate::domain::event::EventKind;
use crate::domain::node::Readiness;
use crate::domain::provisioning::ProvisioningState;
use crate::domain::subject::Subject;
use crate::domain::survey::{
    ApiServerHealth, Condition, RunningOperation, ScaleSetMachine, SubnetFact, UsageFact, VmSizeFact, WindowFact,
};
use crate::progress::picture::NodePhase;

const SURGE: &str = "aks-web-1-vmss000009";

fn machine(bootstrap: &str) -> ScaleSetMachine {
    ScaleSetMachine {
        pool: Some("web".into()),
        computer_name: SURGE.into(),
        provisioning_state: ProvisioningState::Failed,
        statuses: vec!["ProvisioningState/failed".into()],
        bootstrap: Some(bootstrap.into()),
    }
}

#[test]
fn a_machine_tells_why_its_node_never_joined() {
    let check = |words: &str, code: &str, meaning: &str| {
        let mut world = World::upgrading();
        world.survey.azure.machines = Ok(vec![machine(words)]);
        let cause = world.top(code);
        assert_eq!(cause.confidence, Confidence::Confirmed);
        assert_eq!(cause.subjects[0], Subject::node(&SURGE.into()));
        assert!(cause.headline.contains(meaning), "{}", cause.headline);
    };
    check(
        "command terminated with exit status=50",
        "cse-outbound",
        "ERR_OUTBOUND_CONN_FAIL",
    );
    check("{ \"ExitCode\": \"52\" }", "cse-apiserver-dns", "not resolvable");
    check("exit status=34", "cse-kubelet", "kubelet did not start");
    check("exit status=103", "cse-kubelet", "bad sysctl");
    check("exit status=100", "node-never-joined", "provision script never arrived");
    check("exit status=84", "cse-gpu", "nvidia-modprobe");
}

#[test]
fn a_machine_whose_node_is_up_says_nothing() {
    let mut world = World::upgrading();
    let mut old_words = machine("exit status=50");
    old_words.computer_name = WEB3.into();
    world.survey.azure.machines = Ok(vec![old_words]);
    assert!(world.codes().is_empty());
}

#[test]
fn nodes_that_stay_away_or_not_ready() {
    let mut world = World::upgrading();
    world.progress(SURGE, NodePhase::Stuck, -18).is_surge = true;
    world.progress(SURGE, NodePhase::Stuck, -18).is_ready = None;
    let cause = world.top("node-never-joined");
    assert_eq!(cause.nodes, [SURGE.into()]);

    let mut world = World::upgrading();
    let mut sick = node(SURGE, "web", NEW, -15);
    sick.node.readiness = Readiness::NotReady {
        reason: "KubeletNotReady".into(),
        message: "cni plugin not initialized".into(),
    };
    world.survey.kubernetes.nodes.as_mut().unwrap().push(sick);
    let cause = world.top("surge-node-notready");
    assert!(cause.headline.contains("cni plugin"), "{}", cause.headline);
}

/// An upgrade in which nothing began.
fn not_begun() -> World {
    let mut world = World::upgrading();
    world.node(WEB3).node.version = OLD.parse().ok();
    world.node(WEB3).node.created_at = Some(at(-5000));
    world.progress(WEB3, NodePhase::Waiting, -20);
    world
}

#[test]
fn no_surge_node_because_of_a_limit() {
    let mut world = not_begun();
    world.survey.azure.vm_sizes = Ok(vec![VmSizeFact {
        name: "Standard_D4s_v5".into(),
        family: "standardDSv5Family".into(),
        vcpus: 4,
        memory_bytes: 0,
        max_data_disks: None,
        zones: Vec::new(),
        restricted_in: Vec::new(),
    }]);
    world.survey.azure.compute_usage = Ok(vec![UsageFact {
        name: "standardDSv5Family".into(),
        used: 98,
        limit: 100,
    }]);
    let cause = world.top("quota-vcpu");
    assert!(cause.headline.contains("98 of 100"), "{}", cause.headline);
    assert_eq!(cause.remedies[0], "in-place", "not even one surge node fits");
    world.survey.azure.vm_sizes.as_mut().unwrap()[0].restricted_in = vec!["*".into()];
    world.survey.azure.compute_usage = Ok(Vec::new());
    world.top("sku-capacity");
}

#[test]
fn no_surge_node_because_of_a_full_subnet() {
    let mut world = not_begun();
    let id = "/subscriptions/s/vnets/v/subnets/nodes".to_owned();
    let subnet = SubnetFact {
        id: id.clone(),
        prefix: "10.0.0.0/28".into(),
        limit: 11,
        used: 11,
        provisioning_state: ProvisioningState::Succeeded,
        route_table: None,
        security_group: None,
        nat_gateway: None,
        delegations: Vec::new(),
    };
    world.survey.azure.subnets.insert(id, Ok(subnet));
    let cause = world.top("subnet-full");
    assert_eq!(cause.confidence, Confidence::Confirmed);
    let mut begun = World::upgrading();
    begun.survey.azure.subnets = world.survey.azure.subnets;
    assert!(begun.codes().is_empty(), "nodes come, so the subnet is not what holds");
}

#[test]
fn quarantined_nodes_use_the_surge_up() {
    let mut world = World::upgrading();
    for name in [WEB1, WEB2] {
        world.node(name).node.is_cordoned = true;
    }
    world.node(WEB1).node.is_quarantined = true;
    world.node(WEB2).node.is_cordoned = false;
    let codes = world.codes();
    assert_eq!(codes, ["surge-exhausted-by-blocked-nodes", "node-quarantined"]);
    let mut world = World::quiet();
    world.node(WEB1).node.is_cordoned = true;
    world.node(WEB1).node.is_quarantined = true;
    assert_eq!(world.top("node-quarantined").remedies[0], "unquarantine");
}

#[test]
fn what_an_upgrade_left_behind() {
    let mut world = World::quiet();
    world.node(WEB1).node.is_cordoned = true;
    world.pool("web").provisioning_state = ProvisioningState::Canceled;
    let cause = world.top("node-left-cordoned");
    assert_eq!(
        (cause.confidence, cause.impact),
        (Confidence::Confirmed, Impact::Slower)
    );

    let mut world = World::quiet();
    world.node(WEB2).node.version = OLD.parse().ok();
    let cause = world.top("arm-ahead-of-nodes");
    assert_eq!(cause.nodes, [WEB2.into()]);
    assert_eq!(cause.remedies[0], "retry-upgrade");

    let mut world = World::quiet();
    world.pool("web").provisioning_state = ProvisioningState::Failed;
    let cause = world.top("failed-state-left");
    assert_eq!((cause.impact, cause.remedies[0].as_str()), (Impact::None, "reconcile"));
    assert!(cause.headline.contains("nodes are fine"), "{}", cause.headline);
    world.node(WEB2).node.version = OLD.parse().ok();
    assert_eq!(world.top("failed-state-left").remedies[0], "retry-upgrade");
}

#[test]
fn nodes_that_could_not_be_rebuilt_or_removed() {
    for (words, code) in [
        ("Failed to reimage node aks-web-1-vmss000001: x", "reimage-failed"),
        (
            "Unable to delete node aks-web-1-vmss000001 from API server",
            "node-delete-failed",
        ),
    ] {
        let mut world = World::upgrading();
        world.node(WEB1).node.is_cordoned = true;
        world.say(EventKind::Warning, "Upgrade", ("Node", WEB1), words);
        assert_eq!(world.top(code).nodes, [WEB1.into()]);
        world.node(WEB1).node.is_cordoned = false;
        assert!(world.codes().is_empty(), "{code}: it was done after all");
    }
}

#[test]
fn the_platform_works_on_nodes_meanwhile() {
    let mut world = World::upgrading();
    world
        .say(
            EventKind::Normal,
            "NodeRebootStart",
            ("Node", WEB2),
            "auto-repair reboots",
        )
        .source = "aks-auto-repair".into();
    world.top("autorepair-fights");

    let mut world = World::upgrading();
    world.node(WEB2).conditions.push(Condition {
        kind: "VMEventScheduled".into(),
        status: "True".into(),
        reason: "RedeploySchedule".into(),
        message: "in 10 minutes".into(),
        since: None,
    });
    world.top("vm-maintenance");

    let mut world = World::upgrading();
    world.pool("web").is_spot = true;
    world.say(
        EventKind::Warning,
        "PreemptScheduled",
        ("Node", WEB2),
        "spot eviction in 30 s",
    );
    world.top("spot-eviction");
}

#[test]
fn the_control_plane_in_trouble() {
    let mut world = World::quiet();
    world.survey.kubernetes.health = Ok(ApiServerHealth {
        etcd_bytes: Some(7_900_000_000),
        object_counts: vec![("events".into(), 900_000)],
        ..ApiServerHealth::default()
    });
    assert!(world.top("etcd-full").headline.contains("events 900000"));

    let mut world = World::quiet();
    world.survey.kubernetes.health.as_mut().unwrap().certificate_ends = Some(at(-5));
    assert_eq!(world.top("cert-expired").impact, Impact::ApiServerAtRisk);

    let mut world = World::quiet();
    world.survey.kubernetes.flow_schemas = Ok(vec!["aks-managed-apiserver-guard".into()]);
    assert_eq!(world.top("apiserver-overload").confidence, Confidence::Confirmed);

    let mut world = World::quiet();
    world.cluster().provisioning_state = ProvisioningState::Upgrading;
    world.survey.kubernetes.server_version = Ok(OLD.parse().unwrap());
    let mut picture = crate::progress::picture::LivePicture::empty(at(0));
    picture.is_running = true;
    picture.running_since = Some(at(-45));
    world.picture = Some(picture);
    assert!(world.top("control-plane-slow").headline.contains("45 min"));
    world.usual.control_plane = Some(Duration::from_mins(40));
    assert!(world.codes().is_empty(), "this cluster is always slow");
}

#[test]
fn azures_own_word_says_since_when_on_a_first_look() {
    let mut world = World::quiet();
    world.cluster().provisioning_state = ProvisioningState::Upgrading;
    world.survey.kubernetes.server_version = Ok(OLD.parse().unwrap());
    assert!(world.codes().is_empty(), "nobody says since when");
    world.survey.azure.running_operation = Ok(Some(RunningOperation {
        started_at: at(-75),
        name: "latest".into(),
    }));
    assert_eq!(world.top("control-plane-slow").since, Some(at(-75)));
}

#[test]
fn an_upgrade_that_azure_gave_up_is_told_though_it_says_canceled() {
    let mut world = World::failed(
        "UpgradeFailed",
        "Cordoned nodes have used all surge nodes but there are more nodes to be upgraded.",
    );
    world.pool("web").provisioning_state = ProvisioningState::Canceled;
    world.node(WEB1).node.is_cordoned = true;
    world.node(WEB1).node.is_quarantined = true;
    assert_eq!(world.codes()[0], "surge-exhausted-by-blocked-nodes");
}

#[test]
fn a_stall_is_found_without_any_error() {
    let stalled = |minutes: i64| {
        let mut world = World::upgrading();
        world.picture.as_mut().unwrap().running_since = Some(at(-minutes));
        world.node(WEB3).node.created_at = Some(at(-minutes));
        for name in [WEB1, WEB2, WEB3] {
            world.progress(name, NodePhase::Waiting, -minutes);
        }
        world.progress(WEB1, NodePhase::Cordoned, -minutes);
        world
    };
    let cause = stalled(25).top("stall-no-progress");
    assert_eq!(cause.nodes, [WEB1.into()]);
    assert!(stalled(12).codes().is_empty());
    let mut usual = stalled(25);
    usual.usual.node = Some(Duration::from_mins(20));
    assert!(usual.codes().is_empty(), "a node takes that long here");
    let mut soaking = stalled(25);
    soaking.pool("web").upgrade_settings.node_soak_minutes = Some(30);
    soaking.progress(WEB1, NodePhase::Soaking, -25);
    assert_eq!(soaking.codes(), ["soak-wait"]);
}

#[test]
fn reads_that_azure_or_the_server_refuses_for_load_are_evidence() {
    let failed = |why: &str| crate::domain::survey::Unread::Failed { why: why.into() };
    let mut world = World::upgrading();
    world.survey.azure.machines = Err(failed("429 TooManyRequestsReceived: slow down"));
    assert_eq!(world.top("throttled-arm").confidence, Confidence::Likely);

    let mut world = World::upgrading();
    world.survey.kubernetes.budgets = Err(failed(
        "the server has received too many requests and has asked us to try again later",
    ));
    assert_eq!(world.top("apiserver-overload").confidence, Confidence::Likely);
}

#[test]
fn a_limit_is_seen_at_the_first_look_where_the_scale_set_shows_no_new_machine() {
    let mut world = not_begun();
    world.picture.as_mut().unwrap().running_since = Some(at(0));
    world.survey.azure.compute_usage = Ok(vec![UsageFact {
        name: "cores".into(),
        used: 98,
        limit: 100,
    }]);
    assert!(world.codes().is_empty(), "a surge node may be on its way");
    let mut old = machine("Enable succeeded");
    old.computer_name = WEB1.into();
    old.provisioning_state = ProvisioningState::Succeeded;
    world.survey.azure.machines = Ok(vec![old]);
    world.top("quota-vcpu");
}

#[test]
fn a_failed_machine_without_telling_words_is_still_a_node_that_never_joined() {
    let mut world = World::upgrading();
    let mut silent = machine("");
    silent.bootstrap = None;
    world.survey.azure.machines = Ok(vec![silent]);
    assert_eq!(world.top("node-never-joined").nodes, [SURGE.into()]);
}

#[test]
fn an_automatic_upgrade_that_cannot_begin() {
    let mut world = World::quiet();
    world.cluster().auto_upgrade.kubernetes_channel = Some("stable".into());
    world.survey.azure.upgrades.as_mut().unwrap().control_plane = vec![UpgradeOffer {
        version: "1.35.1".parse().unwrap(),
        is_preview: false,
    }];
    assert!(world.codes().is_empty(), "it only waits for its window");
    world.survey.azure.windows = Ok(vec![WindowFact {
        name: "aksManagedAutoUpgradeSchedule".into(),
        schedule: "weekly on Sunday".into(),
        openings: Vec::new(),
        not_allowed: Vec::new(),
        duration_hours: Some(2),
    }]);
    assert_eq!(world.top("auto-upgrade-not-started").remedies[0], "extend-window");
}
