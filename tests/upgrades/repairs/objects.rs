//! Each remedy of the Kubernetes API: what it changes, and that its undo leaves the object byte for byte as it was.

use std::time::Duration;

use aks_cockpit::domain::ids::NodeName;
use aks_cockpit::domain::subject::{ObjectRef, Subject};
use aks_cockpit::simulator::kubernetes::objects::{ObjectStore, PodTrouble, TroubledPods};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::estate::{Estate, cause, done, own_part, undone};

/// One remedy on a small world of its own making.
struct Case {
    remedy: &'static str,
    code: &'static str,
    prepare: fn(&mut ObjectStore, Timestamp),
    subjects: fn(&Estate) -> Vec<Subject>,
    /// Kind, namespace and name of what is changed.
    object: fn(&Estate) -> (&'static str, String, String),
    /// What it says afterwards, by pointer; `None` where the object is gone.
    expected: Option<(&'static str, Value)>,
    is_undoable: bool,
}

const SHOP: &str = "shop";

fn budget(name: &str) -> Subject {
    Subject::object("policy/v1", "PodDisruptionBudget", SHOP, name)
}

fn pod_of(estate: &Estate, workload: &str) -> String {
    estate.look(|cluster| {
        let pods = cluster.objects.objects_of("Pod");
        let mut names = pods.iter().filter_map(|pod| pod["metadata"]["name"].as_str());
        names.find(|name| name.starts_with(workload)).unwrap().to_owned()
    })
}

fn first_node(estate: &Estate) -> String {
    estate.look(|cluster| cluster.pool("apps").unwrap().nodes[0].name.clone())
}

fn strict(store: &mut ObjectStore, now: Timestamp) {
    let patch = json!({"spec": {"minAvailable": 3}});
    assert!(store.change_object("PodDisruptionBudget", SHOP, "checkout-pdb", &patch, now));
}

fn checkout(_: &Estate) -> Vec<Subject> {
    vec![budget("checkout-pdb")]
}

fn checkout_budget(_: &Estate) -> (&'static str, String, String) {
    ("PodDisruptionBudget", SHOP.to_owned(), "checkout-pdb".to_owned())
}

fn checkout_itself(_: &Estate) -> (&'static str, String, String) {
    ("Deployment", SHOP.to_owned(), "checkout".to_owned())
}

fn node(estate: &Estate) -> (&'static str, String, String) {
    ("Node", String::new(), first_node(estate))
}

fn node_subject(estate: &Estate) -> Vec<Subject> {
    vec![Subject::node(&NodeName::new(first_node(estate)))]
}

fn first_name(store: &ObjectStore) -> String {
    let nodes = store.objects_of("Node");
    let names = nodes.iter().filter_map(|node| node["metadata"]["name"].as_str());
    names
        .filter(|name| name.starts_with("aks-apps"))
        .min()
        .unwrap()
        .to_owned()
}

fn webhook(store: &mut ObjectStore, now: Timestamp) {
    let hook = |name: &str, rule: &str| {
        json!({"name": name, "failurePolicy": "Fail", "sideEffects": "None", "admissionReviewVersions": ["v1"],
            "timeoutSeconds": 10, "clientConfig": {"service": {"namespace": "policy", "name": "gate", "path": "/"}},
            "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": [rule]}],
            "namespaceSelector": {"matchExpressions": [{"key": "a", "operator": "DoesNotExist"}]}})
    };
    let configuration = json!({"apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingWebhookConfiguration",
        "metadata": {"name": "gate"},
        "webhooks": [hook("a.gate.example", "configmaps"), hook("b.gate.example", "pods/eviction")]});
    store.add_object(&configuration, now).unwrap();
}

fn gate(estate: &Estate) -> Vec<Subject> {
    let object = ObjectRef::of_cluster(
        "admissionregistration.k8s.io/v1",
        "ValidatingWebhookConfiguration",
        "gate",
    );
    let pod = Subject::object("v1", "Pod", SHOP, &pod_of(estate, "checkout"));
    vec![Subject::Object { object }, pod]
}

fn gate_itself(_: &Estate) -> (&'static str, String, String) {
    ("ValidatingWebhookConfiguration", String::new(), "gate".to_owned())
}

fn nothing(_: &mut ObjectStore, _: Timestamp) {}

fn cases() -> Vec<Case> {
    [of_budgets(), of_nodes_and_webhooks(), of_the_system(), of_pods()]
        .into_iter()
        .flatten()
        .collect()
}

fn base(remedy: &'static str, code: &'static str) -> Case {
    Case {
        remedy,
        code,
        prepare: strict,
        subjects: checkout,
        object: checkout_budget,
        expected: None,
        is_undoable: true,
    }
}

fn of_budgets() -> Vec<Case> {
    vec![
        Case {
            expected: Some(("/spec/minAvailable", json!(2))),
            ..base("pdb-relax", "drain-blocked-by-pdb")
        },
        base("pdb-backup-delete", "drain-blocked-by-pdb"),
        Case {
            object: checkout_itself,
            expected: Some(("/spec/replicas", json!(4))),
            ..base("scale-up-workload", "drain-blocked-by-pdb")
        },
        Case {
            object: checkout_itself,
            expected: Some(("/spec/replicas", json!(0))),
            ..base("scale-to-zero", "drain-blocked-by-pdb")
        },
        Case {
            prepare: |store, now| {
                store.trouble_pods(
                    TroubledPods {
                        from_version: None,
                        namespace: SHOP.to_owned(),
                        workload: "web".to_owned(),
                        trouble: PodTrouble::NotReady {
                            message: "probe failed".to_owned(),
                        },
                        most: Some(3),
                        includes_running: true,
                        while_exists: None,
                        on_image: None,
                        until_restarted: false,
                    },
                    now,
                );
            },
            subjects: |_| vec![budget("web-pdb")],
            object: |_| ("PodDisruptionBudget", SHOP.to_owned(), "web-pdb".to_owned()),
            expected: Some(("/spec/unhealthyPodEvictionPolicy", json!("AlwaysAllow"))),
            ..base("pdb-always-allow-unhealthy", "drain-blocked-by-unready-pods")
        },
        Case {
            prepare: |store, now| {
                let first = json!({"spec": {"minAvailable": 2}});
                assert!(store.change_object("PodDisruptionBudget", SHOP, "checkout-pdb", &first, now));
                let mut second = (*store.object("PodDisruptionBudget", SHOP, "checkout-pdb").unwrap()).clone();
                second["apiVersion"] = json!("policy/v1");
                second["kind"] = json!("PodDisruptionBudget");
                second["metadata"] = json!({"name": "second-pdb", "namespace": SHOP});
                second["spec"]["minAvailable"] = json!(1);
                store.add_object(&second, now).unwrap();
            },
            subjects: |estate| {
                let pod = Subject::object("v1", "Pod", SHOP, &pod_of(estate, "checkout"));
                vec![pod, budget("checkout-pdb"), budget("second-pdb")]
            },
            object: |_| ("PodDisruptionBudget", SHOP.to_owned(), "second-pdb".to_owned()),
            ..base("merge-pdbs", "pdb-more-than-one")
        },
    ]
}

fn of_nodes_and_webhooks() -> Vec<Case> {
    vec![
        Case {
            prepare: |store, now| {
                let name = first_name(store);
                store.set_cordoned(&name, true, now);
            },
            subjects: node_subject,
            object: node,
            expected: Some(("/spec/unschedulable", Value::Null)),
            ..base("uncordon", "node-left-cordoned")
        },
        Case {
            prepare: |store, now| {
                let name = first_name(store);
                let labels = json!({"metadata": {"labels": {"kubernetes.azure.com/upgrade-status": "Quarantined"}}});
                assert!(store.change_object("Node", "", &name, &labels, now));
            },
            subjects: node_subject,
            object: node,
            expected: Some(("/metadata/labels/kubernetes.azure.com~1upgrade-status", Value::Null)),
            ..base("unquarantine", "node-quarantined")
        },
        Case {
            prepare: webhook,
            subjects: gate,
            object: gate_itself,
            expected: Some(("/webhooks/1/failurePolicy", json!("Ignore"))),
            ..base("webhook-ignore", "webhook-fails-closed")
        },
        Case {
            prepare: nothing,
            subjects: gate,
            object: gate_itself,
            expected: Some((
                "/webhooks/0/namespaceSelector/matchExpressions/1",
                json!({"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": ["kube-system"]}),
            )),
            ..base("webhook-exclude-system", "webhook-fails-closed")
        },
        Case {
            prepare: nothing,
            subjects: gate,
            object: gate_itself,
            expected: Some((
                "/webhooks/1/namespaceSelector/matchExpressions/1",
                json!({"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": [SHOP]}),
            )),
            ..base("exempt-webhook-evictions", "eviction-denied-by-webhook")
        },
    ]
}

fn of_the_system() -> Vec<Case> {
    vec![
        Case {
            prepare: |store, now| {
                assert!(store.remove_object("ValidatingWebhookConfiguration", "", "gate", now));
                for kind in ["FlowSchema", "PriorityLevelConfiguration"] {
                    let guard = json!({"apiVersion": "flowcontrol.apiserver.k8s.io/v1", "kind": kind,
                        "metadata": {"name": "aks-managed-apiserver-guard"}, "spec": {}});
                    // A world may not know priority levels.
                    let _ = store.add_object(&guard, now);
                }
            },
            subjects: |_| vec![Subject::Cluster],
            object: |_| ("FlowSchema", String::new(), "aks-managed-apiserver-guard".to_owned()),
            ..base("drop-guard", "apiserver-overload")
        },
        Case {
            prepare: nothing,
            subjects: |_| vec![Subject::Cluster],
            object: |_| ("Deployment", "kube-system".to_owned(), "konnectivity-agent".to_owned()),
            expected: Some((
                "/spec/template/metadata/annotations/kubectl.kubernetes.io~1restartedAt",
                json!("any"),
            )),
            is_undoable: false,
            ..base("restart-konnectivity", "konnectivity-down")
        },
        Case {
            prepare: |store, now| {
                let node = first_name(store);
                let attachment = json!({"apiVersion": "storage.k8s.io/v1", "kind": "VolumeAttachment",
                    "metadata": {"name": "csi-1"}, "spec": {"attacher": "disk.csi.azure.com", "nodeName": node,
                    "source": {"persistentVolumeName": "pv-1"}}, "status": {"attached": true}});
                store.add_object(&attachment, now).unwrap();
            },
            subjects: |_| {
                vec![Subject::Object {
                    object: ObjectRef::of_cluster("storage.k8s.io/v1", "VolumeAttachment", "csi-1"),
                }]
            },
            object: |_| ("VolumeAttachment", String::new(), "csi-1".to_owned()),
            is_undoable: false,
            ..base("detach-volume", "volume-multiattach")
        },
    ]
}

fn of_pods() -> Vec<Case> {
    vec![
        Case {
            prepare: |store, now| {
                for (name, finalizers) in [("stuck", json!(["example.com/wait"])), ("dead", json!([]))] {
                    let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": SHOP,
                        "finalizers": finalizers, "deletionTimestamp": "2026-11-23T09:00:00Z",
                        "deletionGracePeriodSeconds": 30}, "spec": {"containers": [{"name": "c", "image": "i"}]},
                        "status": {"phase": "Running"}});
                    store.add_object(&pod, now).unwrap();
                }
            },
            subjects: |_| vec![Subject::object("v1", "Pod", SHOP, "stuck")],
            object: |_| ("Pod", SHOP.to_owned(), "stuck".to_owned()),
            is_undoable: false,
            ..base("remove-finalizer", "terminating-stuck")
        },
        Case {
            prepare: nothing,
            subjects: |_| vec![Subject::object("v1", "Pod", SHOP, "dead")],
            object: |_| ("Pod", SHOP.to_owned(), "dead".to_owned()),
            is_undoable: false,
            ..base("force-delete-pod", "terminating-stuck")
        },
        Case {
            prepare: |store, now| {
                let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "bare", "namespace": SHOP,
                    "labels": {"app": "bare"}}, "spec": {"containers": [{"name": "c", "image": "i"}]}});
                store.add_object(&pod, now).unwrap();
            },
            subjects: |_| vec![Subject::object("v1", "Pod", SHOP, "bare")],
            object: |_| ("Pod", SHOP.to_owned(), "bare".to_owned()),
            ..base("delete-pod", "drain-blocked-by-pdb")
        },
        Case {
            prepare: |store, now| {
                webhook(store, now);
                let backend = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "gate",
                    "namespace": "policy"}, "spec": {"replicas": 0, "selector": {"matchLabels": {"app": "gate"}},
                    "template": {"metadata": {"labels": {"app": "gate"}}, "spec": {"containers": [{"name": "c", "image": "i"}]}}}});
                store.add_object(&backend, now).unwrap();
            },
            subjects: gate,
            object: |_| ("Deployment", "policy".to_owned(), "gate".to_owned()),
            expected: Some(("/spec/replicas", json!(1))),
            ..base("webhook-backend-up", "webhook-fails-closed")
        },
    ]
}

#[tokio::test]
async fn every_remedy_of_objects_is_made_and_taken_back() {
    let estate = Estate::new("clean").await;
    let engine = estate.engine();
    for case in cases() {
        let remedy = case.remedy;
        estate.change(|world| {
            let now = world.now;
            (case.prepare)(&mut world.clusters.get_mut("shop-prod").unwrap().objects, now);
        });
        estate.pass(Duration::from_mins(1));
        let (kind, namespace, name) = (case.object)(&estate);
        let object = || estate.object(kind, &namespace, &name);
        let before = object().unwrap_or_else(|| panic!("{remedy}: no {kind} {namespace}/{name}"));
        let cause = cause(case.code, (case.subjects)(&estate));
        let entry = estate.apply(&engine, remedy, &cause).await;
        // A world may lack one of two kinds a remedy is about.
        if remedy != "drop-guard" {
            done(&entry);
        }
        assert!(!entry.changed.is_empty(), "{entry:#?}");
        let after = object();
        match &case.expected {
            None => {
                let is_gone = |object: &Value| !object["metadata"]["deletionTimestamp"].is_null();
                assert!(after.as_ref().is_none_or(is_gone), "{remedy}: {after:#?}");
            }
            Some((pointer, expected)) => {
                let found = after.as_ref().unwrap().pointer(pointer).cloned().unwrap_or_default();
                assert!(
                    found == *expected || (*expected == "any" && found.is_string()),
                    "{remedy}: {found}"
                );
            }
        }
        estate.pass(Duration::from_mins(2));
        if !case.is_undoable {
            assert_eq!(entry.undo, None, "{remedy}");
            assert!(engine.undo_repair(&entry.id).await.is_err(), "{remedy}");
            continue;
        }
        assert!(entry.undo.is_some(), "{remedy}: {entry:#?}");
        assert!(
            !engine.preview_undo(&entry.id).await.unwrap().requests.is_empty(),
            "{remedy}"
        );
        let entry = engine.undo_repair(&entry.id).await.unwrap();
        undone(&entry);
        assert!(engine.undo_repair(&entry.id).await.is_err(), "{remedy}: undone twice");
        // A controller follows a cordon with a taint.
        estate.pass(Duration::from_mins(2));
        let mut again = own_part(&object().unwrap());
        let mut first = own_part(&before);
        if kind == "Pod" {
            for pod in [&mut again, &mut first] {
                pod["spec"].as_object_mut().unwrap().remove("nodeName");
                // Its name is another one each time.
                pod["spec"]["volumes"][0]["name"] = json!("kube-api-access");
                pod["spec"]["containers"][0]["volumeMounts"][0]["name"] = json!("kube-api-access");
            }
        }
        assert_eq!(again, first, "{remedy}");
    }
    let told = engine.repairs(Some(&estate.cluster)).unwrap();
    assert_eq!(told.len(), cases().len());
    assert_eq!(told.last().unwrap().id, "r-1", "newest first");
}

#[tokio::test]
async fn what_somebody_else_wrote_since_stays() {
    let estate = Estate::new("clean").await;
    let engine = estate.engine();
    let write = |patch: Value| {
        estate.change(|world| {
            let now = world.now;
            let objects = &mut world.clusters.get_mut("shop-prod").unwrap().objects;
            assert!(objects.change_object("PodDisruptionBudget", SHOP, "checkout-pdb", &patch, now));
        });
        estate.pass(Duration::from_secs(30));
    };
    write(json!({"spec": {"minAvailable": 3}}));
    let cause = cause("drain-blocked-by-pdb", checkout(&estate));
    let entry = estate.apply(&engine, "pdb-relax", &cause).await;
    done(&entry);
    assert_eq!(
        entry.changed,
        ["PodDisruptionBudget shop/checkout-pdb: spec.minAvailable 3 -> 2"]
    );
    write(json!({"metadata": {"labels": {"by": "bob"}}, "spec": {"unhealthyPodEvictionPolicy": "AlwaysAllow"}}));
    undone(&engine.undo_repair(&entry.id).await.unwrap());
    let now = estate.object("PodDisruptionBudget", SHOP, "checkout-pdb").unwrap();
    assert_eq!(
        (&now["spec"]["minAvailable"], &now["metadata"]["labels"]["by"]),
        (&json!(3), &json!("bob"))
    );
    assert_eq!(now["spec"]["unhealthyPodEvictionPolicy"], "AlwaysAllow");

    let entry = estate.apply(&engine, "pdb-relax", &cause).await;
    write(json!({"spec": {"minAvailable": 0}}));
    let entry = engine.undo_repair(&entry.id).await.unwrap();
    undone(&entry);
    let now = estate.object("PodDisruptionBudget", SHOP, "checkout-pdb").unwrap();
    assert_eq!(now["spec"]["minAvailable"], 0, "bob's number stays");
    assert!(
        entry.changed.iter().any(|line| line.starts_with("left: ")),
        "{entry:#?}"
    );
}
