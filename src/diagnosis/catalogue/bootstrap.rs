//! Exit codes of the node bootstrap script (`assets/cse-exit-codes.json`): what a number means, and which failure it is.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::Regex;
use serde::Deserialize;

/// One exit code of the Linux bootstrap script (vmssCSE).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExitCode {
    pub code: u32,
    /// As in the script, for instance `ERR_OUTBOUND_CONN_FAIL`.
    pub name: &'static str,
    pub meaning: &'static str,
    /// Code of the failure catalogue; `None` for a group that is no failure.
    pub failure: Option<&'static str>,
}

#[derive(Debug, Deserialize)]
struct Table {
    regex: String,
    group_to_failure: BTreeMap<String, String>,
    codes: BTreeMap<u32, Row>,
}

#[derive(Debug, Deserialize)]
struct Row {
    name: String,
    meaning: String,
    group: String,
}

static TABLE: LazyLock<(Table, Regex)> = LazyLock::new(|| {
    let table: Table = serde_json::from_str(include_str!("../../../assets/cse-exit-codes.json"))
        .expect("the shipped table is sound: a test reads it");
    let regex = Regex::new(&table.regex).expect("the shipped pattern compiles: a test reads it");
    (table, regex)
});

/// The first exit code a text tells that the table knows and that is not success.
///
/// Windows scripts number otherwise and name their error instead: their texts give `None`.
pub fn exit_code(text: &str) -> Option<ExitCode> {
    if text.contains("WINDOWS_CSE_ERROR") {
        return None;
    }
    let (table, regex) = &*TABLE;
    regex
        .captures_iter(text)
        .filter_map(|captures| captures.name("code")?.as_str().parse().ok())
        .filter(|code| *code != 0)
        .find_map(|code| {
            let row = table.codes.get(&code)?;
            Some(ExitCode {
                code,
                name: &row.name,
                meaning: &row.meaning,
                failure: table.group_to_failure.get(&row.group).map(String::as_str),
            })
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_read_in_every_spelling() {
        let check = |text: &str, code: u32, failure: &str| {
            let found = exit_code(text).unwrap();
            assert_eq!((found.code, found.failure), (code, Some(failure)), "{text}");
        };
        check("command terminated with exit status=50", 50, "cse-outbound");
        check(r#"{ "ExitCode": "52", "Output": "x" }"#, 52, "cse-apiserver-dns");
        check(r#"{\"ExitCode\": \"51\"}"#, 51, "cse-apiserver-conn");
        check("ExitCode: 212", 212, "cse-acr-bootstrap");
        check("exit status 34", 34, "cse-kubelet");
    }

    #[test]
    fn success_windows_and_unknown_numbers_are_no_codes() {
        assert_eq!(exit_code("ExitCode: 0"), None);
        assert_eq!(exit_code("WINDOWS_CSE_ERROR_CHECK. Exit status: 5"), None);
        assert_eq!(exit_code("exit status=1"), None);
    }

    #[test]
    fn every_group_is_a_failure_of_the_catalogue() {
        for failure in TABLE.0.group_to_failure.values() {
            assert!(
                crate::diagnosis::catalogue::Catalogue::shipped()
                    .entry(failure)
                    .is_some(),
                "{failure}"
            );
        }
    }
}
