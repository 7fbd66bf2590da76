//! `cargo xtask tidy`, told about small real workspaces: each story breaks one rule of a clean
//! house.
//!
//! The workspaces are made of path dependencies alone, so that cargo can resolve them without a
//! registry. Packages of other people are stand-ins that lie beside the workspace.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

#[test]
fn a_clean_house_passes_and_is_counted() {
    let said = House::clean().tidy();
    assert_eq!(said.lines, ["tidy: 3 crates, 1 direct dependencies, nothing to say"]);
    assert!(said.success);
}

#[test]
fn the_classroom_must_not_know_the_core() {
    House::clean().with("chinwag-classroom", "chinwag-core.workspace = true").tidy().is_only(
        "chinwag-classroom → chinwag-core is not an allowed arrow; \
             remove chinwag-core from crates/chinwag-classroom/Cargo.toml",
    );
}

#[test]
fn a_dev_dependency_is_an_arrow_too() {
    House::clean()
        .with("chinwag-classroom", "[dev-dependencies]\nchinwag-core.workspace = true")
        .tidy()
        .is_only(
            "chinwag-classroom → chinwag-core is not an allowed arrow; \
             remove chinwag-core from crates/chinwag-classroom/Cargo.toml",
        );
}

#[test]
fn the_core_must_not_reach_tokio_however_long_the_chain() {
    House::clean().with("chinwag-core", "helper.workspace = true").reason("helper").tidy().is_only(
        "chinwag-core → helper → tokio must not be reached \
             (an async runtime; the core is stepped, never run); \
             break the chain, or switch off the feature that makes it",
    );
}

#[test]
fn a_build_dependency_is_reached() {
    let said = House::clean()
        .with("chinwag-crypto", "[build-dependencies]\nhelper.workspace = true")
        .reason("helper")
        .tidy();
    said.has("chinwag-crypto → helper → tokio must not be reached");
    said.has("chinwag-core → chinwag-crypto → helper → tokio must not be reached");
}

#[test]
fn the_tests_of_the_core_may_use_what_the_core_may_not() {
    let said = House::clean()
        .with("chinwag-core", "[dev-dependencies]\nhelper.workspace = true")
        .reason("helper")
        .tidy();
    assert!(said.success, "{:?}", said.lines);
}

#[test]
fn a_crate_nobody_decided_on_is_told() {
    House::clean().with("chinwag-surprise", "").tidy().is_only(
        "chinwag-surprise is not in the table of arrows; \
             add it to ARROWS in xtask/src/tidy/tables.rs and to ARCHITECTURE.md, \
             or remove the crate",
    );
}

#[test]
fn a_dependency_needs_a_reason() {
    House::clean().with("chinwag-classroom", "helper.workspace = true").tidy().is_only(
        "helper (used by chinwag-classroom) has no reason; \
             write a line \"- `helper`: why\" in docs/design/dependencies.md",
    );
}

#[test]
fn a_reason_needs_a_dependency() {
    House::clean()
        .reason("helper")
        .tidy()
        .is_only("docs/design/dependencies.md:2: no crate depends on helper; remove the line");
}

#[test]
fn every_crate_takes_the_lints_of_the_workspace() {
    House::clean().without_lints("chinwag-crypto").tidy().is_only(
        "crates/chinwag-crypto/Cargo.toml does not take the workspace's lints; \
             add [lints] with workspace = true",
    );
}

#[test]
fn versions_stand_in_the_root_manifest_alone() {
    House::clean()
        .with("chinwag-classroom", r#"helper = { version = "1", path = "../../../others/helper" }"#)
        .reason("helper")
        .tidy()
        .is_only(
            "crates/chinwag-classroom/Cargo.toml: helper has a version of its own; \
             put it into [workspace.dependencies] of the root and write helper.workspace = true",
        );
}

#[test]
fn a_version_for_one_platform_is_a_version_too() {
    House::clean()
        .with(
            "chinwag-classroom",
            "[target.'cfg(unix)'.dependencies]\nhelper.path = \"../../../others/helper\"",
        )
        .reason("helper")
        .tidy()
        .is_only(
            "crates/chinwag-classroom/Cargo.toml: helper has a version of its own; \
             put it into [workspace.dependencies] of the root and write helper.workspace = true",
        );
}

#[test]
fn only_programs_read_a_command_line() {
    House::clean()
        .with("chinwag-classroom", "clap.workspace = true")
        .reason("clap")
        .tidy()
        .is_only(
            "chinwag-classroom depends on clap; \
             only chinwag, chinwag-sim, chinwag-lab, xtask may: \
             move the code there, or remove clap from crates/chinwag-classroom/Cargo.toml",
        );
}

/// A workspace to be written to a folder and looked at.
struct House {
    members: BTreeMap<&'static str, Member>,
    reasons: Vec<&'static str>,
}

/// A crate of the house.
#[derive(Default)]
struct Member {
    /// What follows `[dependencies]` in its manifest.
    dependencies: String,
    own_lints: bool,
}

/// Packages of other people, each with its dependencies.
const OTHERS: [(&str, &str); 3] =
    [("clap", ""), ("helper", r#"tokio.path = "../tokio""#), ("tokio", "")];

impl House {
    /// Three crates and one dependency, nothing to say.
    fn clean() -> Self {
        let empty = Self { members: BTreeMap::new(), reasons: Vec::new() };
        empty
            .with("chinwag-crypto", "")
            .with("chinwag-core", "chinwag-crypto.workspace = true")
            .with("chinwag-classroom", "tokio.workspace = true")
            .reason("tokio")
    }

    /// The same with this text added to the dependencies of a member, which is new or not.
    fn with(mut self, member: &'static str, dependencies: &str) -> Self {
        let member = self.members.entry(member).or_default();
        member.dependencies += dependencies;
        member.dependencies += "\n";
        self
    }

    /// The same with one more reason.
    fn reason(mut self, package: &'static str) -> Self {
        self.reasons.push(package);
        self
    }

    /// The same with a member that goes without the workspace's lints.
    fn without_lints(mut self, member: &'static str) -> Self {
        self.members.entry(member).or_default().own_lints = true;
        self
    }

    /// Builds the house and lets tidy look at it.
    fn tidy(&self) -> Said {
        let folder = TempDir::new().unwrap();
        let root = folder.path().join("house");
        self.write_root(&root);
        for (name, member) in &self.members {
            write_crate(&root.join("crates").join(name), name, &member.manifest());
        }
        for (name, dependencies) in OTHERS {
            let manifest = format!("[dependencies]\n{dependencies}\n");
            write_crate(&folder.path().join("others").join(name), name, &manifest);
        }
        ask_tidy(&root)
    }

    fn write_root(&self, root: &Path) {
        let ours = self.members.keys().map(|name| (*name, "crates"));
        let others = OTHERS.map(|(name, _)| (name, "../others"));
        let dependencies: Vec<String> = ours
            .chain(others)
            .map(|(name, folder)| format!("{name}.path = \"{folder}/{name}\"\n"))
            .collect();
        let manifest = format!(
            "[workspace]\nresolver = \"3\"\nmembers = [\"crates/*\"]\n\
             [workspace.lints]\n[workspace.dependencies]\n{}",
            dependencies.concat()
        );
        write(&root.join("Cargo.toml"), &manifest);
        self.write_reasons(root);
    }

    fn write_reasons(&self, root: &Path) {
        let lines: Vec<String> =
            self.reasons.iter().map(|name| format!("- `{name}`: it is good\n")).collect();
        write(&root.join("docs/design/dependencies.md"), &lines.concat());
    }
}

impl Member {
    fn manifest(&self) -> String {
        let lints = if self.own_lints { "" } else { "[lints]\nworkspace = true\n" };
        format!("{lints}[dependencies]\n{}", self.dependencies)
    }
}

fn write_crate(folder: &Path, name: &str, rest_of_manifest: &str) {
    let package =
        format!("[package]\nname = \"{name}\"\nversion = \"1.0.0\"\nedition = \"2024\"\n");
    write(&folder.join("Cargo.toml"), &format!("{package}{rest_of_manifest}"));
    write(&folder.join("src/lib.rs"), "");
}

fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// What tidy said about a house.
struct Said {
    success: bool,
    lines: Vec<String>,
}

fn ask_tidy(root: &Path) -> Said {
    let output = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args(["tidy", "--root"])
        .arg(root)
        .env("CARGO_NET_OFFLINE", "true")
        .output()
        .unwrap();
    let complaints = String::from_utf8(output.stderr).unwrap();
    assert_eq!(complaints, "", "tidy could not look at the house");
    let text = String::from_utf8(output.stdout).unwrap();
    Said { success: output.status.success(), lines: text.lines().map(str::to_owned).collect() }
}

impl Said {
    /// Asserts that there was this finding, and no other.
    #[track_caller]
    fn is_only(&self, finding: &str) {
        assert_eq!(self.lines, [finding]);
        assert!(!self.success);
    }

    /// Asserts that there was a finding that begins like this.
    #[track_caller]
    fn has(&self, beginning: &str) {
        let found = self.lines.iter().any(|line| line.starts_with(beginning));
        assert!(found, "{beginning:?} is not in {:#?}", self.lines);
        assert!(!self.success);
    }
}
