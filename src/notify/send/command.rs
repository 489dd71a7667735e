//! Runs the person's program for a notice: no shell, the notice as JSON on its input and as variables, and never one of
//! this program's secrets.

use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::Command;

use super::super::notice::{Notice, cut};
use super::super::settings::Shape;
use super::super::shapes;
use crate::domain::text::printable;

/// How long it may take.
const WITHIN: Duration = Duration::from_secs(30);
/// Bytes of its errors that are read.
const MOST_ERRORS: u64 = 16 * 1024;
/// Longest line that is quoted, in characters.
const LONGEST_LINE: usize = 200;

/// Runs it to its end.
///
/// # Errors
/// When it cannot be started, takes too long, or ends with anything but 0.
pub(super) async fn run(line: &[String], notice: &Notice) -> Result<(), String> {
    let Some((program, arguments)) = line.split_first() else {
        return Err("no program is named".to_owned());
    };
    let named = printable(program);
    match tokio::time::timeout(WITHIN, to_its_end(program, arguments, notice)).await {
        Ok(Ok(Ok(()))) => Ok(()),
        Ok(Ok(Err(why))) => Err(format!("'{named}' {why}")),
        Ok(Err(error)) => Err(format!("'{named}' cannot be run: {error}")),
        Err(_) => Err(format!(
            "'{named}' took longer than {} s and was ended",
            WITHIN.as_secs()
        )),
    }
}

async fn to_its_end(program: &str, arguments: &[String], notice: &Notice) -> std::io::Result<Result<(), String>> {
    let mut command = Command::new(program);
    command
        .args(arguments)
        .envs(variables(notice))
        .env_remove("AKS_COCKPIT_TOKEN")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    let mut child = command.spawn()?;
    let body = shapes::payload(notice, Shape::Json).to_string();
    if let Some(mut stdin) = child.stdin.take() {
        // A program that does not read its input is fine.
        let _ = stdin.write_all(body.as_bytes()).await;
    }
    let mut errors = Vec::new();
    if let Some(stderr) = child.stderr.take() {
        // What breaks off is at its end.
        let _ = stderr.take(MOST_ERRORS).read_to_end(&mut errors).await;
    }
    let status = child.wait().await?;
    if status.success() {
        return Ok(Ok(()));
    }
    let text = String::from_utf8_lossy(&errors);
    let last = text.lines().rev().map(printable).find(|line| !line.trim().is_empty());
    let said = last.map_or_else(String::new, |line| format!(": {}", cut(line.trim(), LONGEST_LINE)));
    Ok(Err(match status.code() {
        Some(code) => format!("ended with exit code {code}{said}"),
        // Unix says `signal: 9 (SIGKILL)`.
        None => format!("was ended by {status}{said}"),
    }))
}

fn variables(notice: &Notice) -> [(&'static str, String); 8] {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    [
        ("AKS_COCKPIT_NOTICE_KEY", notice.key.clone()),
        ("AKS_COCKPIT_NOTICE_KIND", notice.kind.as_str().to_owned()),
        ("AKS_COCKPIT_NOTICE_AT", notice.at.to_string()),
        ("AKS_COCKPIT_NOTICE_TITLE", notice.title.clone()),
        ("AKS_COCKPIT_NOTICE_DETAIL", text(&notice.detail)),
        ("AKS_COCKPIT_NOTICE_DO", text(&notice.todo)),
        ("AKS_COCKPIT_NOTICE_CLUSTER", notice.cluster_name()),
        (
            "AKS_COCKPIT_NOTICE_EXECUTION",
            notice.execution.as_ref().map_or_else(String::new, ToString::to_string),
        ),
    ]
}

#[cfg(all(test, unix))]
mod tests {
    use super::super::super::notice::test_notice;
    use super::*;

    async fn shell(script: &str) -> Result<(), String> {
        let line = ["sh", "-c", script].map(str::to_owned);
        run(&line, &test_notice(jiff::Timestamp::UNIX_EPOCH)).await
    }

    #[tokio::test]
    async fn a_program_gets_the_notice_in_two_ways() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("heard");
        let script = format!(
            "test \"$AKS_COCKPIT_NOTICE_KIND\" = waiting && test -z \"$AKS_COCKPIT_TOKEN\" && cat > '{}'",
            file.display()
        );
        assert_eq!(shell(&script).await, Ok(()));
        let heard: serde_json::Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
        assert_eq!(heard["schema"], "aks-cockpit/notice/v1");
    }

    #[tokio::test]
    async fn what_goes_wrong_is_told_in_its_own_words() {
        let failed = shell("echo one >&2; printf 'no\\033[2Jgood' >&2; exit 3").await;
        assert_eq!(failed.unwrap_err(), "'sh' ended with exit code 3: no[2Jgood");
        let line = ["no-such-program-anywhere".to_owned()];
        let error = run(&line, &test_notice(jiff::Timestamp::UNIX_EPOCH)).await.unwrap_err();
        assert!(
            error.starts_with("'no-such-program-anywhere' cannot be run: "),
            "{error}"
        );
        assert!(run(&[], &test_notice(jiff::Timestamp::UNIX_EPOCH)).await.is_err());
    }
}
