//! The command that makes the same read outside of the cockpit, for a person who wants to see the answer.
//! None for what changes something: such a command must not be one key away.

use super::entry::{Entry, Outcome};

/// Hosts that `az rest` knows a token for (azure-cli, `az cloud list`, 2026).
const ARM_HOSTS: [&str; 3] = [
    "https://management.azure.com",
    "https://management.usgovcloudapi.net",
    "https://management.chinacloudapi.cn",
];

/// The command, or why there is none.
///
/// # Errors
/// One sentence, for requests that change something and for those whose address is not shown whole.
pub fn command(entry: &Entry) -> Result<String, &'static str> {
    let request = &entry.request;
    if matches!(entry.outcome, Outcome::Throttled { .. }) {
        return Err("a wait sends nothing");
    }
    if request.method != "GET" {
        return Err("only reads can be made again by hand from here");
    }
    if !request.is_whole || !request.path.starts_with('/') {
        return Err("a part of its address is a secret or a page token, and is not shown");
    }
    if !request.kind.is_azure() {
        let context = match &request.name {
            Some(name) => format!("--context {} ", quoted(name)),
            None => String::new(),
        };
        return Ok(format!("kubectl {context}get --raw {}", quoted(&entry.target())));
    }
    if ARM_HOSTS.contains(&request.server.trim_end_matches('/')) {
        return Ok(format!("az rest --method get --url {}", quoted(&entry.url())));
    }
    Ok(format!(
        "curl -sS -H \"Authorization: Bearer $AKS_COCKPIT_TOKEN\" {}",
        quoted(&entry.url())
    ))
}

/// One word for a POSIX shell. Plain words stay as they are.
fn quoted(text: &str) -> String {
    let is_plain = |character: char| character.is_ascii_alphanumeric() || "-_./:@".contains(character);
    if !text.is_empty() && text.chars().all(is_plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::super::entry::tests::entry;
    use super::super::entry::{Entry, Kind};
    use super::*;

    fn read(change: impl FnOnce(&mut Entry)) -> Result<String, &'static str> {
        let mut entry = entry(Outcome::Answered { status: 200 });
        change(&mut entry);
        command(&entry)
    }

    #[test]
    fn reads_can_be_made_by_hand() {
        assert_eq!(
            read(|_| ()).as_deref(),
            Ok("az rest --method get --url 'https://management.azure.com/subscriptions?api-version=2022-12-01'")
        );
        assert_eq!(
            read(|entry| entry.request.server = "http://127.0.0.1:4711".to_owned()).as_deref(),
            Ok("curl -sS -H \"Authorization: Bearer $AKS_COCKPIT_TOKEN\" \
                'http://127.0.0.1:4711/subscriptions?api-version=2022-12-01'")
        );
        let kubernetes = |name: Option<&str>, query: &str| {
            read(|entry| {
                entry.request.kind = Kind::KubernetesRead;
                entry.request.name = name.map(str::to_owned);
                entry.request.path = "/api/v1/nodes".to_owned();
                query.clone_into(&mut entry.request.query);
            })
        };
        assert_eq!(kubernetes(None, "").as_deref(), Ok("kubectl get --raw /api/v1/nodes"));
        assert_eq!(
            kubernetes(Some("it's"), "limit=5").as_deref(),
            Ok(r"kubectl --context 'it'\''s' get --raw '/api/v1/nodes?limit=5'")
        );
    }

    #[test]
    fn changes_and_secret_addresses_have_no_command() {
        assert!(read(|entry| entry.request.method = "PUT").is_err());
        assert!(read(|entry| entry.request.is_whole = false).is_err());
        assert!(read(|entry| entry.request.path = "(status of the operation)".to_owned()).is_err());
        assert!(
            read(|entry| entry.outcome = Outcome::Throttled {
                wait: std::time::Duration::ZERO
            })
            .is_err()
        );
    }
}
