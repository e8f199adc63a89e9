//! Software bills of materials (`CycloneDX`): one for each released program and one for the script
//! in the browser.
//!
//! Two runs on the same sources write the same bytes, because everything that would differ (a
//! serial number, the time, the folder of the sources) is removed. Each bill is then compared with
//! the dependencies that cargo and npm list.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use crate::cmd::{
    BROWSER_DIR, cargo, cargo_install, command, read_stdout, run_step, workspace_root,
};

/// The packages of the released programs, and the names of the programs.
const PROGRAMS: [(&str, &str); 3] =
    [("intake", "intake"), ("case-handler", "case-handler"), ("workbench", "burkindi")];
/// Name of the files that the generator writes beside each manifest.
const GENERATED_NAME: &str = "sbom-generated";
/// Replaces the folder of the sources in every bill.
const SOURCE_ROOT: &str = "path+file:///burkindi/";

/// Writes the bills into a folder; the default is `var/sbom`.
pub(crate) fn run(folder: Option<PathBuf>) -> Result<()> {
    cargo_install("cargo-cyclonedx")?;
    let folder = folder.unwrap_or_else(|| workspace_root().join("var/sbom"));
    fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    let sboms = generate_sboms();
    // Even a generator that failed midway has written files beside the manifests.
    let cleared = remove_generated();
    let sboms = sboms?;
    cleared?;
    for ((package, program), bill) in PROGRAMS.iter().zip(sboms) {
        let tree = cargo(&[
            "tree", "--locked", "-p", package, "-e", "no-dev", "--prefix", "none", "--format",
            "{p}",
        ]);
        write_sbom(&folder, program, &bill, &components_in_cargo_tree(&read_stdout(tree)?))?;
    }
    let npm = [
        "sbom",
        "--sbom-format",
        "cyclonedx",
        "--omit",
        "dev",
        "--package-lock-only",
        "--prefix",
        BROWSER_DIR,
    ];
    let script = parse_sbom(&read_stdout(command("npm", &npm))?)?;
    let package = fs::read_to_string(workspace_root().join(BROWSER_DIR).join("package.json"))?;
    write_sbom(&folder, "browser", &script, &components_in_package_json(&package)?)
}

/// Runs the generator and returns the bills of the programs.
fn generate_sboms() -> Result<Vec<Value>> {
    let mut generate = command(
        "cargo-cyclonedx",
        &[
            "cyclonedx",
            "--format",
            "json",
            "--spec-version",
            "1.5",
            "--override-filename",
            GENERATED_NAME,
            "--quiet",
        ],
    );
    // Makes the generator omit the serial number.
    generate.env("SOURCE_DATE_EPOCH", "0");
    run_step("SBOMs", generate)?;
    let read = |(package, _): &(&str, &str)| {
        let path =
            workspace_root().join("crates").join(package).join(format!("{GENERATED_NAME}.json"));
        parse_sbom(&fs::read_to_string(&path).with_context(|| path.display().to_string())?)
    };
    PROGRAMS.iter().map(read).collect()
}

fn remove_generated() -> Result<()> {
    for folder in ["crates", "migrations"] {
        for member in fs::read_dir(workspace_root().join(folder))? {
            remove_generated_in(&member?.path())?;
        }
    }
    remove_generated_in(&workspace_root().join("tests"))
}

fn remove_generated_in(member: &Path) -> Result<()> {
    let written = member.join(format!("{GENERATED_NAME}.json"));
    if written.is_file() {
        fs::remove_file(&written).with_context(|| written.display().to_string())?;
    }
    Ok(())
}

/// Writes a bill after checking that it contains every `needed` component.
fn write_sbom(folder: &Path, name: &str, bill: &Value, needed: &RequiredComponents) -> Result<()> {
    let bill = normalize(bill.clone())?;
    let count = verify_components(&bill, needed).with_context(|| format!("the SBOM of {name}"))?;
    let path = folder.join(format!("{name}.cdx.json"));
    fs::write(&path, serde_json::to_string_pretty(&bill)? + "\n")
        .with_context(|| path.display().to_string())?;
    println!("{}: {count} packages, each with version and licence", path.display());
    Ok(())
}

fn parse_sbom(json: &str) -> Result<Value> {
    serde_json::from_str(json).context("the SBOM is not JSON")
}

/// Removes everything that differs between runs and machines.
fn normalize(mut bill: Value) -> Result<Value> {
    let object = bill.as_object_mut().context("the SBOM is not a JSON object")?;
    object.remove("serialNumber");
    let metadata = object
        .get_mut("metadata")
        .and_then(Value::as_object_mut)
        .context("the SBOM has no metadata")?;
    metadata.remove("timestamp");
    // Such as `path+file:///home/user/burkindi/crates/intake#0.1.0`.
    let reference =
        metadata.get("component").and_then(|of| of["bom-ref"].as_str()).unwrap_or_default();
    let Some(sources) = reference.rfind("/crates/").map(|end| reference[..=end].to_owned()) else {
        return Ok(bill);
    };
    parse_sbom(&bill.to_string().replace(&sources, SOURCE_ROOT))
}

/// Package names with the versions of each.
type RequiredComponents = BTreeMap<String, BTreeSet<String>>;

/// Parses the output of `cargo tree`, one `name vVERSION …` per line.
fn components_in_cargo_tree(tree: &str) -> RequiredComponents {
    let mut needed = RequiredComponents::new();
    for line in tree.lines() {
        let mut words = line.split_whitespace();
        if let (Some(name), Some(version)) = (words.next(), words.next()) {
            needed
                .entry(name.to_owned())
                .or_default()
                .insert(version.trim_start_matches('v').to_owned());
        }
    }
    needed
}

/// Parses the dependencies of a `package.json`, each in exactly one version.
fn components_in_package_json(package: &str) -> Result<RequiredComponents> {
    let package: Value = serde_json::from_str(package)?;
    let dependencies =
        package["dependencies"].as_object().context("package.json has no dependencies")?;
    let exact = |(name, version): (&String, &Value)| {
        (name.clone(), version.as_str().map(str::to_owned).into_iter().collect())
    };
    Ok(dependencies.iter().map(exact).collect())
}

/// Checks that the bill contains every `needed` component, and that each component has a version
/// and a licence. Returns the number of components.
fn verify_components(bill: &Value, needed: &RequiredComponents) -> Result<usize> {
    ensure!(bill["bomFormat"] == "CycloneDX", "the format is not CycloneDX");
    let own = &bill["metadata"]["component"];
    let components = bill["components"].as_array().context("the SBOM has no components")?;
    let mut listed = RequiredComponents::new();
    for component in components.iter().chain([own]) {
        let word = |field: &str| component[field].as_str().filter(|word| !word.is_empty());
        let name = word("name").context("a component has no name")?;
        let version = word("version").with_context(|| format!("{name} has no version"))?;
        let licensed =
            component["licenses"].as_array().is_some_and(|licences| !licences.is_empty());
        ensure!(licensed || component == own, "{name} has no licence");
        listed.entry(name.to_owned()).or_default().insert(version.to_owned());
    }
    for (name, versions) in needed {
        let missing = versions
            .iter()
            .find(|version| !listed.get(name).is_some_and(|has| has.contains(*version)));
        if let Some(version) = missing {
            bail!("{name} {version} is missing");
        }
    }
    Ok(components.len())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn sample_sbom() -> Value {
        let age = json!({"name": "age", "version": "0.12.1", "licenses": [{"expression": "MIT OR Apache-2.0"}]});
        let ours = "path+file:///home/user/sources/crates/intake#0.1.0";
        json!({
            "bomFormat": "CycloneDX",
            "serialNumber": "urn:uuid:72153aea-8024-4c3d-9822-60d9f93e24f3",
            "metadata": {
                "timestamp": "2026-11-25T17:52:46Z",
                "component": {"name": "intake", "version": "0.1.0", "bom-ref": ours},
            },
            "components": [age],
            "dependencies": [{"ref": ours, "dependsOn": ["path+file:///home/user/sources/crates/web#0.1.0"]}],
        })
    }

    #[test]
    fn an_sbom_without_a_required_component_is_refused() {
        let needed = components_in_cargo_tree(
            "intake v0.1.0 (/home/user/sources/crates/intake)\nage v0.12.1\nage v0.12.1 (*)\n",
        );
        assert_eq!(verify_components(&sample_sbom(), &needed).unwrap(), 1);
        for (missing, name) in [("axum v0.8.9", "axum 0.8.9"), ("age v0.11.0", "age 0.11.0")] {
            let error =
                verify_components(&sample_sbom(), &components_in_cargo_tree(missing)).unwrap_err();
            assert_eq!(error.to_string(), format!("{name} is missing"));
        }
        let npm =
            components_in_package_json(r#"{"dependencies": {"age-encryption": "0.3.1"}}"#).unwrap();
        assert!(verify_components(&sample_sbom(), &npm).is_err());
    }

    #[test]
    fn a_package_without_version_or_licence_is_refused() {
        for field in ["version", "licenses"] {
            let mut bill = sample_sbom();
            bill["components"][0].as_object_mut().unwrap().remove(field);
            assert!(verify_components(&bill, &RequiredComponents::new()).is_err(), "{field}");
        }
    }

    #[test]
    fn a_bill_of_materials_contains_no_time_and_no_path_of_the_machine() {
        let same = normalize(sample_sbom()).unwrap().to_string();
        for removed in ["/user/", "timestamp", "serialNumber"] {
            assert!(!same.contains(removed), "{removed}");
        }
        assert!(same.contains("path+file:///burkindi/crates/web#0.1.0"));
    }
}
