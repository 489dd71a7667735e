//! A notice as the bytes a terminal understands: the bell, and a notification of the desktop. Writes nothing itself.

use super::notice::{Notice, cut};
use super::settings::{Desktop, NotifySettings};
use crate::domain::text::printable;

/// Longest text of a notification, in characters.
const LONGEST: usize = 200;

/// What is to be written for a notice; `variable` looks a variable of the environment up. Empty where the settings want
/// nothing.
pub fn sequence(notice: &Notice, settings: &NotifySettings, variable: impl Fn(&str) -> Option<String>) -> String {
    if !settings.on.contains(&notice.kind) {
        return String::new();
    }
    let mut out = String::new();
    let title = cut(&printable(&notice.title), LONGEST);
    let detail = cut(&printable(notice.detail.as_deref().unwrap_or_default()), LONGEST);
    match chosen(settings.desktop, variable) {
        // ConEmu and Windows Terminal take `9;DIGIT;` for something else, so a word comes first.
        Desktop::Osc9 => out.push_str(&format!("\x1b]9;AKS: {title}\x1b\\")),
        Desktop::Osc777 => {
            // A semicolon would end the title.
            let title = title.replace(';', ",");
            out.push_str(&format!("\x1b]777;notify;AKS: {title};{detail}\x1b\\"));
        }
        Desktop::Off | Desktop::Auto => (),
    }
    if settings.bell {
        out.push('\x07');
    }
    out
}

/// Never `Auto`.
fn chosen(desktop: Desktop, variable: impl Fn(&str) -> Option<String>) -> Desktop {
    if desktop != Desktop::Auto {
        return desktop;
    }
    let term = variable("TERM").unwrap_or_default();
    let speaks_777 = ["rxvt", "foot"].iter().any(|name| term.starts_with(name)) || variable("VTE_VERSION").is_some();
    match term.as_str() {
        // A console shows what it does not understand.
        "" | "linux" | "dumb" => Desktop::Off,
        _ if speaks_777 => Desktop::Osc777,
        _ => Desktop::Osc9,
    }
}

#[cfg(test)]
mod tests {
    use super::super::notice::{NoticeKind, test_notice};
    use super::*;

    fn written(settings: &NotifySettings, variables: &[(&str, &str)]) -> String {
        let notice = Notice {
            title: "pay; prod\x1b[2J is stuck".to_owned(),
            detail: Some("shop/cart\x07".to_owned()),
            ..test_notice(jiff::Timestamp::UNIX_EPOCH)
        };
        sequence(&notice, settings, |name| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn terminals_get_what_they_understand() {
        let all = NotifySettings::default();
        assert_eq!(written(&all, &[]), "\x07");
        assert_eq!(written(&all, &[("TERM", "linux")]), "\x07");
        assert_eq!(
            written(&all, &[("TERM", "xterm-256color")]),
            "\x1b]9;AKS: pay; prod[2J is stuck\x1b\\\x07"
        );
        let by_777 = "\x1b]777;notify;AKS: pay, prod[2J is stuck;shop/cart\x1b\\\x07";
        assert_eq!(written(&all, &[("TERM", "foot")]), by_777);
        assert_eq!(written(&all, &[("TERM", "xterm"), ("VTE_VERSION", "7800")]), by_777);
    }

    #[test]
    fn each_way_can_be_switched_off() {
        let quiet = NotifySettings {
            bell: false,
            desktop: Desktop::Off,
            ..NotifySettings::default()
        };
        assert_eq!(written(&quiet, &[("TERM", "xterm")]), "");
        let only_failures = NotifySettings {
            on: vec![NoticeKind::Failed],
            ..NotifySettings::default()
        };
        assert_eq!(written(&only_failures, &[("TERM", "xterm")]), "");
    }
}
