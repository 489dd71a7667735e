//! One broken thing each, in an upgrade that otherwise goes well: budgets, pods, volumes, webhooks, system workloads.

use super::world::{NEW, WEB1, WEB2, WEB3, World, at, budget, homeless_pod, pod, waiting_pod, workload};
use crate::diagnosis::cause::{Confidence, Impact};
use crate::domain::disruption::LabelSelector;
use crate::domain::event::EventKind;
use crate::domain::node::Readiness;
use crate::domain::provisioning::ProvisioningState;
use crate::domain::subject::{ObjectRef, Subject};
use crate::domain::survey::{ApiServiceFact, AttachmentFact, PodVolume, VolumeFact, WebhookFact};

fn draining() -> World {
    let mut world = World::upgrading();
    world.drain(WEB1, -12);
    world
}

#[test]
fn a_budget_that_never_allows_holds_all_its_nodes_as_one_cause() {
    let mut world = draining();
    world.drain(WEB2, -8);
    world.add_budget(budget("web", 2, 2, 2));
    world.add_pod(pod("web-a", "web", Some(WEB1)));
    world.add_pod(pod("web-b", "web", Some(WEB2)));
    let cause = world.top("drain-blocked-by-pdb");
    assert_eq!(cause.confidence, Confidence::Confirmed);
    assert_eq!(
        cause.subjects[0],
        Subject::object("policy/v1", "PodDisruptionBudget", "shop", "web-pdb")
    );
    assert_eq!(cause.nodes.len(), 2);
    assert!(cause.headline.contains("2 nodes are held"), "{}", cause.headline);
    assert_eq!((cause.since, cause.deadline), (Some(at(-12)), Some(at(18))));
    assert_eq!(
        cause.remedies[0], "scale-up-workload",
        "one pod more helps an absolute number"
    );
    assert!(cause.evidence[0].words.contains("disruptionsAllowed 0"));
}

#[test]
fn a_budget_of_no_disruption_is_relaxed_rather_than_scaled() {
    let mut world = draining();
    let mut none = budget("web", 3, 3, 3);
    none.min_available = None;
    none.max_unavailable = Some("0".into());
    world.add_budget(none);
    world.add_pod(pod("web-a", "web", Some(WEB1)));
    assert_eq!(world.top("drain-blocked-by-pdb").remedies[0], "pdb-relax");
}

#[test]
fn unready_pods_use_a_budget_up() {
    let mut world = draining();
    world.add_budget(budget("web", 2, 2, 3));
    world.add_pod(pod("web-a", "web", Some(WEB1)));
    world.add_pod(pod("web-b", "web", Some(WEB2)));
    world.add_pod(waiting_pod(
        "web-c",
        "web",
        WEB2,
        ("CrashLoopBackOff", "back-off 5m0s"),
        -40,
    ));
    let cause = world.top("drain-blocked-by-unready-pods");
    assert!(
        cause.headline.contains("web-c") && cause.headline.contains("CrashLoopBackOff"),
        "{}",
        cause.headline
    );
    assert_eq!(cause.remedies[0], "fix-unready-pods");
    assert!(cause.subjects.contains(&Subject::object("v1", "Pod", "shop", "web-c")));
}

#[test]
fn a_budget_over_pods_that_could_not_be_made_again_is_not_one_that_never_allows() {
    let mut world = draining();
    world.add_budget(budget("web", 2, 2, 2));
    world.add_pod(pod("web-a", "web", Some(WEB1)));
    world.add_pod(pod("web-b", "web", Some(WEB2)));
    let mut deployment = workload("web", 3);
    deployment.namespace = "shop".into();
    deployment.pod_labels = std::collections::BTreeMap::from([("app".into(), "web".into())]);
    world.survey.kubernetes.workloads.as_mut().unwrap().push(deployment);
    assert_eq!(world.codes(), ["drain-blocked-by-unready-pods"]);
    world.survey.kubernetes.webhooks = Ok(vec![webhook("CREATE pods", 0)]);
    assert_eq!(
        world.codes(),
        ["webhook-fails-closed"],
        "that is why none could be made"
    );
}

#[test]
fn two_budgets_on_one_pod() {
    let mut world = draining();
    world.add_budget(budget("web", 1, 3, 3));
    let mut second = budget("web", 1, 3, 3);
    second.name = "web-pdb-2".into();
    world.add_budget(second);
    world.add_pod(pod("web-a", "web", Some(WEB1)));
    let cause = world.top("pdb-more-than-one");
    assert!(cause.headline.contains("web-pdb-2"));
    assert_eq!(cause.remedies[0], "merge-pdbs");
}

#[test]
fn a_cause_that_has_gone_away_disappears() {
    let mut world = draining();
    world.add_budget(budget("web", 2, 2, 2));
    world.add_pod(pod("web-a", "web", Some(WEB1)));
    world.top("drain-blocked-by-pdb");
    let budgets = world.survey.kubernetes.budgets.as_mut().unwrap();
    budgets[0].budget = budget("web", 2, 3, 3);
    assert!(world.codes().is_empty());
}

#[test]
fn slow_and_stuck_pods_are_told_apart() {
    let mut world = draining();
    let mut leaving = pod("db-0", "db", Some(WEB1));
    leaving.grace_seconds = 3600;
    leaving.pod.deletion_at = Some(at(50));
    world.add_pod(leaving);
    let cause = world.top("drain-slow-grace");
    assert_eq!(cause.impact, Impact::Stalled, "it ends behind the drain timeout");
    assert_eq!(cause.remedies[0], "raise-drain-timeout");

    let mut world = draining();
    let mut stuck = pod("db-0", "db", Some(WEB1));
    stuck.pod.deletion_at = Some(at(-6));
    stuck.pod.finalizers = vec!["acme.io/backup".into()];
    world.add_pod(stuck);
    let cause = world.top("terminating-stuck");
    assert!(cause.headline.contains("acme.io/backup"));
    assert_eq!(cause.remedies[0], "remove-finalizer");

    world.survey.kubernetes.pods.as_mut().unwrap()[0].pod.finalizers.clear();
    world.node(WEB1).node.readiness = Readiness::Unknown;
    assert_eq!(world.top("terminating-stuck").remedies[0], "reimage-node");
}

#[test]
fn pods_without_a_node_are_told_by_reason() {
    let check = |words: &str, expected: &str, remedy: &str| {
        let mut world = draining();
        world.add_pod(homeless_pod("web-z", words, -8));
        let cause = world.top(expected);
        assert_eq!(cause.subjects[0], Subject::object("v1", "Pod", "shop", "web-z"));
        assert_eq!(cause.remedies[0], remedy);
    };
    let room = "0/4 nodes are available: 1 node(s) had untolerated taint {CriticalAddonsOnly: }, 3 Insufficient cpu.";
    check(room, "pending-no-room", "scale-pool-up");
    check(
        "0/2 nodes are available: 2 node(s) were unschedulable.",
        "pending-no-room",
        "scale-pool-up",
    );
    let zone = "0/4 nodes are available: 2 node(s) had volume node affinity conflict, 2 node(s) were unschedulable.";
    check(zone, "pending-zonal-volume", "scale-pool-zone");
    let pinned = "0/4 nodes are available: 4 node(s) didn't match Pod's node affinity/selector.";
    check(pinned, "pending-constraint", "fix-scheduling");
}

#[test]
fn a_disk_on_the_old_node() {
    let mut world = draining();
    let mut waiting = waiting_pod("db-0", "db", WEB3, ("ContainerCreating", ""), -7);
    waiting.volumes = vec![PodVolume::Claim { name: "data".into() }];
    world.add_pod(waiting);
    world.survey.kubernetes.volumes = Ok(vec![VolumeFact {
        name: "pvc-1".into(),
        claim: Some("shop/data".into()),
        driver: "disk.csi.azure.com".into(),
        zones: Vec::new(),
        nodes: Vec::new(),
        is_single_writer: true,
    }]);
    world.survey.kubernetes.attachments = Ok(vec![AttachmentFact {
        name: "csi-1".into(),
        volume: "pvc-1".into(),
        node: WEB1.into(),
        is_attached: true,
        is_being_deleted: false,
        error: None,
    }]);
    let cause = world.top("volume-multiattach");
    assert!(
        cause.headline.contains("pvc-1") && cause.headline.contains(WEB1),
        "{}",
        cause.headline
    );
}

#[test]
fn an_image_that_only_new_nodes_cannot_pull() {
    let mut world = World::upgrading();
    world.add_pod(pod("web-a", "web", Some(WEB2)));
    world.add_pod(waiting_pod(
        "web-b",
        "web",
        WEB3,
        ("ImagePullBackOff", "unauthorized"),
        -4,
    ));
    let cause = world.top("image-pull-new-node");
    assert_eq!(cause.confidence, Confidence::Confirmed);
    assert!(cause.headline.contains("web:1.2"), "{}", cause.headline);
    world.add_pod(waiting_pod(
        "web-c",
        "web",
        WEB1,
        ("ImagePullBackOff", "unauthorized"),
        -4,
    ));
    world.survey.kubernetes.pods.as_mut().unwrap().remove(0);
    assert!(
        world.codes().is_empty(),
        "old nodes cannot pull it either: a bad image, not the upgrade"
    );
}

#[test]
fn an_application_that_breaks_only_on_new_nodes() {
    let mut world = World::upgrading();
    world.add_pod(pod("web-a", "web", Some(WEB2)));
    let mut crashing = waiting_pod("web-b", "web", WEB3, ("CrashLoopBackOff", "back-off"), -9);
    crashing.containers[0].restarts = 5;
    crashing.containers[0].last_end = Some("OOMKilled (137)".into());
    world.add_pod(crashing);
    let cause = world.top("app-breaks-on-new");
    assert!(
        cause.headline.contains("OOMKilled") && cause.headline.contains(NEW),
        "{}",
        cause.headline
    );
    world.add_pod(pod("web-c", "web", Some(WEB3)));
    assert!(world.codes().is_empty(), "another pod of it runs on a new node");
    world.survey.kubernetes.pods.as_mut().unwrap().pop();
    world.pool("web").provisioning_state = ProvisioningState::Succeeded;
    let codes = world.codes();
    assert!(
        !codes.contains(&"app-breaks-on-new".to_owned()),
        "one pod on a quiet cluster is chance"
    );
    let mut second = world.survey.kubernetes.pods.as_ref().unwrap()[1].clone();
    second.pod.name = "web-d".into();
    world.add_pod(second);
    assert_eq!(world.codes()[0], "app-breaks-on-new");
}

fn webhook(rule: &str, endpoints: usize) -> WebhookFact {
    WebhookFact {
        configuration_kind: "ValidatingWebhookConfiguration".into(),
        configuration: "guard".into(),
        name: "guard.acme.io".into(),
        failure_policy: "Fail".into(),
        timeout_seconds: 10,
        rules: vec![rule.into()],
        service: Some(("acme".into(), "guard".into())),
        ready_endpoints: Some(endpoints),
        covers_system: true,
        managed_by: None,
    }
}

#[test]
fn a_webhook_without_backend_refuses_pods() {
    let mut world = draining();
    world.survey.kubernetes.webhooks = Ok(vec![webhook("CREATE pods", 0)]);
    let cause = world.top("webhook-fails-closed");
    assert_eq!(
        cause.subjects[0],
        Subject::Object {
            object: ObjectRef::of_cluster(
                "admissionregistration.k8s.io/v1",
                "ValidatingWebhookConfiguration",
                "guard"
            )
        }
    );
    assert_eq!(cause.impact, Impact::WorkloadAtRisk);
    let mut starting = waiting_pod("guard-a", "guard", WEB3, ("ContainerCreating", ""), -1);
    starting.pod.namespace = "acme".into();
    world.add_pod(starting);
    assert!(world.codes().is_empty(), "its backend is just being moved");
    world.survey.kubernetes.webhooks = Ok(vec![webhook("CREATE pods", 2)]);
    assert!(world.codes().is_empty());
}

#[test]
fn a_webhook_that_denies_evictions() {
    let mut world = draining();
    world.survey.kubernetes.webhooks = Ok(vec![webhook("CREATE pods/eviction", 2)]);
    let words = "Drain node failed: admission webhook \"guard.acme.io\" denied the request: wait";
    world.say(EventKind::Warning, "Drain", ("Node", WEB1), words);
    let cause = world.top("eviction-denied-by-webhook");
    assert_eq!(cause.confidence, Confidence::Confirmed);
    assert_eq!(cause.remedies[0], "retry-upgrade");
}

#[test]
fn dns_and_the_tunnel_are_watched() {
    let mut world = World::upgrading();
    world.workload("coredns").ready = 0;
    let mut sick = waiting_pod("coredns-a", "coredns", WEB3, ("CrashLoopBackOff", "x"), -9);
    sick.pod.namespace = "kube-system".into();
    world.add_pod(sick);
    let cause = world.top("coredns-degraded");
    assert_eq!(
        cause.subjects[0],
        Subject::object("apps/v1", "Deployment", "kube-system", "coredns")
    );

    let mut world = World::upgrading();
    world.workload("konnectivity-agent").ready = 0;
    world.survey.kubernetes.api_services = Ok(vec![ApiServiceFact {
        name: "v1beta1.metrics.k8s.io".into(),
        is_available: false,
        message: "failing or missing response".into(),
    }]);
    assert_eq!(world.top("konnectivity-down").remedies[0], "restart-konnectivity");
}

#[test]
fn a_replaced_workload_of_the_same_name_elsewhere_is_not_dns() {
    let mut world = World::upgrading();
    let mut other = workload("coredns", 2);
    other.namespace = "shop".into();
    other.ready = 0;
    other.selector = LabelSelector::default();
    world.survey.kubernetes.workloads.as_mut().unwrap().push(other);
    assert!(world.codes().is_empty());
}

#[test]
fn pods_on_new_nodes_without_an_address() {
    let mut world = World::upgrading();
    world.add_pod(waiting_pod("web-b", "web", WEB3, ("ContainerCreating", ""), -6));
    let words = "Failed to create pod sandbox: plugin type=\"azure-vnet\" failed (add): IPAM: no IPs available";
    world.say(EventKind::Warning, "FailedCreatePodSandBox", ("Pod", "web-b"), words);
    assert_eq!(world.top("sandbox-no-ip").confidence, Confidence::Confirmed);
    world.survey.kubernetes.pods.as_mut().unwrap()[0].pod.phase = "Running".into();
    assert!(world.codes().is_empty(), "it got one after all");
}
