//! The workspace as the rules see it: manifests, the resolved graph, the reasons, the tracked text.
//!
//! Everything that can fail happens in [`Workspace::read`]; what comes out is plain data.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io::ErrorKind;
use std::path::Path;
use std::process::Command;
use std::{fs, io};

use anyhow::Context;
use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Node, Package, PackageId};

use super::tables::BUILD_TOOLS;

/// Where the reason for each direct dependency stands, from the root of the workspace.
pub(crate) const REASONS: &str = "docs/design/dependencies.md";

/// All that a rule may look at.
pub(crate) struct Workspace {
    /// The members, by name.
    pub(crate) crates: Vec<Crate>,
    /// Which package builds on which.
    pub(crate) graph: Graph,
    /// The lines of [`REASONS`] that give one.
    pub(crate) reasons: Vec<Reason>,
    /// What git tracks, as far as it is text; empty when this is no git checkout.
    pub(crate) files: Vec<TextFile>,
}

/// A member of the workspace.
pub(crate) struct Crate {
    /// Its key in the graph.
    pub(crate) id: PackageId,
    /// Its name.
    pub(crate) name: String,
    /// Where its manifest lies, from the root of the workspace.
    pub(crate) manifest_path: String,
    /// Its manifest, as written.
    pub(crate) manifest: toml::Table,
    /// The packages it names as normal, build or dev-dependencies.
    pub(crate) dependencies: BTreeSet<String>,
}

/// A line of [`REASONS`] that begins, as a list item or a table row, with a crate in backticks.
pub(crate) struct Reason {
    /// Counted from one.
    pub(crate) line: usize,
    /// The crate it is about.
    pub(crate) name: String,
}

/// A tracked file.
pub(crate) struct TextFile {
    /// From the root of the workspace.
    pub(crate) path: String,
    /// All of it.
    pub(crate) text: String,
}

/// Which package builds on which, over normal and build dependencies on every platform.
///
/// Features are those of the whole workspace together, as cargo resolves them. So a chain may exist
/// only because another member switched a feature on: stricter than building one crate alone, and
/// true for the binary that is shipped.
pub(crate) struct Graph {
    names: BTreeMap<PackageId, String>,
    uses: BTreeMap<PackageId, Vec<PackageId>>,
}

impl Workspace {
    /// Reads the workspace that `folder` lies in. Fails when cargo cannot make sense of it, or when
    /// a manifest or the reasons cannot be read.
    pub(crate) fn read(folder: &Path) -> anyhow::Result<Self> {
        let metadata = MetadataCommand::new()
            .current_dir(folder)
            .exec()
            .with_context(|| format!("cargo cannot describe the workspace {}", folder.display()))?;
        let root = metadata.workspace_root.as_std_path();
        Ok(Self {
            crates: read_crates(&metadata)?,
            graph: Graph::of(&metadata),
            reasons: read_reasons(&root.join(REASONS))?,
            files: read_tracked_files(root),
        })
    }

    /// Whether a package of this name is a member.
    pub(crate) fn is_ours(&self, name: &str) -> bool {
        self.crates.iter().any(|member| member.name == name)
    }

    /// Every package that is not ours and that a member names, with the members that do.
    pub(crate) fn third_party(&self) -> BTreeMap<&str, Vec<&str>> {
        let mut users = BTreeMap::<_, Vec<_>>::new();
        for member in &self.crates {
            let dependencies = member.dependencies.iter().map(String::as_str);
            for name in dependencies.filter(|name| !self.is_ours(name)) {
                users.entry(name).or_default().push(member.name.as_str());
            }
        }
        users
    }
}

impl Graph {
    fn of(metadata: &Metadata) -> Self {
        let nodes = metadata.resolve.iter().flat_map(|resolve| &resolve.nodes);
        Self {
            names: metadata
                .packages
                .iter()
                .map(|package| (package.id.clone(), package.name.to_string()))
                .collect(),
            uses: nodes.map(|node| (node.id.clone(), built_on(node))).collect(),
        }
    }

    /// The shortest chain of names from `start` to each package that is an end. No chain goes on
    /// behind an end, for what lies there came with it, or behind one of [`BUILD_TOOLS`].
    pub(crate) fn chains(
        &self,
        start: &PackageId,
        is_end: impl Fn(&str) -> bool,
    ) -> Vec<Vec<&str>> {
        let mut chains = Vec::new();
        let mut seen = BTreeSet::from([start]);
        let mut queue = VecDeque::from([(start, vec![self.name(start)])]);
        while let Some((id, chain)) = queue.pop_front() {
            for next in self.uses.get(id).into_iter().flatten() {
                if !seen.insert(next) {
                    continue;
                }
                let chain = [chain.as_slice(), &[self.name(next)]].concat();
                if is_end(self.name(next)) {
                    chains.push(chain);
                } else if !BUILD_TOOLS.contains(&self.name(next)) {
                    queue.push_back((next, chain));
                }
            }
        }
        chains
    }

    /// Cargo lists every package that it resolves, so that each has its name here.
    fn name(&self, id: &PackageId) -> &str {
        &self.names[id]
    }
}

fn built_on(node: &Node) -> Vec<PackageId> {
    node.deps
        .iter()
        .filter(|dep| dep.dep_kinds.iter().any(|kind| kind.kind != DependencyKind::Development))
        .map(|dep| dep.pkg.clone())
        .collect()
}

fn read_crates(metadata: &Metadata) -> anyhow::Result<Vec<Crate>> {
    let mut crates = metadata
        .workspace_packages()
        .into_iter()
        .map(|package| read_crate(metadata, package))
        .collect::<anyhow::Result<Vec<_>>>()?;
    crates.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(crates)
}

fn read_crate(metadata: &Metadata, package: &Package) -> anyhow::Result<Crate> {
    let path = &package.manifest_path;
    let manifest = fs::read_to_string(path)
        .with_context(|| format!("cannot read {path}"))?
        .parse()
        .with_context(|| format!("cannot parse {path}"))?;
    let from_root = path.strip_prefix(&metadata.workspace_root).unwrap_or(path);
    Ok(Crate {
        id: package.id.clone(),
        name: package.name.to_string(),
        manifest_path: from_root.to_string(),
        manifest,
        dependencies: package
            .dependencies
            .iter()
            .map(|dependency| dependency.name.clone())
            .collect(),
    })
}

/// A missing file gives no reasons: the rule then asks for each line by name.
fn read_reasons(path: &Path) -> anyhow::Result<Vec<Reason>> {
    let text = match fs::read_to_string(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
        read => read.with_context(|| format!("cannot read {}", path.display()))?,
    };
    let lines = (1..).zip(text.lines());
    Ok(lines
        .filter_map(|(line, text)| {
            let name = reasoned_about(text)?.to_owned();
            Some(Reason { line, name })
        })
        .collect())
}

/// The crate that a line like ``- `tokio`: why`` or ``| `tokio` | why |`` is about.
fn reasoned_about(line: &str) -> Option<&str> {
    let item = line.trim_start().strip_prefix(['-', '*', '|'])?;
    let (name, _) = item.trim_start().strip_prefix('`')?.split_once('`')?;
    let is_crate_name = name.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c));
    is_crate_name.then_some(name)
}

/// Files that are not text, or that are tracked and gone, are passed over.
fn read_tracked_files(root: &Path) -> Vec<TextFile> {
    let listed = list_tracked(root).unwrap_or_default();
    listed
        .split('\0')
        .filter(|path| !path.is_empty())
        .filter_map(|path| {
            let text = fs::read_to_string(root.join(path)).ok()?;
            let path = path.to_owned();
            Some(TextFile { path, text })
        })
        .collect()
}

/// What git tracks below `root`, each path followed by a zero byte; nothing outside a git checkout.
fn list_tracked(root: &Path) -> io::Result<String> {
    // A build machine often owns the checkout as somebody else, and git then refuses to look. We
    // only list.
    let listed = Command::new("git")
        .args(["-c", "safe.directory=*", "ls-files", "-z"])
        .current_dir(root)
        .output()?;
    Ok(String::from_utf8_lossy(&listed.stdout).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_begins_a_list_item_or_a_table_row_with_a_crate_name() {
        assert_eq!(reasoned_about("- `tokio`: sockets"), Some("tokio"));
        assert_eq!(reasoned_about("  * `serde_json`, JSON"), Some("serde_json"));
        assert_eq!(reasoned_about("| `toml` | reads it |"), Some("toml"));
    }

    #[test]
    fn other_lines_give_no_reason() {
        assert_eq!(reasoned_about("`tokio` is large."), None);
        assert_eq!(reasoned_about("- We looked at `smol`."), None);
        assert_eq!(reasoned_about("- `cargo tree` shows them."), None);
        assert_eq!(reasoned_about("|---|---|"), None);
    }
}
