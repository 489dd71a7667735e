//! Surveys of API servers that refuse a part, lack a part, are away, or are large.

use aks_cockpit::domain::survey::{KubernetesSurvey, Reading, SurveyDepth, Unread};
use aks_cockpit::simulator::kubernetes::objects::NodeSpec;
use serde_json::json;

use super::cluster::{change, cluster};

/// Every part by name, with why it was not read; `None` where it was.
fn parts(survey: &KubernetesSurvey) -> Vec<(&'static str, Option<Unread>)> {
    fn why<T>(reading: &Reading<T>) -> Option<Unread> {
        reading.as_ref().err().cloned()
    }
    vec![
        ("version", why(&survey.server_version)),
        ("health", why(&survey.health)),
        ("nodes", why(&survey.nodes)),
        ("pods", why(&survey.pods)),
        ("budgets", why(&survey.budgets)),
        ("workloads", why(&survey.workloads)),
        ("autoscalers", why(&survey.autoscalers)),
        ("volumes", why(&survey.volumes)),
        ("attachments", why(&survey.attachments)),
        ("webhooks", why(&survey.webhooks)),
        ("api services", why(&survey.api_services)),
        ("conversions", why(&survey.conversions)),
        ("deprecated uses", why(&survey.deprecated_uses)),
        ("manifests", why(&survey.manifests)),
        ("served", why(&survey.served)),
        ("events", why(&survey.events)),
        ("requests", why(&survey.unapproved_requests)),
        ("flow schemas", why(&survey.flow_schemas)),
        ("namespaces", why(&survey.ending_namespaces)),
    ]
}

/// What is asked for, and the parts that hang on it.
const RIGHTS: [(&str, &str, &[&str]); 18] = [
    ("list", "nodes", &["nodes"]),
    ("list", "pods", &["pods"]),
    ("list", "poddisruptionbudgets", &["budgets", "manifests"]),
    ("list", "deployments", &["workloads", "manifests"]),
    ("list", "replicasets", &["workloads"]),
    ("list", "jobs", &["workloads"]),
    ("list", "horizontalpodautoscalers", &["autoscalers", "manifests"]),
    ("list", "persistentvolumes", &["volumes"]),
    ("list", "volumeattachments", &["attachments"]),
    ("list", "validatingwebhookconfigurations", &["webhooks", "manifests"]),
    ("list", "mutatingwebhookconfigurations", &["webhooks", "manifests"]),
    ("list", "apiservices", &["api services"]),
    ("list", "customresourcedefinitions", &["conversions", "manifests"]),
    ("list", "events", &["events"]),
    ("list", "certificatesigningrequests", &["requests"]),
    ("list", "namespaces", &["namespaces"]),
    ("get", "/metrics", &["deprecated uses"]),
    ("get", "/readyz", &["health"]),
];

#[tokio::test]
async fn a_missing_right_hides_its_parts_alone_and_is_named() {
    let (simulator, client) = cluster(|_, _| {}).await;
    for (verb, plural, hidden) in RIGHTS {
        change(&simulator, |objects, _| objects.deny(verb, plural));
        let survey = client.survey(SurveyDepth::Preflight).await;
        change(&simulator, |objects, _| objects.allow(verb, plural));
        for (part, unread) in parts(&survey) {
            let expected = hidden.contains(&part).then(|| format!("{verb} {plural}"));
            let denied = unread.map(|unread| match unread {
                Unread::Denied { right, why } if why.contains("forbidden") => right,
                other => format!("{other:?}"),
            });
            assert_eq!(denied, expected, "{part} without {verb} {plural}");
        }
    }
}

#[tokio::test]
async fn an_api_that_is_not_served_is_not_a_missing_right() {
    let (simulator, client) = cluster(|_, _| {}).await;
    for (_, plural, hidden) in RIGHTS {
        change(&simulator, |objects, _| objects.stop_serving(plural));
        let survey = client.survey(SurveyDepth::Preflight).await;
        change(&simulator, |objects, _| objects.serve_again(plural));
        for (part, unread) in parts(&survey) {
            // What nobody serves nobody can have applied.
            let is_hidden = hidden.contains(&part) && part != "manifests";
            let is_not_served = matches!(unread, Some(Unread::NotServed { .. }));
            assert_eq!(is_not_served, is_hidden, "{part} without {plural}: {unread:?}");
            assert!(unread.is_none() || is_hidden, "{part} without {plural}: {unread:?}");
        }
    }
}

#[tokio::test]
async fn secrets_and_endpoints_may_be_denied_without_harm() {
    let (_simulator, client) = cluster(|objects, now| {
        objects.deny("list", "secrets");
        objects.deny("list", "endpointslices");
        objects.deny("get", "namespaces");
        let webhook = json!({ "apiVersion": "admissionregistration.k8s.io/v1", "kind": "MutatingWebhookConfiguration",
            "metadata": { "name": "m" }, "webhooks": [
                { "name": "m.example", "clientConfig": { "service": { "namespace": "n", "name": "s" } },
                    "namespaceSelector": { "matchExpressions": [{ "key": "control-plane", "operator": "DoesNotExist" }] } } ] });
        objects.add_object(&webhook, now).unwrap();
    })
    .await;
    let survey = client.survey(SurveyDepth::Preflight).await;
    assert!(survey.manifests.unwrap().is_empty());
    let webhook = survey.webhooks.unwrap().remove(0);
    assert_eq!((webhook.ready_endpoints, webhook.covers_system), (None, false));
}

#[tokio::test]
async fn an_api_server_that_is_away_fails_every_part() {
    let (simulator, client) = cluster(|_, _| {}).await;
    simulator.world.with(|world| {
        world.clusters.get_mut("shop-prod").unwrap().is_api_server_away = true;
    });
    let survey = client.survey(SurveyDepth::Preflight).await;
    for (part, unread) in parts(&survey) {
        assert!(matches!(unread, Some(Unread::Failed { .. })), "{part}: {unread:?}");
    }
}

#[tokio::test]
async fn a_large_cluster_is_read_page_by_page() {
    const NODES: usize = 1_000;
    const PODS: usize = 20_000;
    const BUDGETS: usize = 300;
    let (_simulator, client) = cluster(|objects, now| {
        for node in 0..NODES {
            let spec = NodeSpec {
                name: format!("aks-big-1-vmss{node:06}"),
                pool: "big".into(),
                mode: "User".into(),
                version: "1.33.5".into(),
                node_image: "AKSUbuntu-2204gen2containerd-202610.01.0".into(),
                vm_size: "Standard_D4s_v5".into(),
                zone: None,
                node_resource_group: "MC_shop".into(),
                is_ready: true,
            };
            objects.add_node(&spec, now);
        }
        for pod in 0..PODS {
            let app = format!("app-{}", pod % BUDGETS);
            let object = json!({ "apiVersion": "v1", "kind": "Pod",
                "metadata": { "name": format!("{app}-{pod}"), "namespace": format!("team-{}", pod % BUDGETS % 20),
                    "labels": { "app": app }, "ownerReferences": [{ "kind": "Widget", "name": app, "uid": "w", "controller": true }] },
                "spec": { "nodeName": format!("aks-big-1-vmss{:06}", pod % NODES),
                    "containers": [{ "name": "main", "image": "contoso.azurecr.io/app:1" }] },
                "status": { "phase": "Running", "conditions": [{ "type": "Ready", "status": "True" }] } });
            objects.add_object(&object, now).unwrap();
        }
        for budget in 0..BUDGETS {
            let object = json!({ "apiVersion": "policy/v1", "kind": "PodDisruptionBudget",
                "metadata": { "name": format!("app-{budget}"), "namespace": format!("team-{}", budget % 20) },
                "spec": { "minAvailable": 1, "selector": { "matchLabels": { "app": format!("app-{budget}") } } } });
            objects.add_object(&object, now).unwrap();
        }
    })
    .await;
    let survey = client.survey(SurveyDepth::Preflight).await;
    assert_eq!(
        survey
            .nodes
            .unwrap()
            .iter()
            .filter(|fact| fact.node.pool.as_ref().unwrap().as_str() == "big")
            .count(),
        NODES
    );
    let pods = survey.pods.unwrap();
    assert_eq!(
        pods.iter()
            .filter(|fact| fact.pod.namespace.starts_with("team-"))
            .count(),
        PODS
    );
    let budgets = survey.budgets.unwrap();
    let of_teams: Vec<_> = budgets
        .iter()
        .filter(|fact| fact.budget.namespace.starts_with("team-"))
        .collect();
    assert_eq!(of_teams.len(), BUDGETS);
    assert!(of_teams.iter().all(|fact| fact.budget.disruptions_allowed > 60));
}
