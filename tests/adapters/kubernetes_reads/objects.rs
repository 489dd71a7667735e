//! Single objects: read, shown as a request, changed, deleted, made anew; and what happens when somebody was faster.

use aks_cockpit::domain::object_change::{Edit, ObjectChange};
use aks_cockpit::domain::subject::ObjectRef;
use aks_cockpit::kubernetes::error::KubernetesError;
use serde_json::{Value, json};

use super::cluster::{change, cluster};

fn budget() -> ObjectRef {
    ObjectRef::in_namespace("policy/v1", "PodDisruptionBudget", "kube-system", "coredns-pdb")
}

fn edit_of(object: &ObjectRef, found: &Value, edit: Edit) -> ObjectChange {
    let text = |field: &str| found["metadata"][field].as_str().map(str::to_owned);
    ObjectChange {
        object: object.clone(),
        uid: text("uid"),
        resource_version: text("resourceVersion"),
        edit,
    }
}

fn status(error: &KubernetesError) -> u16 {
    match error {
        KubernetesError::Refused { status, .. } => *status,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_budget_is_relaxed_and_put_back() {
    let (_simulator, client) = cluster(|_, _| {}).await;
    let before = client.get_object(&budget()).await.unwrap();
    assert_eq!(
        (&before["kind"], &before["spec"]["minAvailable"]),
        (&json!("PodDisruptionBudget"), &json!(1))
    );
    let relax = edit_of(
        &budget(),
        &before,
        Edit::MergePatch {
            patch: json!({ "spec": { "minAvailable": 0 } }),
        },
    );
    let request = client.request_of(&relax).await.unwrap();
    assert_eq!(
        (request.method.as_str(), request.path.as_str()),
        (
            "PATCH",
            "/apis/policy/v1/namespaces/kube-system/poddisruptionbudgets/coredns-pdb?fieldManager=aks-cockpit"
        )
    );
    assert_eq!(request.body["metadata"]["uid"], before["metadata"]["uid"]);
    let after = client.change_object(&relax).await.unwrap().unwrap();
    assert_eq!(after["spec"]["minAvailable"], 0);

    let again = client.change_object(&relax).await.unwrap_err();
    assert_eq!(status(&again), 409, "it was changed since");
    let back = edit_of(
        &budget(),
        &after,
        Edit::MergePatch {
            patch: json!({ "spec": { "minAvailable": 1 } }),
        },
    );
    let last = client.change_object(&back).await.unwrap().unwrap();
    assert_eq!(last["spec"], before["spec"]);
    let of_another = ObjectChange {
        uid: Some("other".into()),
        resource_version: None,
        ..back
    };
    let refused = client.change_object(&of_another).await.unwrap_err();
    assert_eq!(status(&refused), 409, "another object of the same name is not touched");
}

#[tokio::test]
async fn what_is_deleted_can_be_made_anew() {
    let (simulator, client) = cluster(|objects, now| {
        let map = json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "a", "namespace": "shop" },
            "data": { "x": "1" } });
        objects.add_object(&map, now).unwrap();
    })
    .await;
    let object = ObjectRef::in_namespace("v1", "ConfigMap", "shop", "a");
    let before = client.get_object(&object).await.unwrap();
    let gone = edit_of(&object, &before, Edit::Delete { grace_seconds: None });
    assert_eq!(client.change_object(&gone).await.unwrap(), None);
    assert_eq!(status(&client.get_object(&object).await.unwrap_err()), 404);
    let create = ObjectChange {
        object: object.clone(),
        uid: None,
        resource_version: None,
        edit: Edit::Create {
            manifest: before.clone(),
        },
    };
    let after = client.change_object(&create).await.unwrap().unwrap();
    assert_eq!(after["data"], before["data"]);
    assert_ne!(after["metadata"]["uid"], before["metadata"]["uid"]);
    assert_eq!(status(&client.change_object(&create).await.unwrap_err()), 409);
    drop(simulator);
}

#[tokio::test]
async fn a_finalizer_is_taken_off_and_a_pod_is_deleted_with_a_grace() {
    let (simulator, client) = cluster(|objects, now| {
        let attachment = json!({ "apiVersion": "storage.k8s.io/v1", "kind": "VolumeAttachment",
            "metadata": { "name": "csi-1", "finalizers": ["external-attacher/disk-csi-azure-com"] } });
        objects.add_object(&attachment, now).unwrap();
    })
    .await;
    let object = ObjectRef::of_cluster("storage.k8s.io/v1", "VolumeAttachment", "csi-1");
    let found = client.get_object(&object).await.unwrap();
    let delete = edit_of(&object, &found, Edit::Delete { grace_seconds: None });
    let left = client.change_object(&delete).await.unwrap().unwrap();
    assert!(left["metadata"]["deletionTimestamp"].is_string());
    let free = edit_of(
        &object,
        &left,
        Edit::MergePatch {
            patch: json!({ "metadata": { "finalizers": null } }),
        },
    );
    client.change_object(&free).await.unwrap();
    assert!(change(&simulator, |objects, _| objects.object("VolumeAttachment", "", "csi-1")).is_none());

    let pod = change(&simulator, |objects, _| objects.objects_of("Pod"));
    let pod = pod
        .iter()
        .find(|pod| pod["metadata"]["name"].as_str().unwrap().starts_with("checkout-"))
        .unwrap();
    let object = ObjectRef::in_namespace("v1", "Pod", "shop", pod["metadata"]["name"].as_str().unwrap());
    let force = edit_of(&object, pod, Edit::Delete { grace_seconds: Some(0) });
    client.change_object(&force).await.unwrap();
    assert_eq!(status(&client.get_object(&object).await.unwrap_err()), 404);
}

#[tokio::test]
async fn refusals_are_told_in_the_servers_words() {
    let (_simulator, client) = cluster(|objects, _| objects.deny("patch", "poddisruptionbudgets")).await;
    let unknown = ObjectRef::of_cluster("example.com/v1", "Widget", "a");
    let error = client.get_object(&unknown).await.unwrap_err();
    assert_eq!(
        (status(&error), error.why()),
        (404, "this server has no kind Widget in example.com/v1".into())
    );
    let patch = ObjectChange {
        object: budget(),
        uid: None,
        resource_version: None,
        edit: Edit::MergePatch {
            patch: json!({ "spec": { "minAvailable": 0 } }),
        },
    };
    let error = client.change_object(&patch).await.unwrap_err();
    assert!(
        matches!(&error, KubernetesError::Denied { what, .. } if what == "patch poddisruptionbudgets"),
        "{error:?}"
    );
    assert!(error.why().contains("cannot patch resource \"poddisruptionbudgets\""));
}
