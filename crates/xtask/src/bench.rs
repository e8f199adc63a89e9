//! Measurements: a table for people, `--json FILE` for programs.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Instant,
};

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};

use crate::cmd::{BROWSER_DIR, cargo, command, npm_ci, npm_run, read_stdout, run_step, succeeds};

/// Measuring programs: package, target, and topics of the rows. Each program prints
/// `{"rows": […]}`.
const BENCHMARKS: [(&str, &str, &[&str]); 11] = [
    ("reporter", "seal_cost", &["sealed"]),
    ("scenarios", "sealed", &["sealed", "postgres"]),
    ("scenarios", "form", &["form"]),
    ("scenarios", "attachment", &["attachment"]),
    ("scenarios", "mailbox", &["mailbox"]),
    ("scenarios", "handler", &["relay", "cycle", "ready"]),
    ("case-handler", "queue", &["queue"]),
    ("scenarios", "replicas", &["replicas", "postgres"]),
    ("scenarios", "services", &["idle", "ready"]),
    ("scenarios", "junk", &["junk"]),
    ("scenarios", "workbench", &["search", "queue"]),
];
/// Topics of the measurement in a browser.
const BROWSER_TOPICS: [&str; 2] = ["browser", "sealed"];

/// Runs every measuring program, or those about one topic such as `form`.
pub(crate) fn run(topic: Option<&str>, json: Option<PathBuf>, quick: bool) -> Result<()> {
    let wanted = |topics: &[&str]| topic.is_none_or(|topic| topics.contains(&topic));
    let chosen: Vec<_> = BENCHMARKS.into_iter().filter(|(_, _, topics)| wanted(topics)).collect();
    let browser = wanted(&BROWSER_TOPICS);
    if chosen.is_empty() && !browser {
        bail!(
            "unknown topic “{}”: choose one of {}",
            topic.unwrap_or_default(),
            all_topics().join(", ")
        );
    }
    let built = build_benchmarks(&chosen, browser)?;
    let (mut rows, mut failed) = (Vec::new(), Vec::new());
    for (number, (_, name, topics)) in (1..).zip(&chosen) {
        println!("\n== {number} of {}: {} ({name})", chosen.len(), topics.join(", "));
        let mut program = command(&built.executable(name)?, &[]);
        if quick {
            program.env("BENCH_QUICK", "1");
        }
        // The rows of the other programs are printed even if one program fails.
        match run_benchmark(program) {
            Ok(mut more) => rows.append(&mut more),
            Err(error) => failed.push(format!("{name}: {error:#}")),
        }
    }
    if browser {
        match run_browser_benchmark(&built.programs) {
            Ok(mut more) => rows.append(&mut more),
            Err(error) => failed.push(format!("browser: {error:#}")),
        }
    }
    print_table(&rows);
    if let Some(path) = json {
        fs::write(&path, json!({ "rows": rows }).to_string())
            .with_context(|| path.display().to_string())?;
    }
    ensure!(failed.is_empty(), "{} measurements failed: {}", failed.len(), failed.join("; "));
    Ok(())
}

fn all_topics() -> Vec<&'static str> {
    let mut topics: Vec<_> = BENCHMARKS
        .iter()
        .flat_map(|(_, _, topics)| *topics)
        .chain(&BROWSER_TOPICS)
        .copied()
        .collect();
    topics.sort_unstable();
    topics.dedup();
    topics
}

/// The release build that is measured.
struct BenchBuild {
    /// Folder of the services and of `burkindi`.
    programs: PathBuf,
    /// Messages of cargo about the measuring programs.
    artifacts: Vec<Value>,
}

impl BenchBuild {
    /// Returns the path of a measuring program.
    fn executable(&self, name: &str) -> Result<String> {
        self.artifacts
            .iter()
            .filter(|message| message["target"]["name"] == name)
            .find_map(|message| message["executable"].as_str())
            .map(str::to_owned)
            .with_context(|| format!("cargo built no measuring program {name}"))
    }
}

/// Builds the measuring programs and the services in release mode.
fn build_benchmarks(chosen: &[(&str, &str, &[&str])], browser: bool) -> Result<BenchBuild> {
    if browser {
        npm_ci(BROWSER_DIR)?;
        run_step("the browser's script", npm_run(BROWSER_DIR, "build"))?;
    }
    // One build of the whole workspace. Separate builds would use different features of the shared
    // dependencies.
    let mut arguments = vec!["build", "--release", "--locked", "--workspace", "--bins"];
    for (_, name, _) in chosen {
        arguments.extend(["--bench", name]);
    }
    arguments.push("--message-format=json-render-diagnostics");
    println!("\n== release build");
    let messages = read_stdout(cargo(&arguments))?;
    let artifacts = messages
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|message| message["target"]["kind"][0] == "bench")
        .collect();
    let metadata =
        read_stdout(cargo(&["metadata", "--format-version", "1", "--no-deps", "--locked"]))?;
    let metadata: Value = serde_json::from_str(&metadata).context("cargo metadata")?;
    let target = metadata["target_directory"].as_str().context("no target directory")?;
    Ok(BenchBuild { programs: Path::new(target).join("release"), artifacts })
}

/// Runs a measuring program. Its progress goes to the terminal.
fn run_benchmark(mut program: Command) -> Result<Vec<Value>> {
    let start = Instant::now();
    let output = program.stdin(Stdio::null()).stderr(Stdio::inherit()).output()?;
    ensure!(output.status.success(), "{}: {}", program.get_program().display(), output.status);
    let mut result: Value =
        serde_json::from_slice(&output.stdout).context("the measuring program prints no JSON")?;
    println!("   {:.0} s", start.elapsed().as_secs_f32());
    Ok(std::mem::take(result["rows"].as_array_mut().context("the JSON has no rows")?))
}

/// Measures in Chromium, slowed down to the speed of a phone: sealing, and the way from the first
/// page to the code over a slow line.
fn run_browser_benchmark(programs: &Path) -> Result<Vec<Value>> {
    if !succeeds(command("chromium", &["--version"])) {
        println!("\nChromium is not installed: sealing in the browser is not measured");
        return Ok(Vec::new());
    }
    npm_ci("tests/browser")?;
    let rows = programs.join("browser-rows.jsonl");
    // The tests append one row a line.
    fs::write(&rows, "").with_context(|| rows.display().to_string())?;
    let specs = ["speed.spec.ts", "slow_line.spec.ts", "--workers=1"];
    let mut playwright = command("npm", &["test", "--silent", "--prefix", "tests/browser", "--"]);
    playwright.args(specs).env("PROGRAMS", programs).env("BENCH_ROWS", &rows);
    run_step("the pages in the browser", playwright)?;
    let text = fs::read_to_string(&rows).with_context(|| rows.display().to_string())?;
    let rows = text.lines().map(serde_json::from_str).collect::<Result<Vec<Value>, _>>();
    rows.context("a measuring test writes no JSON")
}

fn print_table(rows: &[Value]) {
    println!("\n{:<58} {:>10} {:<5} {:>10} {:>7}", "row", "value", "", "ceiling", "ratio");
    for row in rows {
        let text = |field: &str| row[field].as_str().unwrap_or_default().to_owned();
        let number = |field: &str| row[field].as_f64().unwrap_or_default();
        let (name, unit) = (text("name"), text("unit"));
        println!(
            "{name:<58} {:>10.3} {unit:<5} {:>10.3} {:>7.2}",
            number("value"),
            number("ceiling"),
            number("ratio")
        );
    }
}
