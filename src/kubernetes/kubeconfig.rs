//! From the text of a kubeconfig to a kube configuration: which context, which login, which proxy.
//! Sends nothing and runs nothing; errors never quote the text, which holds secrets.

use std::path::Path;
use std::time::Duration;

use kube::config::{AuthInfo, ExecInteractiveMode, KubeConfigOptions, Kubeconfig, KubeconfigError};

use super::client::Access;
use super::error::{KubernetesError, chain};
use super::proxy::goes_direct;
use crate::domain::text::printable;

/// How long a connection may take to come about.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);

/// What a kubeconfig says about one context.
pub(super) struct Chosen {
    pub(super) config: kube::Config,
    /// The login of the kubeconfig was put aside: requests need a token of ours.
    pub(super) wants_token: bool,
}

/// Reads the kubeconfig of `access` and chooses its context.
///
/// # Errors
/// When the text is no kubeconfig, or the context, its cluster or its user is not in it.
pub(super) async fn choose(access: &Access) -> Result<Chosen, KubernetesError> {
    let mut kubeconfig =
        Kubeconfig::from_yaml(&access.kubeconfig).map_err(|error| unreadable(&access.origin, &error))?;
    let contexts = context_names(&kubeconfig);
    let unusable = |why: String| KubernetesError::Kubeconfig {
        origin: access.origin.clone(),
        why: printable(&why),
        contexts: contexts.clone(),
    };
    let context = choose_context(&kubeconfig, access.context.as_deref()).map_err(&unusable)?;
    let own_proxy = check_cluster(&kubeconfig, &context).map_err(&unusable)?;
    let wants_token = match user_of(&mut kubeconfig, &context).map_err(&unusable)? {
        Some(user) => settle_login(user, access.token.is_some()),
        None => false,
    };
    let options = KubeConfigOptions {
        context: Some(context),
        ..KubeConfigOptions::default()
    };
    let mut config = kube::Config::from_custom_kubeconfig(kubeconfig, &options)
        .await
        .map_err(|error| unusable(chain(&error)))?;
    // kube would repeat every request up to 15 times on 429 and 503, and say nothing.
    config.default_retry = false;
    config.connect_timeout = Some(CONNECT_WITHIN);
    if !own_proxy && goes_direct(config.cluster_url.host().unwrap_or_default(), &no_proxy()) {
        config.proxy_url = None;
    }
    Ok(Chosen { config, wants_token })
}

/// Reads a kubeconfig file into text in which every path is absolute.
///
/// # Errors
/// When the file cannot be read or is no kubeconfig.
pub(super) fn read_file(path: &Path) -> Result<String, KubernetesError> {
    let origin = printable(&path.display().to_string());
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let kubeconfig = Kubeconfig::read_from(absolute).map_err(|error| unreadable(&origin, &error))?;
    // JSON is YAML.
    serde_json::to_string(&kubeconfig).map_err(|_| KubernetesError::Kubeconfig {
        origin,
        why: "it holds something that cannot be written down".to_owned(),
        contexts: Vec::new(),
    })
}

fn unreadable(origin: &str, error: &KubeconfigError) -> KubernetesError {
    let why = match error {
        // The parser's own text may quote the line, and with it a token.
        KubeconfigError::Parse(error) => match error.location() {
            Some(at) => format!(
                "it is not the YAML of a kubeconfig (line {}, column {})",
                at.line(),
                at.column()
            ),
            None => "it is not the YAML of a kubeconfig".to_owned(),
        },
        KubeconfigError::ReadConfig(error, _) => format!("it cannot be read: {error}"),
        other => chain(other),
    };
    KubernetesError::Kubeconfig {
        origin: origin.to_owned(),
        why,
        contexts: Vec::new(),
    }
}

fn context_names(kubeconfig: &Kubeconfig) -> Vec<String> {
    kubeconfig
        .contexts
        .iter()
        .map(|context| printable(&context.name))
        .collect()
}

fn choose_context(kubeconfig: &Kubeconfig, wanted: Option<&str>) -> Result<String, String> {
    let current = kubeconfig.current_context.as_deref().filter(|name| !name.is_empty());
    let known = |name: &str| kubeconfig.contexts.iter().any(|context| context.name == name);
    match wanted.or(current) {
        _ if kubeconfig.contexts.is_empty() => Err("it has no contexts".to_owned()),
        Some(name) if known(name) => Ok(name.to_owned()),
        Some(name) if wanted.is_some() => Err(format!("it has no context '{name}'")),
        Some(name) => Err(format!("its current context '{name}' is not in it")),
        None => Err("it names no current context".to_owned()),
    }
}

/// Checks that the context's cluster is there; true where it brings a proxy of its own.
fn check_cluster(kubeconfig: &Kubeconfig, context: &str) -> Result<bool, String> {
    let name = parts(kubeconfig, context)
        .map(|parts| parts.cluster.as_str())
        .unwrap_or_default();
    let cluster = kubeconfig
        .clusters
        .iter()
        .find(|cluster| cluster.name == name)
        .and_then(|cluster| cluster.cluster.as_ref())
        .ok_or_else(|| format!("its context '{context}' is for the cluster '{name}', which is not in it"))?;
    match cluster.server.as_deref() {
        None | Some("") => Err(format!("its cluster '{name}' has no server address")),
        Some(_) => Ok(cluster.proxy_url.as_deref().is_some_and(|url| !url.is_empty())),
    }
}

fn user_of<'a>(kubeconfig: &'a mut Kubeconfig, context: &str) -> Result<Option<&'a mut AuthInfo>, String> {
    let Some(name) = parts(kubeconfig, context)
        .and_then(|parts| parts.user.clone())
        .filter(|name| !name.is_empty())
    else {
        return Ok(None);
    };
    kubeconfig
        .auth_infos
        .iter_mut()
        .find(|user| user.name == name)
        .map(|user| user.auth_info.as_mut())
        .ok_or_else(|| format!("its context '{context}' is for the user '{name}', who is not in it"))
}

fn parts<'a>(kubeconfig: &'a Kubeconfig, context: &str) -> Option<&'a kube::config::Context> {
    kubeconfig
        .contexts
        .iter()
        .find(|named| named.name == context)
        .and_then(|named| named.context.as_ref())
}

/// Puts a login plugin aside where we have a token, else forbids it to ask questions: it would write into the
/// screen and take the keys. True where our token is needed.
fn settle_login(user: &mut AuthInfo, have_token: bool) -> bool {
    let has_plugin = user.exec.is_some() || user.auth_provider.is_some();
    if have_token && has_plugin {
        user.exec = None;
        user.auth_provider = None;
        return true;
    }
    if let Some(exec) = &mut user.exec {
        exec.interactive_mode = Some(ExecInteractiveMode::Never);
    }
    false
}

fn no_proxy() -> String {
    ["NO_PROXY", "no_proxy"]
        .into_iter()
        .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    const PLAIN: &str = r"
apiVersion: v1
kind: Config
current-context: shop
contexts:
- {name: shop, context: {cluster: shop, user: ann}}
- {name: lost, context: {cluster: gone, user: ann}}
- {name: nobody, context: {cluster: shop, user: bob}}
- {name: open, context: {cluster: shop}}
- {name: bare, context: {cluster: bare, user: ann}}
clusters:
- {name: shop, cluster: {server: 'https://shop.example:443'}}
- {name: bare, cluster: {}}
users:
- name: ann
  user: {token: s3cret}
";

    const ENTRA: &str = r"
apiVersion: v1
current-context: shop
contexts: [{name: shop, context: {cluster: shop, user: ann}}]
clusters: [{name: shop, cluster: {server: 'https://shop.example:443'}}]
users:
- name: ann
  user:
    exec: {apiVersion: client.authentication.k8s.io/v1beta1, command: kubelogin, args: [get-token], interactiveMode: Always}
";

    fn access(kubeconfig: &str, context: Option<&str>) -> Access {
        Access {
            origin: "test.yaml".into(),
            kubeconfig: kubeconfig.into(),
            context: context.map(str::to_owned),
            token: None,
        }
    }

    async fn why(kubeconfig: &str, context: Option<&str>) -> (String, Vec<String>) {
        match choose(&access(kubeconfig, context)).await.err() {
            Some(KubernetesError::Kubeconfig { why, contexts, .. }) => (why, contexts),
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn bad_kubeconfigs_say_what_is_missing_and_list_the_contexts() {
        let all = ["shop", "lost", "nobody", "open", "bare"].map(String::from).to_vec();
        for (context, expected) in [
            ("prod", "it has no context 'prod'"),
            (
                "lost",
                "its context 'lost' is for the cluster 'gone', which is not in it",
            ),
            ("nobody", "its context 'nobody' is for the user 'bob', who is not in it"),
            ("bare", "its cluster 'bare' has no server address"),
        ] {
            assert_eq!(why(PLAIN, Some(context)).await, (expected.to_owned(), all.clone()));
        }
        for (text, expected) in [
            ("", "it has no contexts"),
            ("apiVersion: v1\nkind: Config\n", "it has no contexts"),
            (
                "contexts: [{name: a, context: {cluster: b}}]",
                "it names no current context",
            ),
            (
                "current-context: z\ncontexts: [{name: a, context: {cluster: b}}]",
                "its current context 'z' is not in it",
            ),
        ] {
            assert_eq!(why(text, None).await.0, expected);
        }
    }

    #[tokio::test]
    async fn text_that_is_no_kubeconfig_is_never_quoted() {
        for text in [
            "users: [token: s3cret, }",
            "s3cret",
            "contexts: s3cret",
            "{\"contexts\": 5, \"token\": \"s3cret\"",
        ] {
            let (why, _) = why(text, None).await;
            assert!(why.starts_with("it is not the YAML of a kubeconfig"), "{why}");
            assert!(!why.contains("s3cret"), "{why}");
        }
    }

    #[tokio::test]
    async fn the_chosen_context_decides_server_and_login() {
        let chosen = choose(&access(PLAIN, None)).await.unwrap();
        assert_eq!(chosen.config.cluster_url.to_string(), "https://shop.example:443/");
        assert!(chosen.config.auth_info.token.is_some());
        assert!(!chosen.wants_token && !chosen.config.default_retry);
        let open = choose(&access(PLAIN, Some("open"))).await.unwrap();
        assert!(open.config.auth_info.token.is_none());
    }

    #[tokio::test]
    async fn a_login_plugin_is_replaced_by_our_token_or_kept_quiet() {
        let mut access = access(ENTRA, None);
        let quiet = choose(&access).await.unwrap();
        let exec = quiet.config.auth_info.exec.unwrap();
        assert_eq!(exec.interactive_mode, Some(ExecInteractiveMode::Never));
        assert!(!quiet.wants_token);

        access.token = Some(Arc::new(|| Box::pin(async { Err(String::new()) })));
        let replaced = choose(&access).await.unwrap();
        assert!(replaced.config.auth_info.exec.is_none());
        assert!(replaced.wants_token);

        access.kubeconfig = PLAIN.into();
        let kept = choose(&access).await.unwrap();
        assert!(!kept.wants_token && kept.config.auth_info.token.is_some());
    }

    #[test]
    fn paths_in_a_file_are_seen_from_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("config");
        std::fs::write(
            &file,
            PLAIN.replace("{server:", "{certificate-authority: certs/ca.crt, server:"),
        )
        .unwrap();
        let text = read_file(&file).unwrap();
        let expected = folder.path().join("certs/ca.crt");
        assert!(text.contains(expected.to_str().unwrap()), "{text}");
        assert!(text.contains("s3cret"), "the login is still there");

        let missing = read_file(&folder.path().join("none")).unwrap_err();
        assert!(missing.to_string().contains("it cannot be read"), "{missing}");
    }
}
