//! `preflight` for a person: worst first, what passed as a number.

use super::Checked;
use crate::domain::subject::Subject;
use crate::preflight::finding::{Finding, Origin, Outcome};

pub(super) fn describe(checked: &Checked, shows_passes: bool) -> String {
    let mut text = headline(checked);
    match &checked.difference {
        None => {
            let told = |finding: &&Finding| shows_passes || finding.outcome != Outcome::Pass;
            for finding in checked.report.findings.iter().filter(told) {
                text.push_str(&tell(finding.outcome.as_str(), finding));
            }
        }
        Some(difference) => {
            if difference.new.is_empty() && difference.gone.is_empty() && difference.changed.is_empty() {
                text.push_str("  the same as before\n");
            }
            for finding in &difference.new {
                text.push_str(&tell(&format!("new {}", finding.outcome.as_str()), finding));
            }
            for (before, after) in &difference.changed {
                let words = format!("{} -> {}", before.outcome.as_str(), after.outcome.as_str());
                text.push_str(&tell(&words, after));
            }
            for finding in &difference.gone {
                text.push_str(&format!("  gone     {}  {}\n", finding.code, finding.headline));
            }
        }
    }
    if checked.report.worst() > Outcome::Info {
        text.push_str("Each code has a page: aks-cockpit explain CODE\n");
    }
    text
}

fn headline(checked: &Checked) -> String {
    let counts: Vec<String> = [
        Outcome::Blocker,
        Outcome::Warning,
        Outcome::Unknown,
        Outcome::Info,
        Outcome::Pass,
    ]
    .into_iter()
    .map(|outcome| (outcome, checked.report.count(outcome)))
    .filter(|(_, count)| *count > 0)
    .map(|(outcome, count)| format!("{count} {}", in_number(outcome, count)))
    .collect();
    let target = checked
        .target
        .as_ref()
        .map_or_else(String::new, |target| format!(" to {target}"));
    format!("{}{target}: {}\n", checked.name, counts.join(", "))
}

fn in_number(outcome: Outcome, count: usize) -> String {
    match (outcome, count) {
        (Outcome::Pass, _) => "passed".to_owned(),
        (Outcome::Blocker | Outcome::Warning, count) if count != 1 => format!("{}s", outcome.as_str()),
        _ => outcome.as_str().to_owned(),
    }
}

fn tell(word: &str, finding: &Finding) -> String {
    let from = match finding.origin {
        Origin::Cockpit => "",
        Origin::Aks => " (AKS says)",
    };
    let about = match &finding.subject {
        Subject::Cluster => String::new(),
        subject => format!("{subject}: "),
    };
    let mut text = format!("  {word:<8} {}  {about}{}{from}\n", finding.code, finding.headline);
    for line in &finding.evidence {
        text.push_str(&format!("             {line}\n"));
    }
    if finding.outcome > Outcome::Info && !finding.remedies.is_empty() {
        text.push_str(&format!("             cured by: {}\n", finding.remedies.join(", ")));
    }
    text
}
