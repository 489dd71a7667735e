//! What a diagnosis says beside what a scenario expects, as a list of differences. Values only.

use aks_cockpit::diagnosis::cause::{Cause, Confidence, Diagnosis};
use aks_cockpit::simulator::scenario::Expected;

/// One line for each difference; empty where the diagnosis is as expected.
pub(crate) fn differences(expected: &Expected, diagnosis: &Diagnosis) -> Vec<String> {
    let Some(code) = &expected.cause else {
        return false_causes(expected, diagnosis);
    };
    let stated: Vec<&String> = [code].into_iter().chain(&expected.also).collect();
    let top = diagnosis.causes.first();
    if expected.unknown_is_fine && !diagnosis.causes.iter().any(|cause| cause.code == *code) {
        return match top {
            Some(top) if top.confidence > Confidence::Possible && !is_stated(expected, top) => {
                vec![format!("a wrong cause with confidence: {}", top.code)]
            }
            _ => Vec::new(),
        };
    }
    let mut found = Vec::new();
    if !top.is_some_and(|top| stated.contains(&&top.code)) {
        let told = top.map_or("nothing", |top| top.code.as_str());
        found.push(format!("on top: expected {code}, told {told}"));
    }
    for code in stated {
        if !diagnosis.causes.iter().any(|cause| cause.code == *code) {
            found.push(format!("missing: {code}"));
        }
    }
    if let Some(cause) = diagnosis.causes.iter().find(|cause| cause.code == *code) {
        found.extend(details(expected, cause));
    }
    found
}

/// What differs in the expected cause itself.
fn details(expected: &Expected, cause: &Cause) -> Vec<String> {
    let mut found = Vec::new();
    if cause.evidence.is_empty() {
        found.push(format!("{} has no evidence", cause.code));
    }
    if let Some(pattern) = &expected.evidence {
        let evidence = cause.evidence.iter().map(|evidence| &evidence.subject);
        let named: Vec<String> = cause.subjects.iter().chain(evidence).map(ToString::to_string).collect();
        if !named.iter().any(|subject| fits(pattern, subject)) {
            found.push(format!("{} should name '{pattern}', names {named:?}", cause.code));
        }
    }
    if let Some(remedy) = &expected.remedy
        && !cause.remedies.contains(remedy)
    {
        found.push(format!(
            "{} should offer {remedy}, offers {:?}",
            cause.code, cause.remedies
        ));
    }
    found
}

fn is_stated(expected: &Expected, cause: &Cause) -> bool {
    let mut stated = expected.cause.iter().chain(&expected.also).chain(&expected.may);
    stated.any(|code| *code == cause.code)
}

fn false_causes(expected: &Expected, diagnosis: &Diagnosis) -> Vec<String> {
    let wrong = diagnosis.causes.iter().filter(|cause| !is_stated(expected, cause));
    wrong
        .map(|cause| format!("a false cause: {} ({})", cause.code, cause.headline))
        .collect()
}

/// `*` stands for any text.
fn fits(pattern: &str, text: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else {
        return pattern == text;
    };
    text.strip_prefix(first).is_some_and(|left| {
        let mut ends = left.char_indices().map(|(at, _)| at).chain([left.len()]);
        ends.any(|at| fits(rest, &left[at..]))
    })
}

#[test]
fn a_star_stands_for_any_text() {
    for (pattern, text, expected) in [
        ("*", "the cluster", true),
        ("Pod shop/web-*", "Pod shop/web-5d", true),
        ("Pod shop/web-*", "Pod shop/cart-5d", false),
        ("*vnet*", "virtual network vnet-shop", true),
        ("node pool apps", "node pool apps2", false),
    ] {
        assert_eq!(fits(pattern, text), expected, "{pattern} {text}");
    }
}
