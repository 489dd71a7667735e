//! `config` and the settings file as a script sees them: origins, faults with their places, and no secret anywhere.

use serde_json::Value;

use super::*;

/// A run with this text in the usual settings file.
fn with_file(text: &str) -> Run {
    let run = Run::new();
    let directory = run.state.path().join(".config/aks-cockpit");
    std::fs::create_dir_all(&directory).unwrap();
    std::fs::write(directory.join("config.toml"), text).unwrap();
    run
}

fn row<'a>(document: &'a Value, name: &str) -> &'a Value {
    let rows = document["settings"].as_array().unwrap();
    rows.iter()
        .find(|row| row["name"] == name)
        .unwrap_or_else(|| panic!("{name}"))
}

#[test]
fn every_value_says_where_it_comes_from() {
    let run = with_file(
        "output = 'table'\nlog-level = 'debug'\n[look]\nascii = true\ntheme = 'light'\n[keys]\nwhy = 'w'\n\
         [notify]\nwebhook = 'https://hooks.example.com/T0/token'\n[[cluster]]\nmatch = 'prod-*'\nprotected = true\n",
    );
    let mut command = run.prepared(&["config", "--output", "json"]);
    command
        .env("AKS_COCKPIT_ASCII", "no")
        .env("NO_COLOR", "1")
        .env("AKS_COCKPIT_NOTIFY_BELL", "off");
    let output = command.output().unwrap();
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    assert!(!stdout(&output).contains("T0/token"), "{}", stdout(&output));
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["schema"], "aks-cockpit/config/v1");
    assert_eq!(document["file"]["exists"], true);
    for (name, value, kind) in [
        ("output", Value::from("json"), "flag"),
        ("look.ascii", Value::from(false), "environment"),
        ("look.color", Value::from(false), "environment"),
        ("notify.bell", Value::from(false), "environment"),
        ("log-level", Value::from("debug"), "file"),
        ("look.theme", Value::from("light"), "file"),
        ("keys.why", Value::from(vec!["w"]), "file"),
        (
            "notify.webhook",
            Value::from("https://hooks.example.com/[redacted]"),
            "file",
        ),
        ("cloud", Value::from("public"), "default"),
        ("speed", Value::Null, "default"),
    ] {
        let row = row(&document, name);
        assert_eq!(
            (&row["value"], &row["origin"]["kind"]),
            (&value, &Value::from(kind)),
            "{name}"
        );
    }
    assert_eq!(row(&document, "look.theme")["origin"]["line"], 5);
    assert_eq!(row(&document, "look.color")["origin"]["variable"], "NO_COLOR");
    assert!(row(&document, "speed")["valueUnknown"].is_string());
    assert_eq!(document["clusters"][0]["match"][0], "prod-*");
    let table = stdout(&run.command(&["config", "--output", "table"]));
    assert!(
        table.contains("look.theme") && table.contains("file, line 5") && !table.contains("T0/token"),
        "{table}"
    );
}

#[test]
fn a_broken_file_is_told_in_full_by_every_command() {
    let run = with_file("outptu = 'json'\n[look]\ntheme = 'drak'\n[keys]\nabort = 'a'\n");
    let words = [
        "config.toml cannot be used",
        "line 1, column 1: there is no key 'outptu'; did you mean 'output'?",
        "line 3, column 9: look.theme is 'drak'",
        "did you mean 'dark'?",
        "line 5, column 1: keys.abort cannot be 'a': it changes the world",
        "do: mend the file",
    ];
    for command in [
        &["config", "--check"][..],
        &["config"],
        &["--simulate=clean", "clusters"],
    ] {
        assert_problem(&run.command(command), 2, &words);
    }
    for command in [
        &["config", "--path"][..],
        &["config", "--example"],
        &["completions", "bash"],
    ] {
        assert_eq!(code(&run.command(command)), 0, "{command:?}");
    }
}

#[test]
fn the_example_is_right_and_says_so() {
    let run = Run::new();
    let example = stdout(&run.command(&["config", "--example"]));
    let path = run.state.path().join("mine.toml");
    std::fs::write(&path, example).unwrap();
    let output = run.command(&["config", "--check", "--config", path.to_str().unwrap()]);
    assert_eq!(code(&output), 0);
    assert!(stderr(&output).contains("mine.toml is right"), "{}", stderr(&output));
    assert_problem(
        &run.command(&["config", "--config", "/no/such/file"]),
        2,
        &["cannot be read", "do: check its name"],
    );
    let mut command = run.prepared(&["config"]);
    let output = command.env("AKS_COCKPIT_REFRESH_CLUSTER", "1s").output().unwrap();
    assert_problem(
        &output,
        2,
        &["AKS_COCKPIT_REFRESH_CLUSTER cannot be used", "a duration from 2s"],
    );
    assert_problem(
        &run.command(&["--theme", "drak", "config"]),
        2,
        &["--theme", "did you mean 'dark'?"],
    );
}

#[test]
fn headless_commands_live_by_the_file() {
    let run = with_file("simulate = 'clean'\noutput = 'json'\nread-only = true\n");
    let output = run.command(&["clusters"]);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["clusters"][0]["name"], "shop-prod");
    let output = run.command(&["start", "shop-prod", "--to", "1.35", "--yes"]);
    assert_problem(&output, 7, &["read-only mode"]);
}
