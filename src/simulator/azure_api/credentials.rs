//! Kubeconfigs: of `listClusterUserCredential`, and for people who use the simulator with kubectl.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::reply::Reply;
use crate::simulator::world::SimulatedCluster;

/// The Entra application of AKS's API servers (AKS docs "Use kubelogin", 2026).
const SERVER_APPLICATION: &str = "6dae42f8-4368-4678-94ff-3960e28e3630";

/// Answers `POST .../listClusterUserCredential`.
pub(super) fn user_credential(cluster: &SimulatedCluster) -> Reply {
    let text = if cluster.profile.uses_entra {
        kubeconfig(cluster, &kubelogin_user())
    } else {
        kubeconfig_with_token(cluster)
    };
    Reply::of_aks(
        200,
        &json!({"kubeconfigs": [{"name": "clusterUser", "value": STANDARD.encode(text)}]}),
    )
}

fn kubeconfig_with_token(cluster: &SimulatedCluster) -> String {
    kubeconfig(cluster, &format!("    token: {}\n", cluster.access.token))
}

/// A kubeconfig that also works for kubectl, which sends no token of a kubeconfig over plain http
/// (client-go drops the user there), but sends what stands before the `@` of the address.
pub(in crate::simulator) fn kubeconfig_for_kubectl(cluster: &SimulatedCluster) -> String {
    let endpoint = &cluster.access.endpoint;
    let address = endpoint.replacen("http://", &format!("http://simulator:{}@", cluster.access.token), 1);
    kubeconfig_with_token(cluster).replacen(endpoint, &address, 1)
}

fn kubelogin_user() -> String {
    format!(
        "    exec:
      apiVersion: client.authentication.k8s.io/v1beta1
      command: kubelogin
      args:
      - get-token
      - --environment
      - AzurePublicCloud
      - --server-id
      - {SERVER_APPLICATION}
      - --client-id
      - 80faf920-1908-4b52-b5ef-a8e7bedfc67a
      - --tenant-id
      - {tenant}
      - --login
      - devicecode
      env: null
      provideClusterInfo: false
",
        tenant = super::TENANT
    )
}

fn kubeconfig(cluster: &SimulatedCluster, user: &str) -> String {
    let profile = &cluster.profile;
    let name = &profile.name;
    let user_name = format!("clusterUser_{}_{name}", profile.resource_group);
    format!(
        "apiVersion: v1
kind: Config
clusters:
- name: {name}
  cluster:
    server: {server}
contexts:
- name: {name}
  context:
    cluster: {name}
    user: {user_name}
current-context: {name}
preferences: {{}}
users:
- name: {user_name}
  user:
{user}",
        server = cluster.access.endpoint,
    )
}
