//! Webhooks that stand in the way: ignored while they fail, kept out of kube-system, their backend started again.

use serde_json::json;

use super::super::repair::{ListChange, ListEdit, NotPossible, RepairStep, Undo};
use super::cautions::reverted_by;
use super::sight::{Sight, listed, patch, read, workload_ref};
use super::{Draft, by_hand, not_here};
use crate::domain::subject::ObjectRef;
use crate::domain::survey::{WebhookFact, WorkloadFact};

const API: &str = "admissionregistration.k8s.io/v1";
/// Of a namespace, its own name (Kubernetes docs "Well-Known Labels", v1.36).
const NAMESPACE_NAME: &str = "kubernetes.io/metadata.name";

/// `webhook-ignore`: requests pass while its backend does not answer.
pub(super) fn ignore(sight: &Sight<'_>) -> Result<Draft, NotPossible> {
    let failing: Vec<&WebhookFact> = webhooks(sight)?
        .into_iter()
        .filter(|hook| hook.failure_policy == "Fail")
        .collect();
    if failing.is_empty() {
        return not_here("its failure policy is Ignore already");
    }
    let set = |hook: &&WebhookFact| {
        let value = json!("Ignore");
        list_change(hook, &["failurePolicy"], ListEdit::Set { value })
    };
    let draft = Draft::new(
        format!("let requests pass while {} fails", names(&failing)),
        failing.iter().map(set).collect(),
    );
    Ok(draft.with_cautions(owners(&failing)))
}

/// `webhook-exclude-system`: objects of kube-system are not sent to it any more.
pub(super) fn exclude_system(sight: &Sight<'_>) -> Result<Draft, NotPossible> {
    let covering: Vec<&WebhookFact> = webhooks(sight)?.into_iter().filter(|hook| hook.covers_system).collect();
    if covering.is_empty() {
        return not_here("it does not look at kube-system");
    }
    let draft = Draft::new(
        format!("keep {} out of kube-system", names(&covering)),
        covering
            .iter()
            .map(|hook| without_namespace(hook, "kube-system"))
            .collect(),
    );
    Ok(draft.with_cautions(owners(&covering)))
}

/// `exempt-webhook-evictions`: it is not asked about the pod's namespace any more. Ignoring its failures would not
/// help, because it answers and says no.
pub(super) fn exempt_evictions(sight: &Sight<'_>) -> Result<Draft, NotPossible> {
    let pods = sight.objects("Pod");
    let Some(namespace) = pods.first().and_then(|pod| pod.namespace.clone()) else {
        return not_here("the cause names no pod");
    };
    let asks = |hook: &&WebhookFact| {
        let mut rules = hook.rules.iter();
        rules.any(|rule| rule.ends_with("pods/eviction") || rule.ends_with("pods/*") || rule.ends_with("*/*"))
    };
    let asked: Vec<&WebhookFact> = webhooks(sight)?.into_iter().filter(asks).collect();
    if asked.is_empty() {
        return not_here("no webhook of it is asked about evictions");
    }
    let draft = Draft::new(
        format!("keep {} out of namespace {namespace}", names(&asked)),
        asked.iter().map(|hook| without_namespace(hook, &namespace)).collect(),
    );
    let whole = format!("it is not asked about anything in namespace {namespace} until this is taken back");
    Ok(draft.with_cautions([whole]).with_cautions(owners(&asked)))
}

/// `webhook-backend-up`: one replica where it has none, else a restart.
pub(super) fn backend_up(sight: &Sight<'_>) -> Result<Draft, NotPossible> {
    let hooks = webhooks(sight)?;
    let backends = hooks.iter().filter_map(|hook| hook.service.as_ref());
    let Some((namespace, service)) = backends.into_iter().next() else {
        return by_hand("its backend is a URL outside the cluster: bring that server up");
    };
    let is_behind = |workload: &&WorkloadFact| {
        workload.namespace == *namespace
            && matches!(workload.kind.as_str(), "Deployment" | "StatefulSet")
            && (workload.name == *service || service.starts_with(&format!("{}-", workload.name)))
    };
    let mut behind: Vec<&WorkloadFact> = sight.all_workloads()?.iter().filter(is_behind).collect();
    behind.sort_by_key(|workload| std::cmp::Reverse(workload.name.len()));
    let Some(workload) = behind.first() else {
        return by_hand(format!(
            "find what is behind Service {namespace}/{service} and bring it up: no workload has its name"
        ));
    };
    let name = workload_ref(workload);
    let managed = reverted_by(workload.managed_by.as_ref());
    if workload.replicas == 0 {
        let step = patch(name.clone(), &workload.uid, json!({"spec": {"replicas": 1}}));
        return Ok(Draft::new(format!("scale {name} from 0 replicas to 1"), vec![step]).with_cautions(managed));
    }
    if workload.ready > 0 {
        return not_here(format!(
            "{name} has {} ready replicas: look at its logs and its certificate",
            workload.ready
        ));
    }
    Ok(restart(sight, workload).with_cautions(managed))
}

/// Replaces the pods of a workload one after another, as `kubectl rollout restart` does.
pub(super) fn restart(sight: &Sight<'_>, workload: &WorkloadFact) -> Draft {
    let name = workload_ref(workload);
    let at = sight.survey.taken_at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let template = json!({"metadata": {"annotations": {"kubectl.kubernetes.io/restartedAt": at}}});
    let step = patch(name.clone(), &workload.uid, json!({"spec": {"template": template}}));
    Draft::new(format!("restart the pods of {name}"), vec![step]).undone_by(Undo::NotNeeded)
}

/// The webhooks of the configurations the cause names.
fn webhooks<'a>(sight: &Sight<'a>) -> Result<Vec<&'a WebhookFact>, NotPossible> {
    let all = read(&sight.survey.kubernetes.webhooks, "the webhooks")?;
    let mut named = sight.objects("ValidatingWebhookConfiguration");
    named.extend(sight.objects("MutatingWebhookConfiguration"));
    let is_named = |hook: &&WebhookFact| {
        named
            .iter()
            .any(|object| object.kind == hook.configuration_kind && object.name == hook.configuration)
    };
    let found: Vec<&WebhookFact> = all.iter().filter(is_named).collect();
    if found.is_empty() {
        return not_here("the webhook it is about is not there any more");
    }
    // Those whose backend is gone are meant, where that can be told.
    let is_down = |hook: &&WebhookFact| hook.ready_endpoints == Some(0);
    let down: Vec<&WebhookFact> = found.iter().copied().filter(is_down).collect();
    Ok(if down.is_empty() { found } else { down })
}

fn without_namespace(hook: &WebhookFact, namespace: &str) -> RepairStep {
    let item = json!({"key": NAMESPACE_NAME, "operator": "NotIn", "values": [namespace]});
    list_change(hook, &["namespaceSelector", "matchExpressions"], ListEdit::Add { item })
}

fn list_change(hook: &WebhookFact, path: &[&str], edit: ListEdit) -> RepairStep {
    let path = ["webhooks", &hook.name]
        .iter()
        .chain(path)
        .map(ToString::to_string)
        .collect();
    RepairStep::KubernetesList {
        change: ListChange {
            object: ObjectRef::of_cluster(API, &hook.configuration_kind, &hook.configuration),
            uid: None,
            path,
            edit,
        },
    }
}

fn names(hooks: &[&WebhookFact]) -> String {
    let all: Vec<String> = hooks.iter().map(|hook| hook.name.clone()).collect();
    format!("webhook {}", listed(&all))
}

fn owners(hooks: &[&WebhookFact]) -> Vec<String> {
    let mut all: Vec<String> = hooks
        .iter()
        .filter_map(|hook| reverted_by(hook.managed_by.as_ref()))
        .collect();
    all.dedup();
    all
}
