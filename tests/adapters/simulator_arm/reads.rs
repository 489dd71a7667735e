//! What changes nothing: clusters, lists and their pages, Resource Graph, offers, kubeconfigs.

use std::collections::BTreeMap;

use reqwest::Method;
use serde_json::{Value, json};

use super::{Arm, SUBSCRIPTION, VERSION, cluster_path, error_code, field, header};

#[tokio::test]
async fn callers_need_a_token_and_an_api_version() {
    let arm = Arm::start("clean").await;
    let url = format!("{}{}?{VERSION}", arm.simulator.arm_endpoint, cluster_path());
    let without = arm.http.get(&url).send().await.unwrap();
    assert!(header(&without, "www-authenticate").starts_with("Bearer "));
    assert_eq!(error_code(without).await, (401, "AuthenticationFailed".into()));
    let wrong = arm.http.get(&url).bearer_auth("nonsense").send().await.unwrap();
    assert_eq!(error_code(wrong).await, (401, "InvalidAuthenticationToken".into()));
    let bare = url.split('?').next().unwrap();
    let unversioned = arm.follow(bare).await;
    assert_eq!(
        error_code(unversioned).await,
        (400, "MissingApiVersionParameter".into())
    );
    let odd = arm.follow(&format!("{bare}?api-version=latest")).await;
    assert_eq!(error_code(odd).await, (400, "InvalidApiVersionParameter".into()));
}

#[tokio::test]
async fn what_does_not_exist_is_told_apart() {
    let arm = Arm::start("clean").await;
    let other_cluster = cluster_path().replace("shop-prod", "nowhere");
    let missing = arm.get(&other_cluster).await;
    assert_eq!(header(&missing, "x-ms-failure-cause"), "gateway");
    let body: Value = missing.json().await.unwrap();
    assert_eq!(
        body["error"]["message"],
        "The Resource 'Microsoft.ContainerService/managedClusters/nowhere' under resource group 'rg-nowhere' was not \
         found. For more details please go to https://aka.ms/ARMResourceNotFoundFix"
    );
    for (path, expected) in [
        (cluster_path() + "/agentPools/nope", (404, "ResourceNotFound")),
        (cluster_path().replace(SUBSCRIPTION, "0"), (404, "SubscriptionNotFound")),
        (
            cluster_path() + "/privateEndpointConnections",
            (404, "InvalidResourceType"),
        ),
    ] {
        let (status, code) = error_code(arm.get(&path).await).await;
        assert_eq!((status, code.as_str()), expected, "{path}");
    }
}

#[tokio::test]
async fn a_cluster_looks_as_aks_writes_it_under_a_path_of_any_case() {
    let arm = Arm::start("clean").await;
    let response = arm
        .get(
            &cluster_path()
                .to_uppercase()
                .replace("/SUBSCRIPTIONS", "/subscriptions"),
        )
        .await;
    assert_eq!(header(&response, "content-type"), "application/json");
    assert_eq!(header(&response, "cache-control"), "no-cache");
    assert!(
        header(&response, "x-ms-ratelimit-remaining-subscription-reads")
            .parse::<u32>()
            .is_ok()
    );
    let text = response.text().await.unwrap();
    assert!(text.contains("\n \"id\""), "one space of indent");
    let body: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        body["id"],
        cluster_path().replace("resourceGroups", "resourcegroups").as_str()
    );
    assert_eq!(body["type"], "Microsoft.ContainerService/ManagedClusters");
    assert_eq!(body["properties"]["currentKubernetesVersion"], "1.34.4");
    assert_eq!(body["eTag"].as_str().unwrap().len(), 36);
    assert_eq!(
        body["properties"]["autoUpgradeProfile"],
        json!({"nodeOSUpgradeChannel": "NodeImage"})
    );
    let pool = arm.body(&(cluster_path() + "/agentPools/apps")).await;
    assert_eq!(pool["properties"]["eTag"].as_str().unwrap().len(), 36);
    assert_eq!(pool["properties"]["upgradeSettings"], json!({"maxSurge": "50%"}));
}

#[tokio::test]
async fn lists_are_paged_by_full_urls() {
    let arm = Arm::start("demo").await;
    arm.simulator.world.with(|world| {
        world.manners.page_size = 2;
        world.manners.has_empty_last_page = true;
    });
    let mut names = Vec::new();
    let mut pages = 0;
    let path = format!("/subscriptions/{SUBSCRIPTION}/providers/Microsoft.ContainerService/managedClusters");
    let mut page = arm.body(&path).await;
    loop {
        pages += 1;
        names.extend(
            page["value"]
                .as_array()
                .unwrap()
                .iter()
                .map(|item| item["name"].clone()),
        );
        let Some(next) = page["nextLink"].as_str() else { break };
        page = arm.status(next).await;
    }
    assert_eq!((names.len(), pages), (5, 4), "{names:?}");
    let group = format!(
        "/subscriptions/{SUBSCRIPTION}/resourceGroups/RG-SHOP-PROD/providers/Microsoft.ContainerService/managedClusters"
    );
    assert_eq!(arm.body(&group).await["value"].as_array().unwrap().len(), 1);
    assert_eq!(arm.body("/subscriptions").await["value"].as_array().unwrap().len(), 3);
    let pools = arm.body(&(cluster_path() + "/agentPools")).await;
    assert_eq!(pools["value"][0]["name"], "system");
}

#[tokio::test]
async fn resource_graph_lists_what_the_caller_may_read_in_pages() {
    let arm = Arm::start("demo").await;
    let query = "resources | where type =~ 'microsoft.containerservice/managedclusters' | project id, name, \
                 state = tostring(properties.provisioningState), pools = properties.agentPoolProfiles | order by id asc";
    let ask = async |extra: Value, subscriptions: Value| {
        let mut options = json!({"resultFormat": "objectArray", "$top": 5});
        if let Some(token) = extra.as_str() {
            options["$skipToken"] = json!(token);
        }
        let body = json!({"query": query, "options": options, "subscriptions": subscriptions});
        let path = "/providers/Microsoft.ResourceGraph/resources";
        let response = arm.request(Method::POST, path).json(&body).send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(header(&response, "x-ms-user-quota-remaining"), "14");
        response.json::<Value>().await.unwrap()
    };
    let mut names = Vec::new();
    let mut page = ask(Value::Null, Value::Null).await;
    assert_eq!(
        (page["totalRecords"].as_u64(), page["count"].as_u64()),
        (Some(12), Some(5))
    );
    loop {
        names.extend(page["data"].as_array().unwrap().iter().map(|row| row["name"].clone()));
        match page["$skipToken"].clone() {
            Value::Null => break,
            token => page = ask(token, Value::Null).await,
        }
    }
    assert_eq!(names.len(), 12);
    let some = ask(Value::Null, json!([SUBSCRIPTION])).await;
    assert_eq!(some["totalRecords"], 5);
    arm.simulator
        .world
        .with(|world| world.subscriptions[0].is_denied = true);
    assert_eq!(ask(Value::Null, Value::Null).await["totalRecords"], 7);
    let bad = json!({"query": "resources | summarize count()"});
    let path = "/providers/Microsoft.ResourceGraph/resources";
    let refused = arm.request(Method::POST, path).json(&bad).send().await.unwrap();
    assert_eq!(error_code(refused).await, (400, "BadRequest".into()));
}

#[tokio::test]
async fn profiles_say_what_is_on_offer() {
    let arm = Arm::start("clean").await;
    let profile = arm.body(&(cluster_path() + "/upgradeProfiles/default")).await;
    assert_eq!(profile["properties"]["agentPoolProfiles"], Value::Null);
    assert_eq!(
        profile["properties"]["controlPlaneProfile"]["upgrades"],
        json!([{"kubernetesVersion": "1.35.5"}, {"kubernetesVersion": "1.35.2"}, {"kubernetesVersion": "1.34.6"}])
    );
    let pool = arm
        .body(&(cluster_path() + "/agentPools/apps/upgradeProfiles/default"))
        .await;
    assert!(pool["properties"].get("upgrades").is_none());
    assert_eq!(
        pool["properties"]["latestNodeImageVersion"],
        "AKSUbuntu-2204gen2containerd-202611.16.0"
    );
    let versions = arm.body(&(cluster_path() + "/availableAgentPoolVersions")).await;
    assert!(
        versions["properties"]["agentPoolVersions"]
            .as_array()
            .unwrap()
            .contains(&json!({"kubernetesVersion": "1.34.4", "default": true}))
    );
    let path = format!(
        "/subscriptions/{SUBSCRIPTION}/providers/Microsoft.ContainerService/locations/westeurope/kubernetesVersions"
    );
    let region = arm.body(&path).await;
    let line = |name: &str| {
        let values = region["values"].as_array().unwrap();
        values.iter().find(|value| value["version"] == name).unwrap().clone()
    };
    assert_eq!(
        line("1.35")["patchVersions"]["1.35.2"]["upgrades"],
        json!(["1.35.5", "1.36.1", "1.36.3"])
    );
    assert_eq!(line("1.37")["isPreview"], true);
    assert_eq!(
        line("1.33")["capabilities"]["supportPlan"],
        json!(["AKSLongTermSupport"])
    );
    assert_eq!(
        arm.body(&(cluster_path() + "/maintenanceConfigurations")).await,
        json!({"value": []})
    );
}

fn kubeconfig(body: &Value) -> String {
    use base64::Engine;
    let value = body["kubeconfigs"][0]["value"].as_str().unwrap();
    let bytes = base64::engine::general_purpose::STANDARD.decode(value).unwrap();
    String::from_utf8(bytes).unwrap()
}

#[tokio::test]
async fn kubeconfigs_lead_to_the_cluster() {
    let arm = Arm::start("demo").await;
    let credential = arm.post(&(cluster_path() + "/listClusterUserCredential")).await;
    let text = kubeconfig(&credential.json().await.unwrap());
    let for_kubectl = &arm.simulator.kubeconfigs["shop-prod"];
    assert_eq!(field(&text, "token:"), field(for_kubectl, "token:"));
    assert!(
        for_kubectl.contains(&format!("//simulator:{}@", field(&text, "token:"))),
        "kubectl sends no other login"
    );
    let nodes = arm
        .http
        .get(format!("{}/api/v1/nodes", field(&text, "server:")))
        .bearer_auth(field(&text, "token:"))
        .send()
        .await
        .unwrap();
    let nodes: Value = nodes.json().await.unwrap();
    assert_eq!(nodes["items"].as_array().unwrap().len(), 10);

    let entra = cluster_path().replace("shop-prod", "pay-prod");
    let credential = arm.post(&(entra + "/listClusterUserCredential")).await;
    let text = kubeconfig(&credential.json().await.unwrap());
    assert!(text.contains("command: kubelogin") && text.contains("6dae42f8-4368-4678-94ff-3960e28e3630"));
    assert!(!text.contains("token:"));
    let nodes = format!("{}/api/v1/nodes", field(&text, "server:"));
    let allowed = arm
        .http
        .get(&nodes)
        .bearer_auth(&arm.simulator.token)
        .send()
        .await
        .unwrap();
    assert_eq!(allowed.status(), 200);
    let refused = arm.http.get(&nodes).bearer_auth("other").send().await.unwrap();
    assert_eq!(refused.status(), 401);
}

#[tokio::test]
async fn endpoints_are_printed_under_their_schema() {
    let arm = Arm::start("clean").await;
    let files = BTreeMap::from([("shop-prod".to_owned(), "/tmp/shop-prod.yaml".into())]);
    let printed = arm.simulator.endpoints_json(&files);
    assert_eq!(printed["schema"], "aks-cockpit/simulate/v1");
    assert_eq!(printed["armEndpoint"], arm.simulator.arm_endpoint.as_str());
    assert_eq!(printed["kubeconfigs"]["shop-prod"], "/tmp/shop-prod.yaml");
    assert_eq!((&printed["scenario"], &printed["seed"]), (&json!("clean"), &json!(1)));
}
