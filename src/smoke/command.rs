//! Starts the program of a smoke test in a process group of its own, waits for it, and keeps the end of what it says.
//! Uses no shell and gives it no input; ends it with all that it started when its time is up or nobody waits any more.

use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use super::cut;
use super::values::Values;
use crate::domain::smoke_test::CommandLine;

/// Bytes kept of the end of each output.
const KEPT: usize = 16 * 1024;
/// Longest line that is quoted, in characters.
const LONGEST_LINE: usize = 200;
/// How long the output is read on after the program has ended: what it left behind may hold it open for ever.
const GRACE: Duration = Duration::from_millis(500);

/// The end of an output.
#[derive(Debug, Default)]
struct Tail {
    bytes: Vec<u8>,
    is_cut: bool,
}

/// Runs the program; it passes with exit code 0, and its last line is what there is to say.
pub(super) async fn run(line: &CommandLine, values: &Values) -> Result<String, String> {
    let (mut output, mut errors) = (Tail::default(), Tail::default());
    let limit = Duration::from_secs(line.timeout_seconds.into());
    let ended = timeout(limit, until_its_end(line, &mut output, &mut errors)).await;
    let said = |first: &Tail, second: &Tail| first.last_line(values).or_else(|| second.last_line(values));
    let with_last_line = |why: String| match said(&errors, &output) {
        Some(last) => format!("{why}: {last}"),
        None => why,
    };
    match ended {
        Ok(Ok(status)) if status.success() => Ok(output.last_line(values).unwrap_or_default()),
        Ok(Ok(status)) => Err(with_last_line(describe(status))),
        Ok(Err(error)) => Err(format!("the program '{}' cannot be run: {error}", line.program)),
        Err(_) => Err(with_last_line(format!(
            "took longer than {} s and was ended",
            line.timeout_seconds
        ))),
    }
}

async fn until_its_end(line: &CommandLine, output: &mut Tail, errors: &mut Tail) -> std::io::Result<ExitStatus> {
    let mut command = Command::new(&line.program);
    command
        .args(&line.arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    #[cfg(unix)]
    command.process_group(0);
    let mut child = command.spawn()?;
    // Declared after the child, so dropped before it: until the child is forgotten its number stays its own.
    let mut group = Group::of(&child);
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let reading = async {
        tokio::join!(output.follow(stdout), errors.follow(stderr));
    };
    tokio::pin!(reading);
    let is_read = tokio::select! {
        () = &mut reading => true,
        _ = child.wait() => timeout(GRACE, &mut reading).await.is_ok(),
    };
    let status = child.wait().await?;
    if is_read {
        group.leave_alone();
    }
    Ok(status)
}

fn describe(status: ExitStatus) -> String {
    match status.code() {
        Some(code) => format!("expected exit code 0, got {code}"),
        // Unix says `signal: 9 (SIGKILL)`.
        None => format!("expected exit code 0, got {status}"),
    }
}

impl Tail {
    /// Reads to the end and keeps the last bytes. An output that breaks is at its end.
    async fn follow(&mut self, source: Option<impl AsyncRead + Unpin>) {
        let Some(mut source) = source else { return };
        let mut buffer = vec![0; KEPT];
        while let Ok(count @ 1..) = source.read(&mut buffer).await {
            self.bytes.extend_from_slice(&buffer[..count]);
            let surplus = self.bytes.len().saturating_sub(KEPT);
            if surplus > 0 {
                self.bytes.drain(..surplus);
                self.is_cut = true;
            }
        }
    }

    /// The last line with something printable in it, without secrets. A line whose beginning is gone is left out: a
    /// secret may be cut in two there.
    fn last_line(&self, values: &Values) -> Option<String> {
        let text = String::from_utf8_lossy(&self.bytes);
        let whole = if self.is_cut {
            text.split_once('\n').map(|(_, whole)| whole)?
        } else {
            &text
        };
        whole
            .lines()
            .rev()
            .map(|line| values.redacted(line).trim().to_owned())
            .find(|line| !line.is_empty())
            .map(|line| cut(&line, LONGEST_LINE))
    }
}

/// The process group of a program; killed when dropped, unless it is left alone.
#[cfg(unix)]
struct Group(Option<rustix::process::Pid>);

#[cfg(unix)]
impl Group {
    fn of(child: &Child) -> Self {
        let number = child.id().and_then(|id| i32::try_from(id).ok());
        Self(number.and_then(rustix::process::Pid::from_raw))
    }

    fn leave_alone(&mut self) {
        self.0 = None;
    }
}

#[cfg(unix)]
impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            // An error means that all of it has ended already.
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
    }
}

/// Where there are no process groups, the program alone is ended (`kill_on_drop`).
#[cfg(not(unix))]
struct Group;

#[cfg(not(unix))]
impl Group {
    fn of(_: &Child) -> Self {
        Self
    }

    fn leave_alone(&mut self) {}
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn shell(script: &str, timeout_seconds: u32) -> CommandLine {
        CommandLine {
            program: "sh".to_owned(),
            arguments: vec!["-c".to_owned(), script.to_owned()],
            timeout_seconds,
        }
    }

    async fn run_script(script: &str) -> Result<String, String> {
        run(&shell(script, 20), &Values::of_environment()).await
    }

    #[tokio::test]
    async fn the_exit_code_decides_and_the_last_line_is_told() {
        for (script, expected) in [
            ("exit 0", Ok("")),
            ("echo one; echo two; echo '  '; echo err >&2", Ok("two")),
            (
                "echo out; echo 'bad\tthing' >&2; exit 3",
                Err("expected exit code 0, got 3: bad thing"),
            ),
            (
                "printf 'only out'; exit 1",
                Err("expected exit code 0, got 1: only out"),
            ),
            ("kill -9 $$", Err("expected exit code 0, got signal: 9 (SIGKILL)")),
            ("read line && echo \"$line\" || echo no input", Ok("no input")),
        ] {
            let outcome = run_script(script).await;
            assert_eq!(
                outcome.as_ref().map(String::as_str).map_err(String::as_str),
                expected,
                "{script}"
            );
        }
    }

    #[tokio::test]
    async fn a_program_that_is_not_there_is_told() {
        let line = CommandLine {
            program: "no-such-program-anywhere".to_owned(),
            arguments: Vec::new(),
            timeout_seconds: 5,
        };
        let error = run(&line, &Values::of_environment()).await.unwrap_err();
        assert!(
            error.starts_with("the program 'no-such-program-anywhere' cannot be run: "),
            "{error}"
        );
    }

    #[tokio::test]
    async fn a_program_that_takes_too_long_is_ended() {
        let error = run(&shell("echo started; sleep 60 & wait", 1), &Values::of_environment())
            .await
            .unwrap_err();
        assert_eq!(error, "took longer than 1 s and was ended: started");
    }

    #[tokio::test]
    async fn what_a_program_leaves_behind_does_not_hold_the_run() {
        assert_eq!(run_script("sleep 60 & echo done").await.as_deref(), Ok("done"));
    }

    #[test]
    fn an_endless_output_keeps_its_last_whole_line() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let tail_of = |text: String| {
            let mut tail = Tail::default();
            runtime.block_on(tail.follow(Some(text.as_bytes())));
            assert!(tail.bytes.len() <= KEPT);
            tail.last_line(&Values::of_environment())
        };
        let noise = "x".repeat(3 * KEPT);
        assert_eq!(tail_of(format!("{noise}\nlast\n\n")).as_deref(), Some("last"));
        assert_eq!(tail_of(noise), None);
        assert_eq!(tail_of("é".repeat(300)).unwrap().chars().count(), LONGEST_LINE + 3);
    }
}
