//! What a person wants to be told when nobody looks at the screen, and by which ways. Values only: nothing is sent here.

use super::secret::Secret;

/// What is worth a notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Occasion {
    /// Something holds an upgrade that Azure would carry on.
    Blocked,
    /// A gate or a pause holds a plan, and a person is waited for.
    Waiting,
    Failed,
    Done,
}

impl Occasion {
    pub const ALL: [Self; 4] = [Self::Blocked, Self::Waiting, Self::Failed, Self::Done];
    /// The words of the setting, in the same order.
    pub const WORDS: &'static [&'static str] = &["blocked", "waiting", "failed", "done"];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Blocked => "blocked",
            Self::Waiting => "waiting",
            Self::Failed => "failed",
            Self::Done => "done",
        }
    }
}

/// By which escape sequence the terminal shows a notice of the desktop.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Desktop {
    Off,
    /// As the terminal's name suggests.
    #[default]
    Auto,
    /// iTerm2, WezTerm, Ghostty, Windows Terminal.
    Osc9,
    /// urxvt, foot, VTE.
    Osc777,
}

impl Desktop {
    pub const WORDS: &'static [&'static str] = &["off", "auto", "osc9", "osc777"];

    /// Reads the setting's word; anything else is off.
    pub fn of(word: &str) -> Self {
        match word {
            "auto" => Self::Auto,
            "osc9" => Self::Osc9,
            "osc777" => Self::Osc777,
            _ => Self::Off,
        }
    }
}

/// The document a webhook gets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Shape {
    Slack,
    Teams,
    /// Our own, versioned.
    #[default]
    Json,
}

impl Shape {
    pub const WORDS: &'static [&'static str] = &["slack", "teams", "json"];

    /// Reads the setting's word; anything else is our own document.
    pub fn of(word: &str) -> Self {
        match word {
            "slack" => Self::Slack,
            "teams" => Self::Teams,
            _ => Self::Json,
        }
    }
}

/// Where notices are posted to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    /// https, or http on this machine.
    pub url: Secret,
    pub shape: Shape,
}

/// All ways, and on what occasions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotifySettings {
    /// No repetitions; empty means nothing is ever told.
    pub on: Vec<Occasion>,
    /// Rings the terminal's bell.
    pub bell: bool,
    pub desktop: Desktop,
    pub webhook: Option<Webhook>,
    /// A program with its arguments, started without a shell; `None` where there is none.
    pub command: Option<Vec<String>>,
}

impl Default for NotifySettings {
    fn default() -> Self {
        Self {
            on: Occasion::ALL.to_vec(),
            bell: true,
            desktop: Desktop::Auto,
            webhook: None,
            command: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_occasions_go_together() {
        let words: Vec<&str> = Occasion::ALL.iter().map(|occasion| occasion.as_str()).collect();
        assert_eq!(words, Occasion::WORDS);
    }
}
