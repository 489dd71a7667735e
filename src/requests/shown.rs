//! What of a request and its answer may be shown: known query parameters and headers, and the start of an error.
//! Everything else is left out: what is not known to be harmless may be a signature or a page token.

use crate::domain::text::printable;

/// Stands for a value that is not shown.
pub const HIDDEN: &str = "...";
/// Longest value of a parameter or header that is shown, in characters.
const LONGEST_VALUE: usize = 200;
/// Longest error text, in characters.
const LONGEST_ERROR: usize = 2_000;

/// Query parameters whose values are harmless: versions, filters, and the options of lists and watches.
const PARAMETERS: &[&str] = &[
    "api-version",
    "$filter",
    "$select",
    "$top",
    "$expand",
    "allowWatchBookmarks",
    "command",
    "dryRun",
    "exact",
    "fieldManager",
    "fieldSelector",
    "force",
    "format",
    "gracePeriodSeconds",
    "labelSelector",
    "limit",
    "pretty",
    "propagationPolicy",
    "resourceVersion",
    "resourceVersionMatch",
    "sendInitialEvents",
    "timeout",
    "timeoutSeconds",
    "verbose",
    "watch",
];

/// Headers of an answer that matter to a person: ids to name to a support, what is left of budgets, waits, and who
/// decided at the API server. Beginnings of names, in lower case.
const HEADERS: &[&str] = &[
    "audit-id",
    "content-type",
    "date",
    "retry-after",
    "warning",
    "x-kubernetes-pf-",
    "x-ms-arm-service-request-id",
    "x-ms-client-request-id",
    "x-ms-correlation-request-id",
    "x-ms-failure-cause",
    "x-ms-ratelimit-",
    "x-ms-request-id",
    "x-ms-routing-request-id",
];

/// A query as it may be shown, and whether that is all of it.
pub fn query(query: Option<&str>) -> (String, bool) {
    let mut is_whole = true;
    let shown: Vec<String> = query
        .unwrap_or_default()
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let is_known = PARAMETERS
                .iter()
                .any(|known| known.eq_ignore_ascii_case(&name.replace("%24", "$")));
            let name = cut(&printable(name), LONGEST_VALUE);
            if is_known && value.chars().count() <= LONGEST_VALUE {
                if pair.contains('=') {
                    format!("{name}={}", printable(value))
                } else {
                    name
                }
            } else {
                is_whole = false;
                format!("{name}={HIDDEN}")
            }
        })
        .collect();
    (shown.join("&"), is_whole)
}

/// The headers that matter, in the order in which they came; names in lower case.
pub fn headers<'a>(all: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Vec<(String, String)> {
    all.into_iter()
        .filter_map(|(name, value)| {
            let name = name.to_ascii_lowercase();
            let is_known = HEADERS.iter().any(|known| name.starts_with(known));
            let value = cut(&printable(&String::from_utf8_lossy(value)), LONGEST_VALUE);
            is_known.then_some((name, value))
        })
        .collect()
}

/// The start of an error's body; `None` where it is empty.
pub fn error(body: &[u8]) -> Option<String> {
    let start = &body[..body.len().min(4 * LONGEST_ERROR)];
    let text = printable(String::from_utf8_lossy(start).trim());
    (!text.is_empty()).then(|| cut(&text, LONGEST_ERROR))
}

fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}{HIDDEN}", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_parameters_lose_their_values() {
        let check = |text: &str, expected: &str, is_whole: bool| {
            assert_eq!(query(Some(text)), (expected.to_owned(), is_whole), "{text}");
        };
        check("", "", true);
        check("api-version=2026-08-01", "api-version=2026-08-01", true);
        check(
            "%24filter=a%20eq%20b&Api-Version=1",
            "%24filter=a%20eq%20b&Api-Version=1",
            true,
        );
        check("watch=1&continue=abc", "watch=1&continue=...", false);
        check("sv=2022&se=2030&sig=hunter2", "sv=...&se=...&sig=...", false);
        check(
            "t=1&c=MII&s=hunter2&h=x&api-version=1",
            "t=...&c=...&s=...&h=...&api-version=1",
            false,
        );
        check("verbose", "verbose", true);
        check("x\u{1b}[2J", "x[2J=...", false);
        assert!(!query(Some(&format!("watch={}", "a".repeat(300)))).1);
        assert_eq!(query(None), (String::new(), true));
    }

    #[test]
    fn headers_that_matter_are_kept() {
        let all: [(&str, &[u8]); 6] = [
            ("X-Ms-Request-Id", b"one"),
            ("Location", b"https://x/?sig=hunter2"),
            ("Azure-AsyncOperation", b"https://x/?s=hunter2"),
            ("Set-Cookie", b"hunter2"),
            ("x-ms-ratelimit-remaining-subscription-reads", b"11999"),
            ("Retry-After", b"5\x1b[2J"),
        ];
        let kept = headers(all);
        let names: Vec<&str> = kept.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(
            names,
            [
                "x-ms-request-id",
                "x-ms-ratelimit-remaining-subscription-reads",
                "retry-after"
            ]
        );
        assert_eq!(kept[2].1, "5[2J");
    }

    #[test]
    fn errors_are_printable_and_short() {
        assert_eq!(error(b" \n "), None);
        assert_eq!(error(b"{\"a\":\x1b[2J\n1}").as_deref(), Some("{\"a\":[2J 1}"));
        assert_eq!(
            error(&b"x".repeat(100_000)).unwrap().len(),
            LONGEST_ERROR + HIDDEN.len()
        );
    }
}
