//! Finds import cycles among the source files of each crate.
//!
//! The check reads `use` declarations and paths that begin with `crate`, `self` or `super` as text.
//! Inline `#[cfg(test)]` modules and test files do not count. A file that names its own child
//! modules does not count either, because a parent declares and re-exports them.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt, fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use regex::Regex;

/// The path of a module within its crate, such as `["store", "writer"]`.
type ModulePath = Vec<String>;

/// Files of one crate that import each other in a circle.
#[derive(Debug)]
pub(crate) struct ImportCycle {
    package: String,
    /// Imports between files of the cycle, as paths below `src`.
    imports: Vec<(PathBuf, PathBuf)>,
}

impl fmt::Display for ImportCycle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: files import each other:", self.package)?;
        for (from, to) in &self.imports {
            write!(f, "\n  {} -> {}", from.display(), to.display())?;
        }
        Ok(())
    }
}

/// Returns the cycles of every crate of a workspace.
pub(crate) fn find_in_workspace(root: &Path) -> Result<Vec<ImportCycle>> {
    let mut cycles = Vec::new();
    for parent in ["crates", "migrations"] {
        let folder = root.join(parent);
        if !folder.is_dir() {
            continue;
        }
        let mut packages: Vec<_> = fs::read_dir(&folder)?
            .map(|entry| entry.map(|entry| entry.path()))
            .collect::<Result<_, _>>()?;
        packages.sort();
        for package in packages.iter().filter(|package| package.join("src").is_dir()) {
            let name = package.strip_prefix(root)?.display().to_string();
            cycles.extend(find_in_crate(&name, &package.join("src"))?);
        }
    }
    Ok(cycles)
}

fn find_in_crate(package: &str, src: &Path) -> Result<Vec<ImportCycle>> {
    let graph = ImportGraph::read(src)?;
    let cycle = |members: BTreeSet<ModulePath>| ImportCycle {
        package: package.to_owned(),
        imports: graph.imports_between(&members),
    };
    Ok(graph.strongly_connected().into_iter().map(cycle).collect())
}

/// The modules of a crate that have a file, and which of them each one imports.
struct ImportGraph {
    files: BTreeMap<ModulePath, PathBuf>,
    imports: BTreeMap<ModulePath, BTreeSet<ModulePath>>,
}

impl ImportGraph {
    fn read(src: &Path) -> Result<Self> {
        let mut files = BTreeMap::new();
        collect_files(src, src, &mut files)?;
        let paths = PathReader::new()?;
        let mut imports = BTreeMap::new();
        for (module, file) in &files {
            let text = fs::read_to_string(src.join(file))
                .with_context(|| format!("failed to read {}", file.display()))?;
            let imported = paths
                .paths_in(&text)
                .iter()
                .filter_map(|path| resolve(path, module, &files))
                // A parent declares and re-exports its children.
                .filter(|target| !target.starts_with(module))
                .collect();
            imports.insert(module.clone(), imported);
        }
        Ok(Self { files, imports })
    }

    fn imports_between(&self, members: &BTreeSet<ModulePath>) -> Vec<(PathBuf, PathBuf)> {
        let mut between = Vec::new();
        for from in members {
            for to in self.imports[from].intersection(members) {
                between.push((self.files[from].clone(), self.files[to].clone()));
            }
        }
        between
    }

    /// Returns every group of modules that reach each other.
    fn strongly_connected(&self) -> Vec<BTreeSet<ModulePath>> {
        let reached: BTreeMap<_, _> =
            self.imports.keys().map(|module| (module, self.reachable_from(module))).collect();
        let mut groups: Vec<BTreeSet<ModulePath>> = Vec::new();
        for module in self.imports.keys() {
            let group: BTreeSet<_> = reached[module]
                .iter()
                .filter(|other| reached[*other].contains(module))
                .cloned()
                .collect();
            if group.len() > 1 && !groups.contains(&group) {
                groups.push(group);
            }
        }
        groups
    }

    fn reachable_from(&self, module: &ModulePath) -> BTreeSet<ModulePath> {
        let (mut reached, mut next) = (BTreeSet::new(), vec![module]);
        while let Some(module) = next.pop() {
            for target in &self.imports[module] {
                if reached.insert(target.clone()) {
                    next.push(target);
                }
            }
        }
        reached
    }
}

fn collect_files(
    src: &Path,
    folder: &Path,
    files: &mut BTreeMap<ModulePath, PathBuf>,
) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if name.starts_with("tests") {
            continue;
        }
        if path.is_dir() {
            collect_files(src, &path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let file = path.strip_prefix(src)?.to_path_buf();
            files.insert(module_of(&file), file);
        }
    }
    Ok(())
}

fn module_of(file: &Path) -> ModulePath {
    let stem = file.with_extension("");
    let mut module: ModulePath =
        stem.components().map(|part| part.as_os_str().to_string_lossy().into_owned()).collect();
    if module.last().is_some_and(|last| ["mod", "lib", "main"].contains(&last.as_str())) {
        module.pop();
    }
    module
}

/// Returns the module with a file that a path leads to, if it is in this crate.
fn resolve(
    path: &str,
    from: &ModulePath,
    files: &BTreeMap<ModulePath, PathBuf>,
) -> Option<ModulePath> {
    let mut segments = path.split("::").filter(|segment| !segment.is_empty()).peekable();
    let is_child = |name: &str| files.contains_key(&[from.as_slice(), &[name.to_owned()]].concat());
    let mut target = match *segments.peek()? {
        "crate" => {
            segments.next();
            ModulePath::new()
        }
        "self" => {
            segments.next();
            from.clone()
        }
        "super" => {
            let mut base = from.clone();
            while segments.next_if_eq(&"super").is_some() {
                base.pop();
            }
            base
        }
        child if is_child(child) => from.clone(),
        _ => return None,
    };
    for segment in segments {
        target.push(segment.to_owned());
        if !files.contains_key(&target) {
            target.pop();
            break;
        }
    }
    files.contains_key(&target).then_some(target)
}

/// Finds paths in the text of a source file.
struct PathReader {
    line_comment: Regex,
    test_module: Regex,
    use_declaration: Regex,
    inline_path: Regex,
    alias: Regex,
}

impl PathReader {
    fn new() -> Result<Self> {
        Ok(Self {
            line_comment: Regex::new(r"//[^\n]*")?,
            test_module: Regex::new(r"#\[cfg\(test\)\]\s*(?:#\[[^\]]*\]\s*)*mod\s+\w+\s*\{")?,
            use_declaration: Regex::new(r"\buse\s+([^;]+);")?,
            inline_path: Regex::new(r"\b(?:crate|super|self)(?:::\w+)+")?,
            alias: Regex::new(r"\s+as\s+\w+$")?,
        })
    }

    fn paths_in(&self, text: &str) -> Vec<String> {
        let text = self.line_comment.replace_all(text, "");
        let end = self.test_module.find(&text).map_or(text.len(), |found| found.start());
        let text = &text[..end];
        let mut paths = Vec::new();
        for declaration in self.use_declaration.captures_iter(text) {
            self.expand(&declaration[1], &mut paths);
        }
        let body = self.use_declaration.replace_all(text, "");
        paths.extend(self.inline_path.find_iter(&body).map(|path| path.as_str().to_owned()));
        paths
    }

    /// Expands `a::{b, c::{d, e}}` to its paths.
    fn expand(&self, tree: &str, paths: &mut Vec<String>) {
        let tree = tree.trim();
        let braces =
            tree.split_once('{').and_then(|(head, rest)| Some((head, rest.strip_suffix('}')?)));
        let Some((head, body)) = braces else {
            paths.push(self.alias.replace(tree, "").trim().to_owned());
            return;
        };
        let (mut depth, mut start) = (0_u32, 0);
        for (at, char) in body.char_indices().chain([(body.len(), ',')]) {
            match char {
                '{' => depth += 1,
                '}' => depth = depth.saturating_sub(1),
                ',' if depth == 0 => {
                    let part = body[start..at].trim();
                    if !part.is_empty() {
                        self.expand(&format!("{head}{part}"), paths);
                    }
                    start = (at + 1).min(body.len());
                }
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn crate_with(files: &[(&str, &str)]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = root.path().join("crates/sample/src").join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        root
    }

    #[test]
    fn files_that_import_each_other_are_found() {
        let root = crate_with(&[
            ("lib.rs", "mod a;\nmod b;\nmod c;\n"),
            ("a.rs", "use crate::{b::B, c as other};\n"),
            ("b.rs", "pub struct B;\nfn f() { super::c::run(); }\n"),
            ("c/mod.rs", "mod d;\npub fn run() { self::d::run(); }\n"),
            ("c/d.rs", "use crate::a::A;\n"),
        ]);
        let cycles = find_in_workspace(root.path()).unwrap();
        // `c` names its child `d`, which is no import, so no path leads from `b` back to `a`.
        assert!(cycles.is_empty(), "{}", cycles[0]);
        fs::write(root.path().join("crates/sample/src/c/mod.rs"), "use crate::b::B;\n").unwrap();
        let cycles = find_in_workspace(root.path()).unwrap();
        assert_eq!(cycles.len(), 1);
        let text = cycles[0].to_string();
        assert!(text.contains("b.rs -> c/mod.rs") && text.contains("c/mod.rs -> b.rs"), "{text}");
        assert!(!text.contains("a.rs"), "{text}");
    }

    #[test]
    fn comments_tests_and_children_are_no_imports() {
        let root = crate_with(&[
            ("lib.rs", "mod a;\nmod b;\npub use a::A;\n"),
            ("a.rs", "use crate::b::B;\n"),
            ("b.rs", "// use crate::a::A;\n#[cfg(test)]\nmod tests {\n    use crate::a::A;\n}\n"),
        ]);
        assert!(find_in_workspace(root.path()).unwrap().is_empty());
    }
}
