//! Dependencies between crates. A service cannot do what it cannot link.

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::{DependencyKind, MetadataCommand};

/// Returns package → packages of this workspace that it depends on, without dependencies of its
/// tests.
fn dependency_edges() -> BTreeMap<String, BTreeSet<String>> {
    let metadata = MetadataCommand::new().no_deps().exec().expect("cargo metadata");
    let ours: BTreeSet<_> =
        metadata.packages.iter().map(|package| package.name.to_string()).collect();
    metadata
        .packages
        .iter()
        .map(|package| {
            let needed = package
                .dependencies
                .iter()
                .filter(|dependency| dependency.kind != DependencyKind::Development)
                .map(|dependency| dependency.name.clone())
                .filter(|name| ours.contains(name))
                .collect();
            (package.name.to_string(), needed)
        })
        .collect()
}

/// Returns every package that a package depends on, directly or indirectly.
fn reachable_packages(edges: &BTreeMap<String, BTreeSet<String>>, from: &str) -> BTreeSet<String> {
    let mut reached = BTreeSet::new();
    let mut next = vec![from.to_owned()];
    while let Some(package) = next.pop() {
        for needed in edges.get(&package).into_iter().flatten() {
            if reached.insert(needed.clone()) {
                next.push(needed.clone());
            }
        }
    }
    reached
}

fn assert_unreachable(from: &str, forbidden: &[&str]) {
    let edges = dependency_edges();
    assert!(edges.contains_key(from), "{from} is a package");
    let reached = reachable_packages(&edges, from);
    for package in forbidden {
        assert!(edges.contains_key(*package), "{package} is a package");
        assert!(!reached.contains(*package), "{from} reaches {package}");
    }
}

#[test]
fn the_intake_reaches_neither_investigator_nor_case_handler() {
    assert_unreachable(
        "intake",
        &["investigator", "case-handler", "migrations-cases", "workbench"],
    );
}

#[test]
fn the_case_handler_reaches_neither_reporter_nor_investigator() {
    assert_unreachable(
        "case-handler",
        &["reporter", "investigator", "intake", "migrations-intake", "workbench"],
    );
}

#[test]
fn the_workbench_reaches_no_service() {
    assert_unreachable("workbench", &["intake", "case-handler", "reporter"]);
}

#[test]
fn the_protocol_depends_on_no_service() {
    for package in ["age-hybrid", "doctor", "locales", "metadata-scrubber"] {
        assert_eq!(reachable_packages(&dependency_edges(), package), BTreeSet::new(), "{package}");
    }
    let locales = || "locales".to_owned();
    assert_eq!(reachable_packages(&dependency_edges(), "web"), BTreeSet::from([locales()]));
    let mut reached = BTreeSet::from(["age-hybrid".to_owned(), locales()]);
    assert_eq!(reachable_packages(&dependency_edges(), "protocol"), reached);
    reached.insert("protocol".to_owned());
    for package in ["taxonomy", "transparency-log"] {
        assert_eq!(reachable_packages(&dependency_edges(), package), reached, "{package}");
    }
}

#[test]
fn the_dependency_search_finds_known_dependencies() {
    let edges = dependency_edges();
    assert!(reachable_packages(&edges, "workbench").contains("investigator"));
    assert!(
        reachable_packages(&edges, "intake").contains("age-hybrid"),
        "through the reporter crate"
    );
}
