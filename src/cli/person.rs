//! Who is at the keyboard, as the operating system says. Asks nobody and never fails.

use crate::domain::text::printable;
use crate::engine::command::Person;

/// The person and the machine.
pub(super) fn person() -> Person {
    Person {
        name: first(&["USER", "LOGNAME", "USERNAME"]).unwrap_or_else(nameless),
        host: first(&["HOSTNAME", "COMPUTERNAME"])
            .or_else(host_file)
            .unwrap_or_else(unknown),
    }
}

/// The first of the variables that says something.
fn first(names: &[&str]) -> Option<String> {
    names
        .iter()
        .find_map(|name| Some(printable(&std::env::var(name).ok()?)).filter(|value| !value.is_empty()))
}

/// In a container or a unit without `USER` the number still tells people apart.
fn nameless() -> String {
    #[cfg(unix)]
    return format!("uid {}", rustix::process::getuid().as_raw());
    #[cfg(not(unix))]
    unknown()
}

fn host_file() -> Option<String> {
    let text = std::fs::read_to_string("/etc/hostname").ok()?;
    Some(printable(text.trim())).filter(|name| !name.is_empty())
}

fn unknown() -> String {
    "unknown".to_owned()
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_user_without_a_name_has_a_number() {
        let name = nameless();
        let number = name.strip_prefix("uid ").unwrap();
        assert!(number.parse::<u32>().is_ok(), "{name}");
    }

    #[test]
    fn a_variable_that_is_not_there_is_passed_over() {
        assert_eq!(first(&["AKS_COCKPIT_NO_SUCH_VARIABLE"]), None);
        assert!(first(&["AKS_COCKPIT_NO_SUCH_VARIABLE", "PATH"]).is_some());
    }
}
