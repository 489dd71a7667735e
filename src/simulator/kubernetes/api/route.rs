//! Paths and queries into what is asked for. Looks at no object.

use super::failure::Failure;
use crate::simulator::kubernetes::objects::kinds::Kind;

/// What a path names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Route {
    Version,
    Health(Probe),
    Metrics,
    CoreVersions,
    Groups,
    Group(String),
    Resources {
        group: String,
        version: String,
    },
    OpenApiIndex,
    /// Such as `apis/apps/v1`.
    OpenApi(String),
    Objects(Target),
    Unknown,
}

/// The ways to ask an API server how it is (Kubernetes docs "Kubernetes API health endpoints", 2026).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Probe {
    Healthz,
    Livez,
    Readyz,
}

impl Probe {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Healthz => "healthz",
            Self::Livez => "livez",
            Self::Readyz => "readyz",
        }
    }
}

/// Objects of one kind: all, those of a namespace, or one of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) kind: Kind,
    pub(super) namespace: Option<String>,
    pub(super) name: Option<String>,
    pub(super) subresource: Option<String>,
}

impl Target {
    /// `pods`, or `pods/eviction`, as access rules name it.
    pub(super) fn resource(&self) -> String {
        let plural = self.kind.describe().plural;
        match &self.subresource {
            Some(subresource) => format!("{plural}/{subresource}"),
            None => plural.to_owned(),
        }
    }
}

impl Route {
    pub(super) fn parse(path: &str) -> Self {
        let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
        match segments.as_slice() {
            ["version"] => Self::Version,
            ["healthz", ..] => Self::Health(Probe::Healthz),
            ["livez", ..] => Self::Health(Probe::Livez),
            ["readyz", ..] => Self::Health(Probe::Readyz),
            ["metrics"] => Self::Metrics,
            ["api"] => Self::CoreVersions,
            ["apis"] => Self::Groups,
            ["api", version] => Self::Resources {
                group: String::new(),
                version: (*version).to_owned(),
            },
            ["apis", group] => Self::Group((*group).to_owned()),
            ["apis", group, version] => Self::Resources {
                group: (*group).to_owned(),
                version: (*version).to_owned(),
            },
            ["openapi", "v3"] => Self::OpenApiIndex,
            ["openapi", "v3", place @ ..] => Self::OpenApi(place.join("/")),
            ["api", version, rest @ ..] => objects("", version, rest),
            ["apis", group, version, rest @ ..] => objects(group, version, rest),
            _ => Self::Unknown,
        }
    }
}

fn objects(group: &str, version: &str, rest: &[&str]) -> Route {
    let (namespace, rest) = match rest {
        ["namespaces", _, "status" | "finalize"] => (None, rest),
        ["namespaces", namespace, rest @ ..] if !rest.is_empty() => (Some((*namespace).to_owned()), rest),
        _ => (None, rest),
    };
    let [plural, rest @ ..] = rest else {
        return Route::Unknown;
    };
    let Some(kind) = Kind::served_as(group, version, plural) else {
        return Route::Unknown;
    };
    let described = kind.describe();
    let (name, subresource) = match rest {
        [] => (None, None),
        [name] => (Some(*name), None),
        [name, subresource] if described.subresources.contains(subresource) => (Some(*name), Some(*subresource)),
        _ => return Route::Unknown,
    };
    // One object of a namespaced kind needs its namespace, and other kinds have none.
    if described.is_namespaced != namespace.is_some() && (name.is_some() || namespace.is_some()) {
        return Route::Unknown;
    }
    Route::Objects(Target {
        kind,
        namespace,
        name: name.map(str::to_owned),
        subresource: subresource.map(str::to_owned),
    })
}

/// The query parameters the API server knows and this one honours.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a parameter of its own")]
pub(super) struct Query {
    pub(super) label_selector: String,
    pub(super) field_selector: String,
    pub(super) limit: Option<usize>,
    /// Where an earlier page ended.
    pub(super) continuation: Option<String>,
    /// `None` for "any", as is an asked version of 0.
    pub(super) version: Option<u64>,
    pub(super) version_match: String,
    pub(super) is_watch: bool,
    pub(super) wants_bookmarks: bool,
    pub(super) wants_initial_events: bool,
    pub(super) timeout_seconds: Option<u64>,
    pub(super) is_dry_run: bool,
    pub(super) grace_seconds: Option<u64>,
    /// `None`, `Metadata` or `Object`: what table rows carry.
    pub(super) include_object: String,
    /// Of a probe: every part by itself.
    pub(super) is_verbose: bool,
}

impl Query {
    pub(super) fn parse(text: &str) -> Result<Self, Failure> {
        let mut query = Self::default();
        for (key, value) in url::form_urlencoded::parse(text.as_bytes()) {
            match key.as_ref() {
                "labelSelector" => query.label_selector = value.into_owned(),
                "fieldSelector" => query.field_selector = value.into_owned(),
                "limit" => query.limit = number(&key, &value)?.filter(|limit| *limit > 0),
                "continue" => query.continuation = Some(value.into_owned()).filter(|text| !text.is_empty()),
                "resourceVersion" => query.version = number(&key, &value)?.filter(|version| *version > 0),
                "resourceVersionMatch" => query.version_match = value.into_owned(),
                "watch" => query.is_watch = is_true(&value),
                "allowWatchBookmarks" => query.wants_bookmarks = is_true(&value),
                "sendInitialEvents" => query.wants_initial_events = is_true(&value),
                "timeoutSeconds" => query.timeout_seconds = number(&key, &value)?,
                "dryRun" => query.is_dry_run = value == "All",
                "gracePeriodSeconds" => query.grace_seconds = number(&key, &value)?,
                "verbose" => query.is_verbose = value.is_empty() || is_true(&value),
                "includeObject" => query.include_object = value.into_owned(),
                _ => {}
            }
        }
        Ok(query)
    }
}

fn is_true(text: &str) -> bool {
    matches!(text, "true" | "1")
}

fn number<N: std::str::FromStr>(key: &str, text: &str) -> Result<Option<N>, Failure> {
    if text.is_empty() {
        return Ok(None);
    }
    text.parse()
        .map(Some)
        .map_err(|_| Failure::bad_request(format!("{key}: Invalid value: \"{text}\": must be a number")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, kind: Kind, parts: [Option<&str>; 3]) {
        let [namespace, name, subresource] = parts.map(|part| part.map(str::to_owned));
        let expected = Route::Objects(Target {
            kind,
            namespace,
            name,
            subresource,
        });
        assert_eq!(Route::parse(path), expected, "{path}");
    }

    #[test]
    fn paths_name_objects() {
        check("/api/v1/nodes", Kind::Node, [None, None, None]);
        check("/api/v1/nodes/n1", Kind::Node, [None, Some("n1"), None]);
        check("/api/v1/pods", Kind::Pod, [None, None, None]);
        check("/api/v1/namespaces", Kind::Namespace, [None, None, None]);
        check("/api/v1/namespaces/shop", Kind::Namespace, [None, Some("shop"), None]);
        check("/api/v1/namespaces/shop/pods", Kind::Pod, [Some("shop"), None, None]);
        check(
            "/api/v1/namespaces/shop/pods/p/eviction",
            Kind::Pod,
            [Some("shop"), Some("p"), Some("eviction")],
        );
        check(
            "/apis/apps/v1/namespaces/shop/deployments/d/scale",
            Kind::Deployment,
            [Some("shop"), Some("d"), Some("scale")],
        );
        check(
            "/apis/policy/v1/poddisruptionbudgets",
            Kind::PodDisruptionBudget,
            [None, None, None],
        );
    }

    #[test]
    fn other_paths_are_unknown() {
        for path in [
            "/",
            "/api/v1/limitranges",
            "/api/v1/pods/p",
            "/api/v1/namespaces/shop/nodes",
            "/api/v1/namespaces/shop/pods/p/log",
            "/apis/apps/v1beta1/deployments",
            "/openapi/v2",
        ] {
            assert_eq!(Route::parse(path), Route::Unknown, "{path}");
        }
    }

    #[test]
    fn queries_are_read_and_checked() {
        let query = Query::parse("labelSelector=a%3Db&limit=5&watch=1&resourceVersion=0&dryRun=All").unwrap();
        assert_eq!(query.label_selector, "a=b");
        assert_eq!((query.limit, query.version), (Some(5), None));
        assert!(query.is_watch && query.is_dry_run);
        assert_eq!(Query::parse("limit=many").unwrap_err().code, 400);
    }
}
