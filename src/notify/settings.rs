//! What is told where. Addresses of webhooks are secrets: whoever has
//! one can write into the channel, so no `Debug` and no message shows more than their host.

use std::fmt;

use url::{Host, Url};

use super::notice::NoticeKind;

/// All channels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotifySettings {
    /// The terminal's bell.
    pub bell: bool,
    /// A notification of the desktop, by way of the terminal.
    pub desktop: Desktop,
    pub webhooks: Vec<Webhook>,
    /// Program and arguments, no shell; empty runs none. The notice comes as JSON on its input and as variables
    /// `AKS_COCKPIT_NOTICE_...`.
    pub command: Vec<String>,
    /// What is told at all.
    pub on: Vec<NoticeKind>,
}

impl Default for NotifySettings {
    fn default() -> Self {
        Self {
            bell: true,
            desktop: Desktop::default(),
            webhooks: Vec::new(),
            command: Vec::new(),
            on: NoticeKind::ALL.to_vec(),
        }
    }
}

/// How the terminal is asked for a notification of the desktop.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Desktop {
    Off,
    /// As the terminal's name suggests.
    #[default]
    Auto,
    /// iTerm2, Windows Terminal, WezTerm, kitty, Ghostty.
    Osc9,
    /// rxvt-unicode, foot, VTE, WezTerm, Ghostty.
    Osc777,
}

/// One webhook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    pub url: WebhookAddress,
    pub shape: Shape,
    /// What goes here; without it all that is told at all.
    pub on: Option<Vec<NoticeKind>>,
}

/// What the receiver of a webhook understands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Shape {
    /// `aks-cockpit/notice/v1`.
    #[default]
    Json,
    /// An incoming webhook of Slack, and of what speaks like it (Mattermost, Rocket.Chat).
    Slack,
    /// A workflow of Microsoft Teams that posts adaptive cards.
    Teams,
}

impl Shape {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Slack => "slack",
            Self::Teams => "teams",
        }
    }
}

/// Where a webhook is: the address itself, or `env:NAME` for the variable that holds it.
#[derive(Clone, PartialEq, Eq)]
pub enum WebhookAddress {
    Given(Url),
    Variable(String),
}

impl TryFrom<String> for WebhookAddress {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match text.strip_prefix("env:") {
            Some("") => Err("'env:' names no variable; write env:NAME".to_owned()),
            Some(name) => Ok(Self::Variable(name.to_owned())),
            None => checked(&text).map(Self::Given),
        }
    }
}

impl WebhookAddress {
    /// The address; `variable` looks a variable of the environment up.
    ///
    /// # Errors
    /// When the variable is not set or holds no address that may be used; the text never quotes it.
    pub(super) fn resolve(&self, variable: impl Fn(&str) -> Option<String>) -> Result<Url, String> {
        match self {
            Self::Given(url) => Ok(url.clone()),
            Self::Variable(name) => {
                let text = variable(name).ok_or_else(|| format!("the environment variable {name} is not set"))?;
                checked(text.trim()).map_err(|why| format!("the environment variable {name}: {why}"))
            }
        }
    }
}

impl fmt::Debug for WebhookAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Given(url) => write!(formatter, "WebhookAddress({})", host(url)),
            Self::Variable(name) => write!(formatter, "WebhookAddress(env:{name})"),
        }
    }
}

/// All of an address that may be shown.
pub(super) fn host(url: &Url) -> &str {
    url.host_str().unwrap_or("no host")
}

/// True for this machine, which no proxy can reach.
pub(super) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        None => false,
    }
}

fn checked(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| format!("this is no URL ({error})"))?;
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_loopback(&url) => Ok(url),
        "http" => Err("plain http is only allowed to this machine; use https".to_owned()),
        _ => Err("a webhook's URL begins with https".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_cannot_be_used_say_why_without_the_secret() {
        for (text, expected) in [
            ("http://example.com/hunter2", "plain http"),
            ("ftp://hunter2/", "begins with https"),
            ("hunter2", "this is no URL"),
            ("env:", "names no variable"),
        ] {
            let error = WebhookAddress::try_from(text.to_owned()).unwrap_err();
            assert!(error.contains(expected), "{text}: {error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
        let shown = format!(
            "{:?}",
            WebhookAddress::try_from("https://hooks.slack.com/services/hunter2".to_owned())
        );
        assert!(
            !shown.contains("hunter2") && shown.contains("hooks.slack.com"),
            "{shown}"
        );
    }

    #[test]
    fn an_address_may_come_from_the_environment() {
        let address = WebhookAddress::try_from("env:HOOK".to_owned()).unwrap();
        let with = |value: Option<&str>| address.resolve(|_| value.map(str::to_owned));
        assert_eq!(with(Some(" https://x/y ")).unwrap().as_str(), "https://x/y");
        assert_eq!(with(None).unwrap_err(), "the environment variable HOOK is not set");
        assert!(!with(Some("hunter2")).unwrap_err().contains("hunter2"));
    }
}
