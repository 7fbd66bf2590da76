//! What the program says of itself: help, man pages, completions, config, schema. Its words are held
//! as golden files, in `tests/golden`; `CHINWAG_GOLDEN=rewrite` writes them anew.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test says what it expects")]

mod harness;

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use harness::pipes::run;
use harness::terminal::{CTRL_C, Terminal};
use serde_json::Value;
use tempfile::TempDir;

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

/// Compares with the golden file, or writes it. What differs is collected in `differences`.
fn compare(name: &str, text: &str, differences: &mut Vec<String>) {
    let path = golden(name);
    let text = &text.replace(env!("CARGO_PKG_VERSION"), "VERSION");
    if std::env::var_os("CHINWAG_GOLDEN").is_some_and(|value| value == "rewrite") {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
        return;
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    if expected != *text {
        differences.push(format!("{name}: expected\n{expected}\nbut it is\n{text}"));
    }
}

#[track_caller]
fn assert_none(differences: &[String]) {
    let shown = differences.join("\n");
    assert!(differences.is_empty(), "CHINWAG_GOLDEN=rewrite accepts this:\n{shown}");
}

/// All man pages, as `chinwag man --out` writes them, and their folder.
fn pages() -> (TempDir, BTreeSet<String>) {
    let folder = TempDir::new().unwrap();
    let ended = run(&["man", "--out", folder.path().to_str().unwrap()]);
    assert_eq!(ended.code, 0, "{ended:?}");
    let files = std::fs::read_dir(folder.path()).unwrap();
    let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    let names: BTreeSet<String> = names.collect();
    (folder, names)
}

/// The commands that have a page, each as the arguments that name it.
fn commands(pages: &BTreeSet<String>) -> Vec<Vec<String>> {
    // The names of commands may have hyphens, so it is the program that says where one ends.
    let known: BTreeSet<&str> = pages.iter().map(|page| page.trim_end_matches(".1")).collect();
    let args = |page: &&str| {
        let mut args = Vec::new();
        let mut begin = "chinwag".to_owned();
        let mut word = String::new();
        for part in page.split('-').skip(1) {
            word = if word.is_empty() { part.to_owned() } else { format!("{word}-{part}") };
            if known.contains(format!("{begin}-{word}").as_str()) {
                begin = format!("{begin}-{word}");
                args.push(std::mem::take(&mut word));
            }
        }
        args
    };
    known.iter().map(args).collect()
}

#[test]
fn every_command_has_the_help_that_was_agreed_on() {
    let (_folder, pages) = pages();
    let mut differences = Vec::new();
    for command in commands(&pages) {
        let mut args: Vec<&str> = command.iter().map(String::as_str).collect();
        args.push("--help");
        let ended = run(&args);
        assert_eq!((ended.code, ended.error.as_str()), (0, ""), "{args:?}");
        let name = if command.is_empty() { "chinwag".to_owned() } else { command.join("-") };
        compare(&format!("help/{name}.txt"), &ended.output, &mut differences);
    }
    assert_none(&differences);
}

#[test]
fn every_command_has_a_man_page() {
    let (folder, pages) = pages();
    assert!(pages.contains("chinwag.1") && pages.contains("chinwag-bundle-export.1"), "{pages:?}");
    let mut differences = Vec::new();
    for page in &pages {
        let text = std::fs::read_to_string(folder.path().join(page)).unwrap();
        assert!(text.contains(".SH NAME\n") && text.contains(".SH SYNOPSIS\n"), "{page}");
        compare(&format!("man/{page}"), &text, &mut differences);
    }
    assert_none(&differences);
}

#[test]
fn a_man_page_is_printed_as_it_is_written_to_its_file() {
    let (folder, _) = pages();
    let ended = run(&["man", "bundle", "export"]);
    let page = std::fs::read_to_string(folder.path().join("chinwag-bundle-export.1")).unwrap();
    assert_eq!(ended.output.trim_end(), page.trim_end());
    let none = run(&["man", "nothing"]);
    assert_eq!(none.code, 3);
    assert!(none.error.contains("there is no command \"nothing\""), "{none:?}");
}

#[test]
fn help_is_free_of_colour_where_nobody_sees_it() {
    for args in [&["--help"][..], &["send", "--help"], &["man", "send"]] {
        assert!(!run(args).output.contains('\u{1b}'), "{args:?}");
    }
}

#[test]
fn without_arguments_there_is_a_short_help_and_code_2() {
    let ended = run(&[]);
    assert_eq!((ended.code, ended.output.as_str()), (2, ""), "{ended:?}");
    assert!(ended.error.contains("Usage: chinwag [OPTIONS] <COMMAND>"), "{ended:?}");
    assert!(ended.error.lines().count() < 20, "{ended:?}");
}

#[test]
fn without_arguments_a_person_gets_the_client_which_asks_for_a_name() {
    let mut terminal = Terminal::chinwag(&[]);
    terminal.until_shows("What shall others call you?");
    terminal.types(CTRL_C);
    assert_eq!(terminal.ends(), 0);
    terminal.assert_is_as_it_was_found();
}

// Completions, in the shells themselves.

/// What a shell says in the end, or nothing if it isn't installed.
fn shell(program: &str, script: &str, home: &TempDir) -> Option<String> {
    let mut command = Command::new(program);
    let output = command.args(["-c", script]).envs(environment_of(home)).output();
    let output = match output {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return None,
        output => output.unwrap(),
    };
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success() && error.is_empty(), "{program}: {error}");
    Some(String::from_utf8(output.stdout).unwrap())
}

/// A home of its own, in which `chinwag` is found as it is when it was installed.
fn environment_of(home: &TempDir) -> Vec<(OsString, OsString)> {
    let program = Path::new(harness::PROGRAM).parent().unwrap();
    let path = format!("{}:/usr/local/bin:/usr/bin:/bin", program.display());
    let all = harness::environment(home).into_iter();
    let all = all.map(|(name, value)| (name.into(), value.to_owned()));
    all.chain([("PATH".into(), path.into())]).collect()
}

/// Puts the completions of a shell into a home, where the documentation says that they belong.
fn put_completions(shell: &str, home: &TempDir, at: &str) {
    let script = run(&["completions", shell]);
    assert_eq!((script.code, script.error.as_str()), (0, ""), "{script:?}");
    let path = home.path().join(at);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, script.output).unwrap();
}

#[test]
fn bash_completes_commands_and_their_options() {
    let home = TempDir::new().unwrap();
    put_completions("bash", &home, "chinwag");
    let complete = |words: &str, at: usize| {
        let last = words.split(' ').nth(at).unwrap_or_default();
        format!(
            "COMP_WORDS=({words}); COMP_CWORD={at}; COMPREPLY=(); _chinwag chinwag '{last}' x; \
             echo \"${{COMPREPLY[@]}}\"\n"
        )
    };
    let script = ". ~/chinwag\n".to_owned()
        + &complete("chinwag se", 1)
        + &complete("chinwag inv", 1)
        + &complete("chinwag bundle e", 2)
        + &complete("chinwag send --wa", 2);
    let Some(said) = shell("bash", &script, &home) else {
        return harness::missing("bash_completes_commands_and_their_options", "bash");
    };
    assert_eq!(said, "send search\ninvite invites\nexport\n--wait\n");
}

#[test]
fn fish_completes_commands_and_their_options() {
    let home = TempDir::new().unwrap();
    put_completions("fish", &home, "fish/completions/chinwag.fish");
    let ask = |line: &str| shell("fish", &format!("complete -C '{line}'"), &home);
    let Some(said) = ask("chinwag se") else {
        return harness::missing("fish_completes_commands_and_their_options", "fish");
    };
    let words = |said: &str| -> Vec<String> {
        said.lines().filter_map(|line| line.split('\t').next()).map(str::to_owned).collect()
    };
    assert_eq!(words(&said), ["search", "send"], "{said}");
    assert_eq!(words(&ask("chinwag bundle e").unwrap()), ["export"]);
    assert_eq!(words(&ask("chinwag send bob hello --wai").unwrap()), ["--wait"]);
}

#[test]
fn zsh_completes_commands_and_their_options() {
    let home = TempDir::new().unwrap();
    put_completions("zsh", &home, "functions/_chinwag");
    // No questions of a first start, and nothing of this machine's.
    let setting =
        "fpath=(~/functions $fpath); autoload -Uz compinit; compinit -u -D; PS1='zsh> '\n";
    std::fs::write(home.path().join(".zshrc"), setting).unwrap();
    if shell("zsh", "true", &home).is_none() {
        return harness::missing("zsh_completes_commands_and_their_options", "zsh");
    }
    let environment = environment_of(&home);
    let zsh = Terminal::of("zsh", &["-d", "-i"], environment, home);
    zsh.until_last_line("zsh>");
    zsh.types("chinwag se\t");
    let view =
        zsh.until("both commands", |view| view.shows("search  --") && view.shows("send    --"));
    assert!(!view.shows("command not found") && !view.shows("_chinwag:"), "{view}");
    zsh.types("nd bob hello --wai\t");
    zsh.until_shows("zsh> chinwag send bob hello --wait=");
    zsh.types("de\t");
    zsh.until_shows("zsh> chinwag send bob hello --wait=delivered");
}

#[test]
fn power_shell_has_completions_too() {
    let script = run(&["completions", "powershell"]);
    assert_eq!((script.code, script.error.as_str()), (0, ""), "{script:?}");
    assert!(script.output.contains("Register-ArgumentCompleter"));
}

// The config file, and the schema.

#[test]
fn the_default_config_is_one_that_there_is_nothing_to_say_of() {
    let home = TempDir::new().unwrap();
    let path = home.path().join("config.toml");
    std::fs::write(&path, run(&["config", "default"]).output).unwrap();
    let path = path.to_str().unwrap();
    let check = run(&["config", "check", "--config", path]);
    assert_eq!((check.code, check.error.as_str()), (0, ""));
    assert_eq!(check.output, format!("Nothing is wrong in {path}.\n"));
    let shown = run(&["config", "show", "--config", path]);
    assert_eq!(shown.output, run(&["config", "show"]).output, "it says what is so anyway");
    assert_eq!(run(&["config", "path", "--config", path]).output.trim_end(), path);
}

#[test]
fn a_config_that_is_wrong_or_unknown_in_part_does_not_pass_the_check() {
    let home = TempDir::new().unwrap();
    let path = home.path().join("config.toml");
    for (text, words) in [
        ("lann = true", "did you mean \"lan\"?"),
        ("lan = 3", "line 1"),
        ("bind = [\"here\"]", "line 1"),
    ] {
        std::fs::write(&path, text).unwrap();
        let check = run(&["config", "check", "--config", path.to_str().unwrap()]);
        assert_eq!(check.code, 2, "{text}: {check:?}");
        assert!(check.error.contains(words), "{text}: {check:?}");
    }
}

#[test]
fn all_faults_of_a_config_are_told_at_once_with_their_places() {
    let home = TempDir::new().unwrap();
    let path = home.path().join("config.toml");
    let text = "lan = 3\n[classroom]\nteem = \"red\"\nteam = oops\n[ui]\nnotify = \"drum\"\n";
    std::fs::write(&path, text).unwrap();
    let path = path.to_str().unwrap();
    let check = run(&["config", "check", "--config", path]);
    assert_eq!((check.code, check.output.as_str()), (2, ""), "{check:?}");
    let expected = [
        "line 1, column 7: lan takes true or false, not 3",
        "line 4, column 8: string values must be quoted, expected literal string",
        "line 6, column 10: ui.notify takes bell, terminal or none, not \"drum\"",
        r#"line 3, column 1: unknown key "classroom.teem" in the config file; did you mean "classroom.team"?"#,
    ];
    let expected: String = expected.map(|said| format!("chinwag: {path}, {said}\n")).concat();
    assert_eq!(check.error, expected);
    // Every other command says the first, and where the others are to be had.
    let status = run(&["status", "--config", path]);
    assert_eq!(status.code, 2);
    let ends = "because: line 1, column 7: lan takes true or false, not 3\n  \
                there is more (2): chinwag config check lists it\n";
    assert!(status.error.ends_with(ends), "{status:?}");
}

#[test]
fn config_init_writes_what_default_prints_and_never_over_anything() {
    let home = TempDir::new().unwrap();
    let path = home.path().join("new/folder/config.toml");
    let args = ["config", "init", "--config", path.to_str().unwrap()];
    let init = run(&args);
    assert_eq!((init.code, init.error.as_str()), (0, ""));
    assert_eq!(init.output, format!("Wrote {}.\n", path.display()));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), run(&["config", "default"]).output);
    std::fs::write(&path, "lan = false\n").unwrap();
    let again = run(&args);
    assert_eq!((again.code, again.output.as_str()), (4, ""), "{again:?}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "lan = false\n");
}

#[test]
fn there_is_nothing_wrong_with_a_config_that_is_not_there() {
    let check = run(&["config", "check"]);
    assert_eq!((check.code, check.error.as_str()), (0, ""));
    assert!(check.output.starts_with("Nothing is wrong: "), "{check:?}");
}

#[test]
fn the_schema_is_one_document_with_every_method() {
    let ended = run(&["schema"]);
    let document: Value = serde_json::from_str(&ended.output).unwrap();
    let methods = document["methods"].as_array().unwrap();
    let names: Vec<&str> = methods.iter().map(|method| method["name"].as_str().unwrap()).collect();
    assert_eq!(names, chinwag_api::method::NAMES);
}

// Mistakes.

#[test]
fn wrong_arguments_are_code_2_and_say_so_on_standard_error() {
    let wrong: [&[&str]; 12] = [
        &["nothing"],
        &["send"],
        &["send", "bob"],
        &["send", "bob", "x", "--wait", "soon"],
        &["send", "bob", "x", "--timeout", "3"],
        &["invite", "--expires", "soon"],
        &["history", "bob", "--limit", "0"],
        &["history", "bob", "--json", "--jsonl"],
        &["search"],
        &["export", "bob", "--format", "pdf"],
        &["completions", "tcsh"],
        &["bundle", "export", "x"],
    ];
    for args in wrong {
        let ended = run(args);
        assert_eq!((ended.code, ended.output.as_str()), (2, ""), "{args:?}: {ended:?}");
        assert!(!ended.error.is_empty(), "{args:?}");
    }
}

#[test]
fn where_nobody_can_be_asked_the_flag_that_would_answer_is_named() {
    let cases: [(&[&str], &str); 3] = [
        (&["init"], "--name NAME"),
        (&["revoke-device", "dev_x"], "--yes"),
        (&["words"], "--show-words"),
    ];
    for (args, flag) in cases {
        let ended = run(args);
        assert_eq!((ended.code, ended.output.as_str()), (2, ""), "{args:?}: {ended:?}");
        assert!(ended.error.contains(flag), "{args:?}: {ended:?}");
    }
}
