//! What a request to an API server is for, read from its method and path: `watch nodes`, `evict pod shop/cart-0`.

use super::entry::Kind;
use crate::domain::text::printable;

/// Kind and purpose of a request, in a few printable words.
pub fn of_kubernetes(method: &str, path: &str, query: Option<&str>) -> (Kind, String) {
    let is_watch = query
        .unwrap_or_default()
        .split('&')
        .any(|pair| matches!(pair, "watch=true" | "watch=1" | "watch"));
    let kind = match method {
        "GET" | "HEAD" if is_watch => Kind::KubernetesWatch,
        "GET" | "HEAD" => Kind::KubernetesRead,
        _ => Kind::KubernetesChange,
    };
    (kind, printable(&words(method, is_watch, path)))
}

fn words(method: &str, is_watch: bool, path: &str) -> String {
    let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    // `/api/v1/...` is the core group, `/apis/GROUP/VERSION/...` all others (Kubernetes docs "API concepts", 1.34).
    let rest = match segments.as_slice() {
        ["api", _, rest @ ..] | ["apis", _, _, rest @ ..] if !rest.is_empty() => rest,
        _ => return format!("{} {path}", plain_verb(method)),
    };
    let (namespace, rest) = match rest {
        ["namespaces", namespace, rest @ ..] if !rest.is_empty() => (Some(*namespace), rest),
        rest => (None, rest),
    };
    let named = |name: &str| match namespace {
        Some(namespace) => format!("{namespace}/{name}"),
        None => name.to_owned(),
    };
    match rest {
        [resource] => {
            let place = namespace.map(|name| format!(" in {name}")).unwrap_or_default();
            let verb = match method {
                "GET" if is_watch => "watch",
                "GET" => "list",
                "POST" => "create in",
                other => plain_verb(other),
            };
            format!("{verb} {resource}{place}")
        }
        ["pods", name, "eviction"] => format!("evict pod {}", named(name)),
        [resource, name, "scale"] => format!("{} the scale of {} {}", plain_verb(method), one(resource), named(name)),
        [resource, name] => {
            let verb = if is_watch { "watch" } else { plain_verb(method) };
            format!("{verb} {} {}", one(resource), named(name))
        }
        [resource, name, more @ ..] => {
            let verb = plain_verb(method);
            format!("{verb} {} of {} {}", more.join("/"), one(resource), named(name))
        }
        [] => format!("{} {path}", plain_verb(method)),
    }
}

fn plain_verb(method: &str) -> &'static str {
    match method {
        "GET" | "HEAD" => "read",
        "POST" => "create",
        "PUT" => "replace",
        "PATCH" => "change",
        "DELETE" => "delete",
        _ => "ask",
    }
}

/// The singular of a resource's name, as people say it.
fn one(resource: &str) -> String {
    match resource.strip_suffix("ies") {
        Some(stem) => format!("{stem}y"),
        None => match resource.strip_suffix("sses") {
            Some(stem) => format!("{stem}ss"),
            None => resource.strip_suffix('s').unwrap_or(resource).to_owned(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_say_what_they_are_for() {
        use Kind::{KubernetesChange, KubernetesRead, KubernetesWatch};
        let check = |method: &str, path: &str, query: &str, kind: Kind, expected: &str| {
            let (got, words) = of_kubernetes(method, path, Some(query));
            assert_eq!((got, words.as_str()), (kind, expected), "{method} {path}");
        };
        check("GET", "/version", "", KubernetesRead, "read /version");
        check("GET", "/readyz", "verbose", KubernetesRead, "read /readyz");
        check("GET", "/api/v1/nodes", "limit=500", KubernetesRead, "list nodes");
        check(
            "GET",
            "/api/v1/nodes",
            "limit=1&watch=true",
            KubernetesWatch,
            "watch nodes",
        );
        check(
            "GET",
            "/apis/policy/v1/namespaces/shop/poddisruptionbudgets",
            "",
            KubernetesRead,
            "list poddisruptionbudgets in shop",
        );
        check(
            "PUT",
            "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/aks-cockpit",
            "",
            KubernetesChange,
            "replace lease kube-system/aks-cockpit",
        );
        check(
            "POST",
            "/api/v1/namespaces/shop/pods/cart-0/eviction",
            "",
            KubernetesChange,
            "evict pod shop/cart-0",
        );
        check(
            "PATCH",
            "/apis/apps/v1/namespaces/shop/deployments/cart/scale",
            "",
            KubernetesChange,
            "change the scale of deployment shop/cart",
        );
        check(
            "GET",
            "/apis/storage.k8s.io/v1/storageclasses/fast",
            "",
            KubernetesRead,
            "read storageclass fast",
        );
        check(
            "GET",
            "/api/v1/namespaces/shop",
            "",
            KubernetesRead,
            "read namespace shop",
        );
        check("GET", "/apis", "", KubernetesRead, "read /apis");
        check("GET", "/a\u{1b}b", "", KubernetesRead, "read /ab");
    }
}
