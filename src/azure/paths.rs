//! Paths and URLs of Azure: built from ids, and checked before a token is sent along.

use url::Url;

use super::error::AzureError;
use crate::domain::azure_edit::AzureResource;
use crate::domain::change::Change;
use crate::domain::ids::{ClusterId, NodePoolName, SubscriptionId};
use crate::domain::text::printable;

/// ARM hosts of the clouds; a link to one of them is as good as one to its regional endpoint
/// (azure-mgmt-core `get_arm_endpoints`, 2026).
const ARM_HOSTS: [&str; 3] = [
    "management.azure.com",
    "management.usgovcloudapi.net",
    "management.chinacloudapi.cn",
];

/// Checks an endpoint: https anywhere, plain http only to this machine, nothing but scheme, host, port and path.
pub(super) fn check_endpoint(endpoint: &Url) -> Result<(), AzureError> {
    let refuse = |why: String| Err(AzureError::Settings { why });
    let Some(host) = endpoint.host() else {
        return refuse(format!("'{endpoint}' names no host"));
    };
    if !endpoint.username().is_empty() || endpoint.password().is_some() {
        return refuse("the endpoint must not carry a user name or password".to_owned());
    }
    if endpoint.query().is_some() || endpoint.fragment().is_some() {
        return refuse(format!("'{endpoint}' must end after its path"));
    }
    match endpoint.scheme() {
        "https" => Ok(()),
        "http" if is_loopback(endpoint) => Ok(()),
        "http" => refuse(format!(
            "plain http is only allowed to this machine, and '{host}' is another one; use https"
        )),
        other => refuse(format!("'{other}' is no way to reach Azure; use https")),
    }
}

/// True for `127.0.0.0/8`, `::1` and `localhost`.
pub(super) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        Some(url::Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        None => false,
    }
}

/// True where a URL that came in an answer may be asked with our token: the endpoint's own origin, or https on the
/// ARM host of the endpoint's cloud.
pub(super) fn is_trusted(endpoint: &Url, link: &Url) -> bool {
    if link.origin() == endpoint.origin() {
        return true;
    }
    let is_of_cloud = |url: &Url, arm: &str| {
        url.host_str()
            .is_some_and(|host| host == arm || host.strip_suffix(arm).is_some_and(|region| region.ends_with('.')))
    };
    link.scheme() == "https"
        && link.port_or_known_default() == Some(443)
        && endpoint.scheme() == "https"
        && ARM_HOSTS
            .iter()
            .any(|arm| is_of_cloud(endpoint, arm) && is_of_cloud(link, arm))
}

/// Puts path and query behind the endpoint. The path starts with `/`, so that it can never change the host.
pub(super) fn at_endpoint(endpoint: &Url, path: &str) -> Result<Url, AzureError> {
    let refuse = || AzureError::Settings {
        why: "a request's path must start with '/'".to_owned(),
    };
    if !path.starts_with('/') {
        return Err(refuse());
    }
    let url: Url = format!("{}{path}", endpoint.as_str().trim_end_matches('/'))
        .parse()
        .map_err(|_| refuse())?;
    if url.origin() == endpoint.origin() {
        Ok(url)
    } else {
        Err(refuse())
    }
}

/// Path of a cluster, with each name escaped.
pub(super) fn cluster(id: &ClusterId) -> Result<String, AzureError> {
    let settings = |why: String| AzureError::Settings { why };
    let parts = id.parts().ok_or_else(|| {
        settings(if id.is_kubeconfig_context() {
            format!(
                "'{}' is known by a kubeconfig only, so Azure cannot be asked about it",
                id.name()
            )
        } else {
            format!("'{id}' is no cluster's resource id")
        })
    })?;
    Ok(format!(
        "/subscriptions/{}/resourceGroups/{}/providers/Microsoft.ContainerService/managedClusters/{}",
        segment(parts.subscription)?,
        segment(parts.resource_group)?,
        segment(parts.name)?
    ))
}

/// Path of a node pool.
pub(super) fn node_pool(id: &ClusterId, pool: &NodePoolName) -> Result<String, AzureError> {
    Ok(format!("{}/agentPools/{}", cluster(id)?, segment(pool.as_str())?))
}

/// Path of a maintenance configuration.
pub(super) fn window(id: &ClusterId, name: &str) -> Result<String, AzureError> {
    Ok(format!("{}/maintenanceConfigurations/{}", cluster(id)?, segment(name)?))
}

/// Path of any resource by its id, with each name escaped; it must be of the type that is asked for.
pub(super) fn by_id(id: &str, provider: &str, kind: &str) -> Result<String, AzureError> {
    let refuse = || AzureError::Settings {
        why: format!("'{}' is no id of {provider}/{kind}", printable(id)),
    };
    let names: Vec<&str> = id.strip_prefix('/').ok_or_else(refuse)?.split('/').collect();
    let is_of_kind = match names.as_slice() {
        [first, _, .., namespace, found, _] => {
            first.eq_ignore_ascii_case("subscriptions")
                && namespace.eq_ignore_ascii_case(provider)
                && found.eq_ignore_ascii_case(kind)
        }
        _ => false,
    };
    if !is_of_kind {
        return Err(refuse());
    }
    names
        .iter()
        .try_fold(String::new(), |path, name| Ok(format!("{path}/{}", segment(name)?)))
}

/// Path of the resource a change is about.
pub(super) fn resource(change: &Change) -> Result<String, AzureError> {
    match change {
        Change::RemoveLock { lock, .. } | Change::PutLock { lock, .. } => {
            by_id(lock, "Microsoft.Authorization", "locks")
        }
        Change::LinkDnsZone { zone, link, .. } | Change::UnlinkDnsZone { zone, link, .. } => Ok(format!(
            "{}/virtualNetworkLinks/{}",
            by_id(zone, "Microsoft.Network", "privateDnsZones")?,
            segment(link)?
        )),
        Change::SetWindow {
            cluster, window: name, ..
        }
        | Change::PutBack {
            cluster,
            of: AzureResource::Window { name },
            ..
        } => window(cluster, name),
        _ => match change.pool() {
            Some(pool) => node_pool(change.cluster(), pool),
            None => cluster(change.cluster()),
        },
    }
}

/// Path below a subscription, for instance `providers/Microsoft.ContainerService/managedClusters`.
pub(super) fn in_subscription(subscription: &SubscriptionId, rest: &str) -> Result<String, AzureError> {
    Ok(format!("/subscriptions/{}/{rest}", segment(subscription.as_str())?))
}

/// Path of a resource that came in an answer, with each name escaped.
pub(super) fn of_resource(id: &str) -> Result<String, AzureError> {
    let names = id.strip_prefix('/').filter(|rest| {
        let first = rest.split('/').next();
        first.is_some_and(|first| first.eq_ignore_ascii_case("subscriptions"))
    });
    let Some(names) = names else {
        return Err(AzureError::Settings {
            why: format!("'{id}' is no resource's id"),
        });
    };
    let escaped: Vec<String> = names
        .trim_end_matches('/')
        .split('/')
        .map(segment)
        .collect::<Result<_, _>>()?;
    Ok(format!("/{}", escaped.join("/")))
}

/// One path segment, escaped. Empty and dot segments would name something else, so they are refused.
pub(super) fn segment(name: &str) -> Result<String, AzureError> {
    if matches!(name, "" | "." | "..") {
        return Err(AzureError::Settings {
            why: format!("'{name}' is no name of an Azure resource"),
        });
    }
    Ok(escaped(name))
}

/// A text for a path segment or a value of a query.
pub(super) fn escaped(text: &str) -> String {
    let escape = |byte: u8| {
        if byte.is_ascii_alphanumeric() || b"-_.~()".contains(&byte) {
            char::from(byte).to_string()
        } else {
            format!("%{byte:02X}")
        }
    };
    text.bytes().map(escape).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        text.parse().unwrap()
    }

    #[test]
    fn plain_http_stays_on_this_machine() {
        for (text, is_allowed) in [
            ("https://management.azure.com", true),
            ("http://127.0.0.1:8080", true),
            ("http://127.9.9.9", true),
            ("http://[::1]:1", true),
            ("http://localhost:1/base", true),
            ("http://management.azure.com", false),
            ("http://127.0.0.1.example.com", false),
            ("http://localhost.example.com", false),
            ("https://user@management.azure.com", false),
            ("https://:secret@management.azure.com", false),
            ("https://management.azure.com/?x=1", false),
            ("ftp://127.0.0.1", false),
            ("mailto:a@b", false),
        ] {
            assert_eq!(check_endpoint(&url(text)).is_ok(), is_allowed, "{text}");
        }
        let error = check_endpoint(&url("https://u:secret@h/")).unwrap_err();
        assert!(!error.to_string().contains("secret"));
    }

    #[test]
    fn a_token_only_follows_links_to_the_same_azure() {
        let public = "https://management.azure.com";
        let local = "http://127.0.0.1:4000";
        for (endpoint, link, expected) in [
            (public, "https://management.azure.com/x?c=1", true),
            (public, "https://westeurope.management.azure.com/x", true),
            (
                "https://westeurope.management.azure.com",
                "https://management.azure.com/x",
                true,
            ),
            (public, "http://management.azure.com/x", false),
            (public, "https://management.azure.com.evil.test/x", false),
            (public, "https://evilmanagement.azure.com/x", false),
            (public, "https://management.azure.com:8443/x", false),
            (public, "https://management.chinacloudapi.cn/x", false),
            (local, "http://127.0.0.1:4000/x", true),
            (local, "http://127.0.0.1:4001/x", false),
            (local, "https://management.azure.com/x", false),
        ] {
            assert_eq!(is_trusted(&url(endpoint), &url(link)), expected, "{endpoint} {link}");
        }
    }

    #[test]
    fn a_path_never_changes_the_host() {
        let endpoint = url("http://127.0.0.1:4000/base/");
        assert_eq!(
            at_endpoint(&endpoint, "/a?b=c").unwrap().as_str(),
            "http://127.0.0.1:4000/base/a?b=c"
        );
        assert_eq!(
            at_endpoint(&endpoint, "//evil.test/a").unwrap().origin(),
            endpoint.origin()
        );
        for path in ["", "a", ":80/a", "@evil.test/", "https://evil.test/"] {
            assert!(at_endpoint(&url("http://127.0.0.1"), path).is_err(), "{path}");
        }
    }

    #[test]
    fn a_resource_that_came_in_an_answer_stays_below_its_subscription() {
        assert_eq!(
            of_resource("/Subscriptions/s/rg (a)/").unwrap(),
            "/Subscriptions/s/rg%20(a)"
        );
        for id in ["", "system", "/providers/x", "/subscriptions/../x", "/subscriptions//x"] {
            assert!(of_resource(id).is_err(), "{id}");
        }
    }

    #[test]
    fn names_are_escaped_and_dots_refused() {
        let id = ClusterId::from_parts("s", "rg (old)", "a?b");
        assert!(
            cluster(&id)
                .unwrap()
                .ends_with("/resourceGroups/rg%20(old)/providers/Microsoft.ContainerService/managedClusters/a%3Fb")
        );
        assert!(cluster(&ClusterId::from_parts("s", "..", "c")).is_err());
        assert!(node_pool(&ClusterId::from_parts("s", "g", "c"), &NodePoolName::new("")).is_err());
        let error = cluster(&ClusterId::from_context("kind")).unwrap_err();
        assert!(error.to_string().contains("'kind' is known by a kubeconfig only"));
    }
}
