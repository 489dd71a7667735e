//! A report kept from before the upgrade, and what is different after it.

use serde::{Deserialize, Serialize};

use super::finding::{Finding, Outcome, Report};

/// The format in which a report is kept, and the only one there was.
const SCHEMA: &str = "aks-cockpit/preflight-report/v1";

#[derive(Serialize, Deserialize)]
struct Kept {
    schema: String,
    #[serde(flatten)]
    report: Report,
}

/// Why a text is no report.
#[derive(Debug, thiserror::Error)]
pub enum NotAReport {
    #[error("it is not the JSON of a report: {0}")]
    Unreadable(String),
    #[error("its schema is '{found}', and this program reads {SCHEMA}")]
    OtherSchema { found: String },
}

/// The report as it is kept, in a file or in the journal.
pub fn to_text(report: &Report) -> String {
    let kept = Kept {
        schema: SCHEMA.to_owned(),
        report: report.clone(),
    };
    serde_json::to_string_pretty(&kept).expect("a report has only text keys")
}

/// Reads a report that was kept.
///
/// # Errors
/// When the text is something else, or of another version.
pub fn from_text(text: &str) -> Result<Report, NotAReport> {
    let kept: Kept = serde_json::from_str(text).map_err(|error| NotAReport::Unreadable(error.to_string()))?;
    if kept.schema == SCHEMA {
        Ok(kept.report)
    } else {
        Err(NotAReport::OtherSchema { found: kept.schema })
    }
}

/// What two looks differ in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Difference {
    /// Only after.
    pub new: Vec<Finding>,
    /// Only before.
    pub gone: Vec<Finding>,
    /// Same code and subject, another outcome: before and after.
    pub changed: Vec<(Finding, Finding)>,
}

/// Compares by code and subject; passes do not count, and other numbers in the same outcome are no difference.
pub fn compare(before: &Report, after: &Report) -> Difference {
    let told = |report: &Report| -> Vec<Finding> {
        let findings = report.findings.iter();
        findings
            .filter(|finding| finding.outcome != Outcome::Pass)
            .cloned()
            .collect()
    };
    let (before, after) = (told(before), told(after));
    let same = |one: &Finding, other: &Finding| one.code == other.code && one.subject == other.subject;
    let mut difference = Difference::default();
    for finding in &after {
        match before.iter().find(|old| same(old, finding)) {
            None => difference.new.push(finding.clone()),
            Some(old) if old.outcome != finding.outcome => {
                difference.changed.push((old.clone(), finding.clone()));
            }
            Some(_) => {}
        }
    }
    difference.gone = before
        .into_iter()
        .filter(|old| !after.iter().any(|new| same(old, new)))
        .collect();
    difference
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_comes_back_and_other_texts_are_refused() {
        let report = report(&[("pdb-zero", "web", Outcome::Blocker, "none may go")]);
        assert_eq!(from_text(&to_text(&report)).unwrap(), report);
        let other = r#"{"schema":"aks-cockpit/preflight-report/v2","findings":[]}"#;
        assert!(matches!(from_text(other), Err(NotAReport::OtherSchema { .. })));
        for text in ["", "{}", "[]"] {
            assert!(matches!(from_text(text), Err(NotAReport::Unreadable(_))), "{text}");
        }
    }
    use crate::domain::subject::Subject;
    use crate::preflight::finding::Origin;

    fn report(findings: &[(&str, &str, Outcome, &str)]) -> Report {
        let findings = findings.iter().map(|(code, pool, outcome, headline)| Finding {
            code: (*code).to_owned(),
            outcome: *outcome,
            subject: Subject::pool(&(*pool).into()),
            title: String::new(),
            headline: (*headline).to_owned(),
            evidence: Vec::new(),
            predicts: Vec::new(),
            remedies: Vec::new(),
            origin: Origin::Cockpit,
        });
        Report {
            findings: findings.collect(),
        }
    }

    fn codes(findings: &[Finding]) -> Vec<&str> {
        findings.iter().map(|finding| finding.code.as_str()).collect()
    }

    #[test]
    fn only_what_differs_is_left() {
        let before = report(&[
            ("stays", "apps", Outcome::Warning, "3 pods"),
            ("worse", "apps", Outcome::Info, ""),
            ("goes", "apps", Outcome::Blocker, ""),
            ("passed", "apps", Outcome::Pass, ""),
            ("heals", "apps", Outcome::Warning, ""),
        ]);
        let after = report(&[
            ("stays", "apps", Outcome::Warning, "4 pods"),
            ("worse", "apps", Outcome::Blocker, ""),
            ("passed", "apps", Outcome::Unknown, ""),
            ("stays", "data", Outcome::Warning, "3 pods"),
            ("heals", "apps", Outcome::Pass, ""),
        ]);
        let difference = compare(&before, &after);
        assert_eq!(codes(&difference.new), ["passed", "stays"]);
        assert_eq!(codes(&difference.gone), ["goes", "heals"]);
        let changed: Vec<_> = difference
            .changed
            .iter()
            .map(|(old, new)| (old.code.as_str(), old.outcome, new.outcome))
            .collect();
        assert_eq!(changed, [("worse", Outcome::Info, Outcome::Blocker)]);
    }

    #[test]
    fn the_same_look_differs_in_nothing() {
        let one = report(&[("stays", "apps", Outcome::Warning, "3 pods")]);
        assert_eq!(compare(&one, &one), Difference::default());
    }
}
