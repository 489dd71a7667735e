//! Lines of a page of metrics into the figures that are used (Prometheus docs "Exposition formats", 2026; names from
//! Kubernetes reference "Kubernetes Metrics Reference", v1.36).

use std::collections::BTreeMap;

use crate::domain::survey::DeprecatedUse;
use crate::domain::text::printable;

/// What replicas of an API server said.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::kubernetes::survey) struct Figures {
    /// When the process began, as it wrote it: tells replicas apart.
    started: Option<String>,
    /// With the release that removes it.
    deprecated: BTreeMap<Api, String>,
    requests: BTreeMap<Api, BTreeMap<String, u64>>,
    objects: BTreeMap<String, u64>,
    pub(in crate::kubernetes::survey) etcd_bytes: Option<u64>,
    pub(in crate::kubernetes::survey) rejected_requests: Option<u64>,
}

/// One resource in one version.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Api {
    group: String,
    version: String,
    resource: String,
    subresource: String,
}

impl Figures {
    /// Takes up one line, where it is one of those used.
    pub(super) fn note(&mut self, line: &[u8]) {
        // Nearly all lines are histograms of other things.
        let is_used = [&b"apiserver_re"[..], b"apiserver_st", b"etcd_db_", b"process_st"]
            .iter()
            .any(|start| line.starts_with(start));
        if !is_used {
            return;
        }
        let Some(sample) = std::str::from_utf8(line).ok().and_then(Sample::parse) else {
            return;
        };
        match sample.name {
            "process_start_time_seconds" => self.started = Some(sample.value.to_owned()),
            "apiserver_requested_deprecated_apis" if sample.amount() > 0 => {
                let removed = printable(&sample.label("removed_release"));
                self.deprecated.insert(sample.api(), removed);
            }
            "apiserver_request_total" => {
                let amount = sample.amount();
                let rejected = self.rejected_requests.get_or_insert(0);
                if sample.label("code") == "429" {
                    *rejected = rejected.saturating_add(amount);
                }
                let verbs = self.requests.entry(sample.api()).or_default();
                let count = verbs.entry(printable(&sample.label("verb"))).or_default();
                *count = count.saturating_add(amount);
            }
            "apiserver_storage_objects" => self.count(&sample.label("resource"), &sample),
            "apiserver_resource_objects" => {
                let (resource, group) = (sample.label("resource"), sample.label("group"));
                let name = if group.is_empty() {
                    resource
                } else {
                    format!("{resource}.{group}")
                };
                self.count(&name, &sample);
            }
            // Newest name first; a server serves one of them for each database it uses.
            "apiserver_storage_size_bytes"
            | "apiserver_storage_db_total_size_in_bytes"
            | "etcd_db_total_size_in_bytes" => {
                self.etcd_bytes = self.etcd_bytes.max(Some(sample.amount()));
            }
            _ => {}
        }
    }

    /// True once a line was one that only API servers write.
    pub(super) fn is_any(&self) -> bool {
        !self.requests.is_empty() || !self.objects.is_empty() || self.etcd_bytes.is_some()
    }

    /// Adds what another look saw: of the same replica the later counts, of another one its own.
    pub(super) fn merge(&mut self, other: Self) {
        let is_same_replica = self.started.is_some() && self.started == other.started;
        let joined = |one: u64, another: u64| {
            if is_same_replica {
                one.max(another)
            } else {
                one.saturating_add(another)
            }
        };
        self.deprecated.extend(other.deprecated);
        for (api, verbs) in other.requests {
            let known = self.requests.entry(api).or_default();
            for (verb, count) in verbs {
                let before = known.entry(verb).or_default();
                *before = joined(*before, count);
            }
        }
        for (resource, count) in other.objects {
            let known = self.objects.entry(resource).or_default();
            *known = (*known).max(count);
        }
        self.etcd_bytes = self.etcd_bytes.max(other.etcd_bytes);
        self.rejected_requests = match (self.rejected_requests, other.rejected_requests) {
            (Some(one), Some(another)) => Some(joined(one, another)),
            (one, another) => one.or(another),
        };
    }

    /// The deprecated APIs that were asked for, in the order of their groups.
    pub(in crate::kubernetes::survey) fn deprecated_uses(&self) -> Vec<DeprecatedUse> {
        let to_use = |(api, removed): (&Api, &String)| DeprecatedUse {
            group: api.group.clone(),
            version: api.version.clone(),
            resource: api.resource.clone(),
            subresource: api.subresource.clone(),
            removed_release: removed.clone(),
            verbs: self.requests.get(api).cloned().unwrap_or_default(),
            clients: Vec::new(),
            last_seen: None,
        };
        self.deprecated.iter().map(to_use).collect()
    }

    /// Most first.
    pub(in crate::kubernetes::survey) fn object_counts(&self) -> Vec<(String, u64)> {
        let mut counts: Vec<(String, u64)> = self.objects.clone().into_iter().collect();
        counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        counts
    }

    /// A server that could not count says -1.
    fn count(&mut self, resource: &str, sample: &Sample<'_>) {
        if !sample.value.starts_with('-') {
            let known = self.objects.entry(printable(resource)).or_default();
            *known = (*known).max(sample.amount());
        }
    }
}

/// One line: `name{label="value",...} number`, or without labels.
struct Sample<'line> {
    name: &'line str,
    labels: &'line str,
    value: &'line str,
}

impl<'line> Sample<'line> {
    fn parse(line: &'line str) -> Option<Self> {
        let line = line.trim_end();
        let (name, labels, rest) = if let Some((name, after)) = line.split_once('{') {
            let (labels, rest) = after.rsplit_once('}')?;
            (name, labels, rest)
        } else {
            let (name, rest) = line.split_once(' ')?;
            (name, "", rest)
        };
        // A time may follow the number.
        let value = rest.split_whitespace().next()?;
        Some(Self { name, labels, value })
    }

    fn api(&self) -> Api {
        Api {
            group: printable(&self.label("group")),
            version: printable(&self.label("version")),
            resource: printable(&self.label("resource")),
            subresource: printable(&self.label("subresource")),
        }
    }

    /// The text of a label; empty where there is none.
    fn label(&self, wanted: &str) -> String {
        let mut rest = self.labels;
        while let Some((name, after)) = rest.split_once("=\"") {
            let (value, end) = quoted(after);
            if name.trim_start_matches([',', ' ']) == wanted {
                return value;
            }
            rest = after.get(end..).unwrap_or_default();
        }
        String::new()
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "counts are whole and not negative, and the cast of a float saturates"
    )]
    fn amount(&self) -> u64 {
        self.value.parse::<f64>().unwrap_or(0.0) as u64
    }
}

/// The text up to its closing quote, and where what follows begins.
fn quoted(text: &str) -> (String, usize) {
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return (value, at + 1),
            '\\' => match characters.next() {
                Some((_, 'n')) => value.push('\n'),
                Some((_, other)) => value.push(other),
                None => break,
            },
            other => value.push(other),
        }
    }
    (value, text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(page: &str) -> Figures {
        let mut figures = Figures::default();
        for line in page.split_inclusive('\n') {
            figures.note(line.as_bytes());
        }
        figures
    }

    const PAGE: &str = r#"# HELP apiserver_request_total [STABLE] Counter
# TYPE apiserver_request_total counter
apiserver_request_total{code="200",component="apiserver",group="flowcontrol.apiserver.k8s.io",resource="flowschemas",subresource="",verb="LIST",version="v1beta3"} 12
apiserver_request_total{code="404",component="apiserver",group="flowcontrol.apiserver.k8s.io",resource="flowschemas",subresource="",verb="LIST",version="v1beta3"} 3
apiserver_request_total{code="429",component="apiserver",group="",resource="pods",subresource="",verb="LIST",version="v1"} 1.5e+03
apiserver_request_duration_seconds_bucket{le="0.5",group="",resource="pods"} 7
apiserver_requested_deprecated_apis{group="flowcontrol.apiserver.k8s.io",removed_release="1.32",resource="flowschemas",subresource="",version="v1beta3"} 1
apiserver_requested_deprecated_apis{group="x",removed_release="1.40",resource="gone",subresource="",version="v1"} 0
apiserver_storage_objects{resource="pods"} 20000
apiserver_storage_objects{resource="secrets"} 2.1e+04
apiserver_storage_objects{resource="broken"} -1
apiserver_storage_size_bytes{storage_cluster_id="etcd-0"} 4.718592e+07
process_start_time_seconds 1.79e+09
go_goroutines 900
"#;

    #[test]
    fn a_handful_of_lines_is_used() {
        let figures = read(PAGE);
        let uses = figures.deprecated_uses();
        assert_eq!(uses.len(), 1);
        assert_eq!(
            (uses[0].version.as_str(), uses[0].removed_release.as_str()),
            ("v1beta3", "1.32")
        );
        assert_eq!(uses[0].verbs, BTreeMap::from([("LIST".to_owned(), 15)]));
        assert_eq!(figures.rejected_requests, Some(1500));
        assert_eq!(figures.etcd_bytes, Some(47_185_920));
        assert_eq!(
            figures.object_counts(),
            [("secrets".to_owned(), 21_000), ("pods".to_owned(), 20_000)]
        );
        assert!(figures.is_any());
    }

    #[test]
    fn replicas_add_up_and_the_same_one_does_not() {
        let mut same = read(PAGE);
        same.merge(read(&PAGE.replace(
            "\"LIST\",version=\"v1beta3\"} 12",
            "\"LIST\",version=\"v1beta3\"} 14",
        )));
        assert_eq!(same.deprecated_uses()[0].verbs["LIST"], 17);
        assert_eq!(same.rejected_requests, Some(1500));
        let mut other = read(PAGE);
        other.merge(read(
            &PAGE
                .replace("1.79e+09", "1.80e+09")
                .replace("\"1.32\",resource=\"flowschemas\"", "\"1.33\",resource=\"others\""),
        ));
        assert_eq!(other.deprecated_uses().len(), 2);
        assert_eq!(other.rejected_requests, Some(3000));
        assert_eq!(
            other.object_counts()[0].1,
            21_000,
            "objects are the same for all replicas"
        );
    }

    #[test]
    fn odd_lines_are_passed_over() {
        let figures = read(
            "apiserver_request_total\napiserver_request_total{} x\napiserver_request_total}{ 1\n\u{fe}\nprocess_start_time_seconds\n<html>\n",
        );
        assert_eq!(figures.deprecated_uses(), []);
        assert!(!read("<html>ok</html>\n").is_any());
        let quoted = read(
            r#"apiserver_requested_deprecated_apis{group="a\"},{b",version="v\\1",resource="r",subresource="s=\"",removed_release="1.40"} 1 1700000000"#,
        );
        let uses = quoted.deprecated_uses();
        assert_eq!((uses[0].group.as_str(), uses[0].version.as_str()), ("a\"},{b", "v\\1"));
        assert_eq!(uses[0].subresource, "s=\"");
    }

    #[test]
    fn newer_names_are_read_too() {
        let figures = read(
            "apiserver_resource_objects{group=\"apps\",resource=\"deployments\"} 5\napiserver_resource_objects{group=\"\",resource=\"pods\"} 7\netcd_db_total_size_in_bytes{endpoint=\"x\"} 9\n",
        );
        assert_eq!(
            figures.object_counts(),
            [("pods".to_owned(), 7), ("deployments.apps".to_owned(), 5)]
        );
        assert_eq!(figures.etcd_bytes, Some(9));
    }
}
