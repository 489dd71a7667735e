//! The filter line: words, `!not`, `field=value`; all must hold. Never an error: an unknown field is reported beside the line.

/// The fields that `field=value` knows.
pub(crate) const FIELDS: [&str; 7] = ["name", "group", "subscription", "location", "version", "state", "pool"];

/// What a filter is matched against; all in lower case.
pub(crate) trait Fields {
    /// True where one of the field's values contains the word.
    fn has(&self, field: &str, word: &str) -> bool;
    /// True where anything a person would search for contains the word.
    fn has_word(&self, word: &str) -> bool;
}

/// A cluster, for the filter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Searchable {
    pub(crate) name: String,
    pub(crate) group: String,
    pub(crate) subscription: String,
    pub(crate) location: String,
    pub(crate) version: String,
    pub(crate) state: String,
    pub(crate) pools: Vec<String>,
}

impl Searchable {
    fn field(&self, field: &str) -> Vec<&str> {
        match field {
            "name" => vec![&self.name],
            "group" => vec![&self.group],
            "subscription" => vec![&self.subscription],
            "location" => vec![&self.location],
            "version" => vec![&self.version],
            "state" => vec![&self.state],
            "pool" => self.pools.iter().map(String::as_str).collect(),
            _ => Vec::new(),
        }
    }
}

impl Fields for Searchable {
    fn has(&self, field: &str, word: &str) -> bool {
        self.field(field).iter().any(|value| value.contains(word))
    }

    fn has_word(&self, word: &str) -> bool {
        FIELDS.iter().any(|field| self.has(field, word))
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Term {
    is_not: bool,
    field: Option<String>,
    word: String,
}

/// A filter, read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Filter {
    terms: Vec<Term>,
}

impl Filter {
    /// Reads a filter line; an empty one matches all.
    pub(crate) fn parse(text: &str) -> Self {
        let terms = text
            .to_lowercase()
            .split_whitespace()
            .filter_map(|term| {
                let (is_not, term) = match term.strip_prefix('!') {
                    Some(term) => (true, term),
                    None => (false, term),
                };
                let (field, word) = match term.split_once('=') {
                    Some((field, word)) => (Some(field.to_owned()), word),
                    None => (None, term),
                };
                let is_unfinished = word.is_empty();
                (!is_unfinished).then(|| Term {
                    is_not,
                    field,
                    word: word.to_owned(),
                })
            })
            .collect();
        Self { terms }
    }

    /// The first field it names that is not among the known ones.
    pub(crate) fn unknown_field(&self, known: &[&str]) -> Option<&str> {
        self.terms
            .iter()
            .filter_map(|term| term.field.as_deref())
            .find(|field| !known.contains(field))
    }

    pub(crate) fn matches(&self, subject: &impl Fields) -> bool {
        self.terms.iter().all(|term| {
            let holds = match &term.field {
                Some(field) => subject.has(field, &term.word),
                None => subject.has_word(&term.word),
            };
            holds != term.is_not
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_narrow_down() {
        let subject = Searchable {
            name: "shop-prod".into(),
            group: "rg-shop".into(),
            location: "westeurope".into(),
            version: "1.33.5".into(),
            state: "stuck".into(),
            pools: vec!["system".into(), "user".into()],
            ..Searchable::default()
        };
        let check = |text: &str, expected: bool| {
            assert_eq!(Filter::parse(text).matches(&subject), expected, "{text}");
        };
        check("", true);
        check("SHOP", true);
        check("shop europe", true);
        check("shop test", false);
        check("!test", true);
        check("!shop", false);
        check("state=stuck", true);
        check("!state=stuck", false);
        check("version=1.33", true);
        check("pool=user", true);
        check("pool=gpu", false);
        check("name=", true);
        check("!", true);
        check("colour=red", false);
        assert_eq!(Filter::parse("shop colour=red").unknown_field(&FIELDS), Some("colour"));
        assert_eq!(Filter::parse("state=x").unknown_field(&FIELDS), None);
    }
}
