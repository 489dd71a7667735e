//! The lines of the checks: findings by harm, or what differs from before an upgrade, and how they are filtered.

use super::super::super::filter::Fields;
use super::super::super::inquiry::Checked;
use crate::preflight::finding::{Finding, Outcome};

/// The fields that `field=value` knows.
pub(super) const FIELDS: [&str; 5] = ["result", "code", "about", "from", "change"];

/// What is different from before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    New,
    Was(Outcome),
    Gone,
}

/// One line.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) finding: Finding,
    /// What it is about, in words.
    pub(super) subject: String,
    change: Option<Change>,
    /// Lower case, with spaces between the parts.
    searched: String,
}

impl Row {
    fn new(finding: Finding, change: Option<Change>) -> Self {
        let subject = finding.subject.to_string();
        let mut row = Self {
            searched: String::new(),
            subject,
            change,
            finding,
        };
        let parts = FIELDS.map(|field| row.value(field));
        row.searched = format!("{} {}", parts.join(" "), row.finding.headline.to_lowercase());
        row
    }

    pub(super) fn is_pass(&self) -> bool {
        self.finding.outcome == Outcome::Pass && self.change.is_none()
    }

    /// As `new` or `was a warning`.
    pub(super) fn change_word(&self) -> Option<String> {
        Some(match self.change? {
            Change::New => "new".to_owned(),
            Change::Gone => "gone".to_owned(),
            Change::Was(before) => format!("was {}", before.as_str()),
        })
    }

    fn value(&self, field: &str) -> String {
        match field {
            "result" => self.finding.outcome.as_str().to_owned(),
            "code" => self.finding.code.to_lowercase(),
            "about" => self.subject.to_lowercase(),
            "from" => super::trouble::origin_word(&self.finding.origin).to_lowercase(),
            "change" => self.change_word().unwrap_or_default(),
            _ => String::new(),
        }
    }
}

impl Fields for Row {
    fn has(&self, field: &str, word: &str) -> bool {
        FIELDS.contains(&field) && self.value(field).contains(word)
    }

    fn has_word(&self, word: &str) -> bool {
        self.searched.contains(word)
    }
}

/// The lines of an answer: differences where there is something to compare with, else all findings, worst first.
pub(super) fn rows_of(checked: &Checked) -> Vec<Row> {
    let Some(difference) = &checked.difference else {
        let all = checked.report.findings.iter();
        return all.map(|finding| Row::new(finding.clone(), None)).collect();
    };
    let new = difference
        .new
        .iter()
        .map(|new| Row::new(new.clone(), Some(Change::New)));
    let changed = difference
        .changed
        .iter()
        .map(|(before, after)| Row::new(after.clone(), Some(Change::Was(before.outcome))));
    let gone = difference
        .gone
        .iter()
        .map(|old| Row::new(old.clone(), Some(Change::Gone)));
    new.chain(changed).chain(gone).collect()
}

#[cfg(test)]
mod tests {
    use super::super::super::super::filter::Filter;
    use super::*;
    use crate::ui::fixtures;

    #[test]
    fn rows_are_found_by_their_fields_and_words() {
        let checked = fixtures::checked("shop-prod");
        let rows = rows_of(&checked);
        let found = |filter: &str| {
            let filter = Filter::parse(filter);
            rows.iter().filter(|row| filter.matches(*row)).count()
        };
        assert_eq!(found(""), rows.len());
        assert_eq!(found("result=blocker"), 2);
        assert_eq!(found("cart-pdb"), 1);
        assert_eq!(found("!result=pass !result=unknown from=aks"), 1);
        assert_eq!(found("colour=red"), 0);
    }

    #[test]
    fn after_an_upgrade_only_differences_are_lines() {
        let checked = fixtures::checked_again("shop-prod");
        let words: Vec<Option<String>> = rows_of(&checked).iter().map(Row::change_word).collect();
        let words: Vec<&str> = words.iter().flatten().map(String::as_str).collect();
        assert_eq!(words, ["new", "was info", "gone"]);
    }
}
