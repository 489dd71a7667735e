//! Findings, causes and remedies in running text: the same words on the checks, the causes and their pages.

use jiff::Timestamp;

use super::super::components::prose::Passage;
use super::super::data::Data;
use super::super::narrative;
use super::super::theme::{DOT, Mark, Role};
use super::super::wording::{self, count};
use crate::diagnosis::catalogue::Catalogue;
use crate::diagnosis::cause::{Cause, Confidence, Evidence, EvidenceSource, Impact};
use crate::domain::ids::NodeName;
use crate::domain::subject::Subject;
use crate::preflight::finding::{Finding, Origin, Outcome};
use crate::remedy::library::{Remedy, Risk, remedy};

/// The symbol of a result; an unknown never looks like a pass.
pub(crate) fn outcome_mark(outcome: Outcome) -> Mark {
    match outcome {
        Outcome::Blocker => Mark::Failed,
        Outcome::Warning => Mark::Unsupported,
        Outcome::Unknown => Mark::Unknown,
        Outcome::Info => Mark::Note,
        Outcome::Pass => Mark::Good,
    }
}

/// The symbol of a cause, by what it does.
pub(crate) fn cause_mark(cause: &Cause) -> Mark {
    match (cause.impact, cause.confidence) {
        (Impact::None, _) => Mark::Note,
        (_, Confidence::Possible) => Mark::Unknown,
        (Impact::Slower, _) => Mark::Unsupported,
        (Impact::Stalled, _) => Mark::Stuck,
        (Impact::WorkloadAtRisk | Impact::ApiServerAtRisk, _) => Mark::Failed,
    }
}

/// Who says so.
pub(crate) fn origin_word(origin: &Origin) -> &'static str {
    match origin {
        Origin::Cockpit => "cockpit",
        Origin::Aks => "AKS insights",
    }
}

/// A heading inside a text.
pub(super) fn heading(text: impl Into<String>) -> Passage {
    Passage::new(Role::Heading, text)
}

/// A finding's sentence with what it is about, where the sentence does not name it.
pub(crate) fn told(finding: &Finding) -> String {
    let name = match &finding.subject {
        Subject::Cluster => return finding.headline.clone(),
        Subject::NodePool { name } => name.as_str(),
        Subject::Node { name } => name.as_str(),
        Subject::Object { object } => &object.name,
        Subject::Azure { name, .. } => name,
    };
    if finding.headline.contains(name) {
        return finding.headline.clone();
    }
    format!("{}: {}", finding.subject, finding.headline)
}

/// A finding as far as this cluster goes: headline, numbers, who says so, remedies.
pub(super) fn finding(finding: &Finding, may_mend: bool) -> Vec<Passage> {
    let mark = outcome_mark(finding.outcome);
    let mut out = vec![
        Passage::new(mark.role(), format!("{} {} ", mark.symbol(), finding.outcome.as_str()))
            .and(Role::Strong, wording::sentence_start(&told(finding)))
            .hanging(2),
    ];
    if finding.origin == Origin::Aks {
        out.push(
            Passage::new(Role::Muted, "said by ")
                .and(Role::Text, "AKS's own upgrade insights")
                .indented(2),
        );
    }
    out.extend(
        finding
            .evidence
            .iter()
            .map(|line| Passage::new(Role::Text, line).indented(2)),
    );
    out.extend(predictions(finding));
    out.extend(remedies(&finding.remedies, may_mend));
    out
}

/// What goes wrong if nothing is done.
pub(super) fn predictions(finding: &Finding) -> Vec<Passage> {
    let titles: Vec<String> = finding.predicts.iter().map(|code| failure_title(code)).collect();
    if titles.is_empty() || finding.outcome == Outcome::Pass {
        return Vec::new();
    }
    vec![
        Passage::new(Role::Muted, "else: ")
            .and(Role::Text, titles.join("; "))
            .indented(2),
    ]
}

fn failure_title(code: &str) -> String {
    let known = Catalogue::shipped().entry(code);
    known.map_or_else(|| code.to_owned(), |entry| entry.title.clone())
}

/// One line for each remedy, safest first, with its risk and who does it.
pub(super) fn remedies(ids: &[String], may_mend: bool) -> Vec<Passage> {
    if ids.is_empty() {
        return Vec::new();
    }
    let mut out = vec![heading("Remedies, safest first")];
    out.extend(safest_first(ids).into_iter().map(|(id, known)| match known {
        Some(known) => remedy_line(known, may_mend),
        None => Passage::new(Role::Text, id).indented(2),
    }));
    out
}

/// The remedies in the order in which they are offered; one the library does not know comes last.
pub(crate) fn safest_first(ids: &[String]) -> Vec<(&str, Option<&'static Remedy>)> {
    let mut all: Vec<(&str, Option<&'static Remedy>)> = ids.iter().map(|id| (id.as_str(), remedy(id))).collect();
    all.sort_by_key(|(_, known)| known.map_or((true, Risk::High), |known| (false, known.risk)));
    all
}

pub(crate) fn risk_role(risk: Risk) -> Role {
    match risk {
        Risk::Low => Role::Good,
        Risk::Medium => Role::Attention,
        Risk::High => Role::Danger,
    }
}

fn remedy_line(remedy: &Remedy, may_mend: bool) -> Passage {
    let line = Passage::new(risk_role(remedy.risk), format!("{:<7}", remedy.risk.as_str()))
        .and(Role::Text, &remedy.title)
        .indented(2)
        .hanging(7);
    match (remedy.automatable, may_mend) {
        (true, true) => line
            .and(Role::Muted, DOT)
            .and(Role::Key, "M")
            .and(Role::Muted, " does it"),
        (true, false) => line,
        (false, _) => line.and(Role::Muted, format!("{DOT}by hand")),
    }
}

/// How a cause stands: sure or not, what it does, since when, until when.
pub(super) fn standing(cause: &Cause, now: Timestamp) -> Passage {
    let mark = cause_mark(cause);
    let impact = match cause.impact {
        Impact::None => "nothing is held up",
        other => other.as_str(),
    };
    let mut line = Passage::new(
        mark.role(),
        format!("{} {}{DOT}{impact}", mark.symbol(), cause.confidence.as_str()),
    );
    if let Some(since) = cause.since {
        line = line.and(Role::Text, format!("{DOT}for {}", wording::since(since, now)));
    }
    if !cause.nodes.is_empty() {
        line = line.and(Role::Text, format!("{DOT}{}", count(cause.nodes.len(), "node")));
    }
    match cause.deadline {
        Some(deadline) if deadline > now => line.and(
            Role::Danger,
            format!("{DOT}fails the upgrade in {}", wording::since(now, deadline)),
        ),
        Some(_) => line.and(Role::Danger, format!("{DOT}its deadline has passed")),
        None => line,
    }
}

/// A cause on this cluster: how it stands, its evidence, what else it is about, remedies, guide.
pub(super) fn cause(cause: &Cause, data: &Data) -> Vec<Passage> {
    let now = data.now;
    let mut out = vec![
        standing(cause, now),
        Passage::new(Role::Strong, wording::sentence_start(&cause.headline)),
    ];
    out.push(heading("Evidence"));
    out.extend(cause.evidence.iter().flat_map(|evidence| self::evidence(evidence, now)));
    let also: Vec<String> = cause.subjects.iter().skip(1).map(ToString::to_string).collect();
    if !also.is_empty() {
        let names = wording::list(also.iter().map(String::as_str), 4);
        out.push(
            Passage::new(Role::Muted, "also about ")
                .and(Role::Text, names)
                .indented(2),
        );
    }
    if !cause.nodes.is_empty() {
        let names: Vec<String> = cause
            .nodes
            .iter()
            .map(NodeName::as_str)
            .map(narrative::short_node)
            .collect();
        let names = wording::list(names.iter().map(String::as_str), 4);
        out.push(Passage::new(Role::Muted, "on ").and(Role::Text, names).indented(2));
    }
    out.extend(remedies(&cause.remedies, !data.is_read_only));
    out.extend(guide(cause.guide.as_deref()));
    out
}

/// The guide's link.
pub(super) fn guide(link: Option<&str>) -> Option<Passage> {
    let link = link?;
    Some(
        Passage::new(Role::Heading, "Guide ")
            .and(Role::Text, link)
            .and(Role::Muted, DOT)
            .and(Role::Key, "o")
            .and(Role::Muted, " copies it"),
    )
}

/// A piece of evidence in the words of who said it, with where and when.
pub(super) fn evidence(evidence: &Evidence, now: Timestamp) -> Vec<Passage> {
    let source = match evidence.source {
        EvidenceSource::AzureError => "Azure's error",
        EvidenceSource::AzureState => "Azure",
        EvidenceSource::Machine => "machine",
        EvidenceSource::Event => "event",
        EvidenceSource::Object => "object",
        EvidenceSource::Watched => "watched",
    };
    let at = evidence
        .at
        .map_or_else(String::new, |at| format!(", {}", wording::ago(at, now)));
    vec![
        Passage::new(Role::Muted, format!("{source}{DOT}"))
            .and(Role::Text, evidence.subject.to_string())
            .and(Role::Muted, at)
            .indented(2),
        Passage::new(Role::Attention, &evidence.words).indented(4),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::fixtures;

    #[test]
    fn a_sentence_names_what_it_is_about_once() {
        let mut finding = fixtures::report().findings.swap_remove(0);
        assert_eq!(told(&finding), finding.headline);
        finding.headline = "it allows no disruption".to_owned();
        assert_eq!(
            told(&finding),
            "PodDisruptionBudget shop/cart-pdb: it allows no disruption"
        );
        finding.subject = Subject::Cluster;
        assert_eq!(told(&finding), "it allows no disruption");
    }

    #[test]
    fn remedies_come_safest_first_and_unknown_ones_last() {
        let ids = ["delete-pod", "not-a-remedy", "scale-up-workload"].map(str::to_owned);
        let order: Vec<&str> = safest_first(&ids).into_iter().map(|(id, _)| id).collect();
        assert_eq!(order, ["scale-up-workload", "delete-pod", "not-a-remedy"]);
    }
}
