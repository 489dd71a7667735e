//! What a smoke test must be like to be run: names, addresses, ranges, expressions. Looks at the words only; nothing is
//! sent or started.

use std::collections::BTreeSet;

use url::Url;

use crate::domain::smoke_test::{Carried, CommandLine, Flow, HttpRequest, SmokeTest};

/// Longest time for one answer or one run of a program.
const LONGEST_RUN_SECONDS: u32 = 3_600;

/// Everything wrong with one test, each in a sentence; empty for a good one.
pub(super) fn problems(test: &SmokeTest) -> Vec<String> {
    let mut problems = Vec::new();
    let name = test.name.as_str();
    if !is_name(name) {
        problems.push(format!("the name '{name}' is not 1 to 40 of a to z, 0 to 9 and '-'"));
    }
    in_range(&mut problems, "retrySeconds", test.retry_seconds, 5, 3_600);
    in_range(&mut problems, "failuresInARow", test.failures_in_a_row, 1, 10);
    match &test.flow {
        Flow::Http(requests) if requests.is_empty() => problems.push("it has no request".to_owned()),
        Flow::Http(requests) => requests_problems(requests, &mut problems),
        Flow::Command(command) => command_problems(command, &mut problems),
    }
    problems
}

fn is_name(name: &str) -> bool {
    (1..=40).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

fn in_range(problems: &mut Vec<String>, field: &str, value: u32, low: u32, high: u32) {
    if !(low..=high).contains(&value) {
        problems.push(format!("{field} is {value}, not {low} to {high}"));
    }
}

fn command_problems(command: &CommandLine, problems: &mut Vec<String>) {
    if command.program.trim().is_empty() {
        problems.push("the command has no program".to_owned());
    }
    in_range(
        problems,
        "timeoutSeconds",
        command.timeout_seconds,
        1,
        LONGEST_RUN_SECONDS,
    );
}

fn requests_problems(requests: &[HttpRequest], problems: &mut Vec<String>) {
    let mut carried: BTreeSet<&str> = BTreeSet::new();
    for request in requests {
        let url = &request.url;
        if let Err(why) = check_url(url) {
            problems.push(format!("the address '{url}' {why}"));
        }
        let is_token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
        if request.method.is_empty() || !request.method.chars().all(is_token) {
            problems.push(format!("'{}' is no HTTP method", request.method));
        }
        let texts = [url].into_iter().chain(request.headers.values()).chain(&request.body);
        for name in texts.flat_map(|text| carried_names(text)) {
            if !carried.contains(name) {
                problems.push(format!("'{{{{{name}}}}}' is carried over by no earlier request"));
            }
        }
        expectation_problems(request, problems);
        carried.extend(request.carry.keys().map(String::as_str));
    }
}

fn expectation_problems(request: &HttpRequest, problems: &mut Vec<String>) {
    let expect = &request.expect;
    in_range(
        problems,
        "withinMilliseconds",
        expect.within_milliseconds,
        1,
        1_000 * LONGEST_RUN_SECONDS,
    );
    if let Some(status) = expect.status.iter().find(|status| !(100..=599).contains(*status)) {
        problems.push(format!("{status} is no HTTP status"));
    }
    let carried = request.carry.values().filter_map(|carried| match carried {
        Carried::Match(expression) => Some(expression),
        Carried::Json(_) | Carried::Header(_) => None,
    });
    for expression in expect.body_matches.iter().chain(carried) {
        if let Err(error) = regex::Regex::new(expression) {
            let why = error.to_string();
            let why = why.lines().last().unwrap_or_default().trim_start_matches("error: ");
            problems.push(format!("'{expression}' is no regular expression: {why}"));
        }
    }
    for carried in request.carry.values() {
        if let Carried::Json(pointer) = carried
            && !(pointer.is_empty() || pointer.starts_with('/'))
        {
            problems.push(format!("'{pointer}' is no JSON pointer: it begins with '/'"));
        }
    }
}

/// Http or https with a host. What stands for a value that is not known yet may be any part of it.
fn check_url(url: &str) -> Result<(), &'static str> {
    if url.starts_with("{{") || url.starts_with("${") {
        return Ok(());
    }
    let parsed = Url::parse(&without_placeholders(url)).map_err(|_| "is no URL")?;
    if !["http", "https"].contains(&parsed.scheme()) {
        return Err("is neither http nor https");
    }
    Ok(())
}

/// The address with `1` for each `{{name}}` and `${NAME}`, which is good as a host, a port and a part of a path.
fn without_placeholders(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("{{").into_iter().chain(rest.find("${")).min() {
        let (open, close) = if rest[start..].starts_with("{{") {
            ("{{", "}}")
        } else {
            ("${", "}")
        };
        let Some(end) = rest[start + open.len()..].find(close) else {
            break;
        };
        out.push_str(&rest[..start]);
        out.push('1');
        rest = &rest[start + open.len() + end + close.len()..];
    }
    out.push_str(rest);
    out
}

/// The names in `{{name}}`.
fn carried_names(text: &str) -> impl Iterator<Item = &str> {
    text.split("{{")
        .skip(1)
        .filter_map(|rest| rest.split_once("}}"))
        .map(|(name, _)| name.trim())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::smoke_test::Expectation;
    use crate::plan::samples::smoke_test;

    fn request(url: &str) -> HttpRequest {
        HttpRequest {
            method: "GET".to_owned(),
            url: url.to_owned(),
            headers: [].into(),
            body: None,
            expect: Expectation::default(),
            carry: [].into(),
        }
    }

    fn check(test: &SmokeTest, expected: &[&str]) {
        let found = problems(test);
        assert_eq!(found.len(), expected.len(), "{found:?}");
        for (found, expected) in found.iter().zip(expected) {
            assert!(found.contains(expected), "{found}");
        }
    }

    #[test]
    fn ranges_and_names_are_checked() {
        let good = smoke_test("login-2");
        check(&good, &[]);
        for name in ["", "Login", "a b", &"x".repeat(41)] {
            check(&smoke_test(name), &["the name"]);
        }
        let mut bad = good;
        bad.retry_seconds = 4;
        bad.failures_in_a_row = 0;
        bad.flow = Flow::Command(CommandLine {
            program: " ".to_owned(),
            arguments: Vec::new(),
            timeout_seconds: 0,
        });
        check(
            &bad,
            &[
                "retrySeconds is 4, not 5 to 3600",
                "failuresInARow is 0",
                "no program",
                "timeoutSeconds",
            ],
        );
    }

    #[test]
    fn addresses_may_have_parts_that_are_not_known_yet() {
        let with = |url: &str| SmokeTest {
            flow: Flow::Http(vec![request(url)]),
            ..smoke_test("login")
        };
        for url in [
            "https://shop/x?a=1",
            "http://localhost:${PORT}/",
            "${SHOP}/login",
            "https://${HOST}/a",
        ] {
            check(&with(url), &[]);
        }
        check(&with("ftp://shop/"), &["neither http nor https"]);
        check(&with("shop/login"), &["is no URL"]);
        check(&with("https://"), &["is no URL"]);
        check(
            &with("https://shop/{{token}}"),
            &["'{{token}}' is carried over by no earlier request"],
        );
        check(&with("https://shop/{{"), &[]);
    }

    #[test]
    fn expressions_and_values_carried_over_are_checked() {
        let mut first = request("https://shop/login");
        first
            .carry
            .insert("token".to_owned(), Carried::Json("token".to_owned()));
        first.carry.insert("id".to_owned(), Carried::Match("(".to_owned()));
        first.expect.body_matches = Some("[".to_owned());
        first.expect.status = vec![200, 99];
        first.expect.within_milliseconds = 0;
        first.method = String::new();
        let mut second = request("https://shop/{{token}}");
        second.body = Some("{{ id }}".to_owned());
        check(
            &SmokeTest {
                flow: Flow::Http(vec![first, second]),
                ..smoke_test("login")
            },
            &["HTTP method", "withinMilliseconds", "99", "'['", "'('", "JSON pointer"],
        );
    }
}
