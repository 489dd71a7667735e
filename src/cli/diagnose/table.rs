//! `diagnose` for a person: the most likely cause first, each with what shows it and what cures it.

use jiff::Timestamp;

use super::Looked;
use crate::diagnosis::cause::{Cause, Evidence};
use crate::remedy::library::remedy;
use crate::remedy::plan;

pub(super) fn describe(looked: &Looked) -> String {
    let name = looked.survey.cluster.name();
    let diagnosis = &looked.diagnosis;
    let mut text = match diagnosis.causes.len() {
        0 if diagnosis.unexplained.is_empty() => format!("{name}: nothing is found that holds or breaks an upgrade\n"),
        0 => format!("{name}: the cause is unknown; what points at trouble is below, as it was written\n"),
        1 => format!("{name}: one cause\n"),
        count => format!("{name}: {count} causes, the most likely first\n"),
    };
    for cause in &diagnosis.causes {
        text.push_str(&tell(cause, looked));
    }
    if !diagnosis.unexplained.is_empty() {
        text.push_str("\nfits no cause:\n");
        for evidence in &diagnosis.unexplained {
            text.push_str(&shown(evidence));
        }
    }
    if !diagnosis.blind_spots.is_empty() {
        text.push_str("\nnot looked at:\n");
        for spot in &diagnosis.blind_spots {
            text.push_str(&format!("  {spot}\n"));
        }
    }
    text
}

fn tell(cause: &Cause, looked: &Looked) -> String {
    let mut text = format!(
        "\n{}. {}  [{}]\n   {}\n   {}; impact: {}{}{}\n",
        cause.rank,
        cause.title,
        cause.code,
        cause.headline,
        cause.confidence.as_str(),
        cause.impact.as_str(),
        moment(", since ", cause.since),
        moment(", fails at ", cause.deadline),
    );
    for evidence in &cause.evidence {
        text.push_str(&shown(evidence));
    }
    let mut has_command = false;
    for (id, known) in cause.remedies.iter().filter_map(|id| Some((id, remedy(id)?))) {
        let exact = plan(id, cause, &looked.survey);
        has_command |= exact.is_ok();
        let (word, title) = match &exact {
            Ok(repair) => ("mend", repair.title.as_str()),
            Err(_) => ("by hand", known.title.as_str()),
        };
        text.push_str(&format!("   {word:<8} {id}  {title} (risk {})\n", known.risk.as_str()));
    }
    if has_command {
        let cluster = looked.survey.cluster.name();
        text.push_str(&format!(
            "   to do it: aks-cockpit mend {cluster} --with REMEDY --cause {}\n",
            cause.code
        ));
    }
    if let Some(guide) = &cause.guide {
        text.push_str(&format!("   guide    {guide}\n"));
    }
    text
}

fn shown(evidence: &Evidence) -> String {
    let at = evidence
        .at
        .map_or_else(String::new, |at| format!(" at {}", at.strftime("%H:%M:%S")));
    format!("   - {}{at}: {}\n", evidence.subject, evidence.words)
}

fn moment(word: &str, at: Option<Timestamp>) -> String {
    at.map_or_else(String::new, |at| format!("{word}{}", at.strftime("%Y-%m-%d %H:%M UTC")))
}
