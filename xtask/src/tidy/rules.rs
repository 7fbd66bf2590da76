//! The rules: each is a pure function from the workspace to its findings.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::tables::{ARROWS, MACHINE_FOLDERS, OUT_OF_REACH, OWN_LINTS, OWNERS, PEOPLE_FOLDERS};
use super::workspace::{Crate, REASONS, TextFile, Workspace};

/// One thing that is wrong, and what to do about it. Shown as one line.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    wrong: String,
    remedy: String,
}

/// Everything that the rules have to say, in the order of the rules.
pub(crate) fn findings(workspace: &Workspace) -> Vec<Finding> {
    let rules = [arrows, reach, owners, reasons, versions, lints, text];
    rules.iter().flat_map(|rule| rule(workspace)).collect()
}

impl Finding {
    fn new(wrong: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { wrong: wrong.into(), remedy: remedy.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; {}", self.wrong, self.remedy)
    }
}

/// Our crates depend on each other only along the allowed arrows.
fn arrows(workspace: &Workspace) -> Vec<Finding> {
    let mut findings = Vec::new();
    for member in &workspace.crates {
        match allowed_arrows(&member.name) {
            None => findings.push(unknown_crate(member)),
            Some(allowed) => findings.extend(
                member
                    .dependencies
                    .iter()
                    .filter(|name| workspace.is_ours(name) && !allowed.contains(&name.as_str()))
                    .map(|name| forbidden_arrow(member, name)),
            ),
        }
    }
    findings
}

fn allowed_arrows(name: &str) -> Option<&'static [&'static str]> {
    let (_, allowed) = ARROWS.iter().find(|(from, _)| *from == name)?;
    Some(allowed)
}

fn unknown_crate(member: &Crate) -> Finding {
    Finding::new(
        format!("{} is not in the table of arrows", member.name),
        "add it to ARROWS in xtask/src/tidy/tables.rs and to ARCHITECTURE.md, or remove the crate",
    )
}

fn forbidden_arrow(member: &Crate, name: &str) -> Finding {
    Finding::new(
        format!("{} → {name} is not an allowed arrow", member.name),
        format!("remove {name} from {}", member.manifest_path),
    )
}

/// The pure crates stay pure, however long the chain.
fn reach(workspace: &Workspace) -> Vec<Finding> {
    let mut findings = Vec::new();
    for member in &workspace.crates {
        for rule in OUT_OF_REACH {
            if rule.of.contains(&member.name.as_str()) {
                findings.extend(reached_by(member, workspace, rule.packages));
            }
        }
    }
    findings
}

fn reached_by(
    member: &Crate,
    workspace: &Workspace,
    packages: &[(&str, &str)],
) -> impl Iterator<Item = Finding> {
    let reasons: BTreeMap<&str, &str> = packages.iter().copied().collect();
    let is_end = |name: &str| reasons.contains_key(name);
    let chains = workspace.graph.chains(&member.id, is_end);
    chains.into_iter().filter_map(move |chain| {
        let reason = reasons.get(chain.last()?)?;
        Some(out_of_reach(&chain, reason))
    })
}

fn out_of_reach(chain: &[&str], reason: &str) -> Finding {
    Finding::new(
        format!("{} must not be reached ({reason})", chain.join(" → ")),
        "break the chain, or switch off the feature that makes it",
    )
}

/// Some packages are known to one crate of ours, and to nobody else.
fn owners(workspace: &Workspace) -> Vec<Finding> {
    let mut findings = Vec::new();
    for member in &workspace.crates {
        for name in &member.dependencies {
            let owners = owners_of(name).unwrap_or(&[]);
            if !owners.is_empty() && !owners.contains(&member.name.as_str()) {
                findings.push(not_the_owner(member, name, owners));
            }
        }
    }
    findings
}

fn owners_of(package: &str) -> Option<&'static [&'static str]> {
    let fits = |pattern: &str| match pattern.strip_suffix('*') {
        Some(beginning) => package.starts_with(beginning),
        None => package == pattern,
    };
    let (_, owners) = OWNERS.iter().find(|(pattern, _)| fits(pattern))?;
    Some(owners)
}

fn not_the_owner(member: &Crate, name: &str, owners: &[&str]) -> Finding {
    Finding::new(
        format!("{} depends on {name}", member.name),
        format!(
            "only {} may: move the code there, or remove {name} from {}",
            owners.join(", "),
            member.manifest_path
        ),
    )
}

/// Every direct dependency has its reason, and every reason its dependency.
fn reasons(workspace: &Workspace) -> Vec<Finding> {
    let used = workspace.third_party();
    let reasoned: BTreeSet<&str> = workspace.reasons.iter().map(|r| r.name.as_str()).collect();
    let missing = used.iter().filter(|(name, _)| !reasoned.contains(*name)).map(|(name, users)| {
        Finding::new(
            format!("{name} (used by {}) has no reason", users.join(", ")),
            format!("write a line \"- `{name}`: why\" in {REASONS}"),
        )
    });
    let stale =
        workspace.reasons.iter().filter(|reason| !used.contains_key(reason.name.as_str())).map(
            |reason| {
                Finding::new(
                    format!("{REASONS}:{}: no crate depends on {}", reason.line, reason.name),
                    "remove the line",
                )
            },
        );
    missing.chain(stale).collect()
}

/// Versions of other people's packages stand in the root manifest, once.
fn versions(workspace: &Workspace) -> Vec<Finding> {
    let mut findings = Vec::new();
    for member in &workspace.crates {
        for (key, value) in dependency_lines(&member.manifest) {
            let renamed = value.get("package").and_then(toml::Value::as_str);
            if !workspace.is_ours(renamed.unwrap_or(key)) && !is_inherited(value) {
                findings.push(own_version(member, key));
            }
        }
    }
    findings
}

/// The lines of every dependency table in a manifest, those for one platform included.
fn dependency_lines(manifest: &toml::Table) -> impl Iterator<Item = (&String, &toml::Value)> {
    let platforms = manifest.get("target").and_then(toml::Value::as_table);
    let platforms = platforms.into_iter().flat_map(toml::Table::values);
    platforms
        .filter_map(toml::Value::as_table)
        .chain([manifest])
        .flat_map(|table| {
            ["dependencies", "dev-dependencies", "build-dependencies"].map(|key| table.get(key))
        })
        .flatten()
        .filter_map(toml::Value::as_table)
        .flatten()
}

/// Whether a value of a manifest says `workspace = true`.
fn is_inherited(value: &toml::Value) -> bool {
    value.get("workspace").and_then(toml::Value::as_bool) == Some(true)
}

fn own_version(member: &Crate, key: &str) -> Finding {
    Finding::new(
        format!("{}: {key} has a version of its own", member.manifest_path),
        format!(
            "put it into [workspace.dependencies] of the root and write {key}.workspace = true"
        ),
    )
}

/// One set of lints for all but those who have a reason.
fn lints(workspace: &Workspace) -> Vec<Finding> {
    let has_own = |member: &Crate| OWN_LINTS.iter().any(|(name, _)| *name == member.name);
    workspace
        .crates
        .iter()
        .filter(|member| !has_own(member))
        .filter(|member| !member.manifest.get("lints").is_some_and(is_inherited))
        .map(|member| {
            Finding::new(
                format!("{} does not take the workspace's lints", member.manifest_path),
                "add [lints] with workspace = true",
            )
        })
        .collect()
}

/// No file says where somebody keeps the checkout.
fn text(workspace: &Workspace) -> Vec<Finding> {
    workspace.files.iter().flat_map(machine_paths_in).collect()
}

fn machine_paths_in(file: &TextFile) -> impl Iterator<Item = Finding> {
    (1..).zip(file.text.lines()).filter_map(|(number, line)| {
        let path = machine_path(line)?;
        Some(Finding::new(
            format!("{}:{number}: {path} is one machine's path", file.path),
            "write it relative to the repository, or make up a general one",
        ))
    })
}

/// The beginning of the first path in `line` that belongs to one machine.
fn machine_path(line: &str) -> Option<&str> {
    line.match_indices('/').find_map(|(start, _)| {
        let (before, path) = line.split_at(start);
        if goes_on(before) {
            return None;
        }
        let mut folders = path.split('/').skip(1);
        let (top, second, third) = (folders.next()?, folders.next()?, folders.next());
        let length = if MACHINE_FOLDERS.contains(&top) {
            top.len() + 2
        } else if PEOPLE_FOLDERS.contains(&top) && is_person(second) && third.is_some() {
            top.len() + second.len() + 3
        } else {
            return None;
        };
        path.get(..length)
    })
}

/// Whether a slash after this text continues a relative path, so that no absolute one begins.
fn goes_on(before: &str) -> bool {
    before.chars().last().is_some_and(|c| c.is_alphanumeric() || "-_.~*>)}".contains(c))
}

fn is_person(folder: &str) -> bool {
    !folder.is_empty() && folder.chars().all(|c| c.is_alphanumeric() || "-_.".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An absolute path made of these folders, so that no such path stands in this file.
    fn absolute(folders: &[&str]) -> String {
        format!("/{}/", folders.join("/"))
    }

    #[test]
    fn a_path_of_one_machine_is_found_wherever_it_begins() {
        for path in [
            absolute(&["root"]),
            absolute(&["work"]),
            absolute(&["home", "ana"]),
            absolute(&["Users", "ana.k"]),
        ] {
            for line in
                [format!("{path}x"), format!("see \"{path}x\""), format!("a/b, file://{path}x")]
            {
                assert_eq!(machine_path(&line), Some(path.as_str()), "in {line}");
            }
        }
    }

    #[test]
    fn a_relative_or_a_general_path_is_no_finding() {
        let (work, ana) = (absolute(&["work"]), absolute(&["home", "ana"]));
        for line in [
            format!("~{work}x and $HOME{work}x and .{work}x"),
            format!("https://example.org{ana}x"),
            format!("{{dir}}{work}x, <dir>{work}x"),
            "the folder /home/<name>/ of a person".to_owned(),
            "/usr/share/doc/ and /rooted/ and 1 / 2".to_owned(),
        ] {
            assert_eq!(machine_path(&line), None, "in {line}");
        }
    }

    #[test]
    fn the_finding_names_the_file_and_the_line() {
        let file = TextFile {
            path: "docs/a.md".to_owned(),
            text: format!("fine\nat {}x\n", absolute(&["work"])),
        };
        let said: Vec<String> = machine_paths_in(&file).map(|f| f.to_string()).collect();
        assert_eq!(said.len(), 1);
        assert!(said[0].starts_with("docs/a.md:2: "), "{said:?}");
    }

    #[test]
    fn the_first_fitting_line_of_the_owners_decides() {
        assert_eq!(
            owners_of("iroh-relay"),
            Some(&["chinwag-net", "chinwag-relay", "chinwag-lab"][..])
        );
        assert_eq!(owners_of("iroh-blobs"), Some(&["chinwag-net"][..]));
        assert_eq!(owners_of("tokio"), None);
    }

    #[test]
    fn arrows_lead_only_to_crates_of_the_table() {
        for (from, to) in ARROWS {
            for name in *to {
                assert!(allowed_arrows(name).is_some(), "{from} → {name}");
            }
        }
    }
}
