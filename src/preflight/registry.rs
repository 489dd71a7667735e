//! The list of checks, and how all of them are asked. A check that says nothing has passed.
//! AKS's own insights are put beside them; each finding names who says so.

use super::catalogue::entry;
use super::checks;
use super::finding::{Finding, Origin, Outcome, Report, Said};
use super::question::Question;
use crate::domain::subject::Subject;
use crate::domain::survey::Unread;

/// The code of what AKS itself says.
const AKS_CODE: &str = "aks-insight";

/// One check: its code in the catalogue, and the rule.
pub(super) struct Check {
    pub(super) code: &'static str,
    /// Says something only where there is something to say; nothing is a pass.
    pub(super) look: fn(&Question<'_>) -> Vec<Said>,
}

/// Asks every check.
pub fn run(question: &Question<'_>) -> Report {
    let mut findings: Vec<Finding> = checks::all().flat_map(|check| asked(check, question)).collect();
    findings.extend(insights(question));
    findings.sort_by(|one, other| {
        (other.outcome, &one.code, &one.subject).cmp(&(one.outcome, &other.code, &other.subject))
    });
    Report { findings }
}

fn asked(check: &Check, question: &Question<'_>) -> Vec<Finding> {
    let known = entry(check.code);
    if question.ignored.contains(check.code) {
        let words = "not checked: the settings leave this check out";
        let left_out = finding(check, Said::new(Outcome::Info, Subject::Cluster, words));
        return vec![Finding {
            remedies: Vec::new(),
            predicts: Vec::new(),
            ..left_out
        }];
    }
    let mut said = (check.look)(question);
    // Two parts of a check that miss the same thing say so once.
    said.dedup();
    if said.is_empty() {
        let title = known.map(|entry| entry.title.clone()).unwrap_or_default();
        return vec![finding(check, Said::new(Outcome::Pass, Subject::Cluster, title))];
    }
    said.into_iter().map(|said| finding(check, said)).collect()
}

fn finding(check: &Check, said: Said) -> Finding {
    let known = entry(check.code);
    Finding {
        code: check.code.to_owned(),
        outcome: said.outcome,
        subject: said.subject,
        title: known.map(|entry| entry.title.clone()).unwrap_or_default(),
        headline: said.headline,
        evidence: said.evidence,
        predicts: known
            .filter(|_| said.outcome > Outcome::Pass)
            .map(|entry| entry.predicts.clone())
            .unwrap_or_default(),
        remedies: match (said.remedies.is_empty(), known) {
            (true, Some(entry)) if is_trouble(said.outcome) => entry.remedy_ids.clone(),
            _ => said.remedies,
        },
        origin: Origin::Cockpit,
    }
}

/// True where something was found that a remedy could change.
fn is_trouble(outcome: Outcome) -> bool {
    !matches!(outcome, Outcome::Pass | Outcome::Unknown)
}

/// What AKS says, each sentence a warning of its own: AKS sends no severity that is worth more. An API without
/// insights is no loss, as AKS's are an addition; insights that could not be read are unknown.
fn insights(question: &Question<'_>) -> Vec<Finding> {
    let finding = |outcome, name: String, headline: String| Finding {
        code: AKS_CODE.to_owned(),
        outcome,
        subject: Subject::Azure {
            kind: "AKS insight".to_owned(),
            name,
            id: None,
        },
        title: entry(AKS_CODE).map(|entry| entry.title.clone()).unwrap_or_default(),
        headline,
        evidence: Vec::new(),
        predicts: Vec::new(),
        remedies: Vec::new(),
        origin: Origin::Aks,
    };
    if question.ignored.contains(AKS_CODE) {
        return Vec::new();
    }
    match &question.survey.azure.insights {
        Ok(insights) => insights
            .iter()
            .map(|text| finding(Outcome::Warning, text.clone(), text.clone()))
            .collect(),
        Err(Unread::NotServed { .. } | Unread::NotAsked { .. }) => Vec::new(),
        Err(unread) => vec![finding(Outcome::Unknown, "all".to_owned(), unread.to_string())],
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::preflight::samples::{denied, healthy, large, whole};
    use crate::preflight::{catalogue, undecidable};

    #[test]
    fn every_check_of_the_catalogue_is_run_or_says_why_not() {
        let run: Vec<&str> = checks::all().map(|check| check.code).chain([AKS_CODE]).collect();
        let unique: BTreeSet<&str> = run.iter().copied().collect();
        assert_eq!(run.len(), unique.len(), "each check is listed once");
        let groups: BTreeSet<&str> = unique
            .iter()
            .map(|code| entry(code).expect("every check is in the catalogue").group.as_str())
            .collect();
        for entry in catalogue().iter().filter(|entry| groups.contains(&*entry.group)) {
            let is_undecidable = undecidable().iter().any(|given_up| given_up.code == entry.id);
            assert_ne!(unique.contains(&*entry.id), is_undecidable, "{}", entry.id);
        }
        for given_up in undecidable() {
            assert!(entry(given_up.code).is_some() && !given_up.why.is_empty());
        }
    }

    #[test]
    fn a_healthy_cluster_yields_nothing_but_passes() {
        let survey = healthy();
        let report = run(&Question::new(&survey, &whole(&survey)));
        let other: Vec<_> = report
            .findings
            .iter()
            .filter(|finding| finding.outcome != Outcome::Pass)
            .collect();
        assert!(other.is_empty(), "{other:#?}");
        assert_eq!(report.findings.len(), checks::all().count());
    }

    #[test]
    fn a_healthy_large_cluster_does_too() {
        let survey = large();
        let kubernetes = &survey.kubernetes;
        assert_eq!(kubernetes.nodes.as_ref().unwrap().len(), 1000);
        assert!(kubernetes.pods.as_ref().unwrap().len() > 19_800);
        assert!(kubernetes.budgets.as_ref().unwrap().len() > 300);
        let report = run(&Question::new(&survey, &whole(&survey)));
        let other: Vec<_> = report
            .findings
            .iter()
            .filter(|finding| finding.outcome != Outcome::Pass)
            .take(3)
            .collect();
        assert!(other.is_empty(), "{other:#?}");
    }

    #[test]
    fn what_could_not_be_read_is_never_a_pass() {
        let mut survey = healthy();
        let planned = whole(&survey);
        survey.azure = crate::domain::survey::AzureSurvey::default();
        survey.kubernetes = crate::domain::survey::KubernetesSurvey::default();
        let report = run(&Question::new(&survey, &planned));
        let passes: Vec<&str> = report
            .findings
            .iter()
            .filter(|finding| finding.outcome == Outcome::Pass)
            .map(|finding| finding.code.as_str())
            .collect();
        assert!(passes.is_empty(), "{passes:?}");
    }

    #[test]
    fn what_aks_says_is_put_beside_and_named() {
        let mut survey = healthy();
        survey.azure.insights = Ok(vec!["Pod disruption budget shop/cart blocks".into()]);
        let planned = whole(&survey);
        let report = run(&Question::new(&survey, &planned));
        assert_eq!(report.count(Outcome::Warning), 1);
        assert_eq!(report.findings[0].origin, Origin::Aks);
        survey.azure.insights = Err(denied());
        assert_eq!(run(&Question::new(&survey, &planned)).worst(), Outcome::Unknown);
        survey.azure.insights = Err(Unread::NotServed { why: "no".into() });
        assert_eq!(run(&Question::new(&survey, &planned)).worst(), Outcome::Pass);
    }

    #[test]
    fn only_trouble_has_remedies() {
        let mut survey = healthy();
        survey.azure.upgrades = Err(denied());
        let planned = whole(&survey);
        for finding in run(&Question::new(&survey, &planned)).findings {
            assert!(finding.remedies.is_empty(), "{finding:?}");
            assert!(finding.outcome != Outcome::Pass || finding.predicts.is_empty());
        }
    }

    #[test]
    fn an_ignored_check_is_told_and_does_not_block() {
        let mut survey = healthy();
        survey.azure.cluster.as_mut().unwrap().power_state = crate::domain::provisioning::PowerState::Stopped;
        let planned = whole(&survey);
        assert_eq!(run(&Question::new(&survey, &planned)).count(Outcome::Blocker), 1);
        let question = Question::new(&survey, &planned).ignoring(BTreeSet::from(["state-cluster".to_owned()]));
        let report = run(&question);
        assert_eq!(report.count(Outcome::Blocker), 0);
        assert!(
            report
                .findings
                .iter()
                .any(|finding| finding.outcome == Outcome::Info && finding.code == "state-cluster")
        );
    }
}
