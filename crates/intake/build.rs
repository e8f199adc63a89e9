//! Makes the folder of the browser's bundle, so that a build without Node has an empty one to
//! embed.

fn main() -> std::io::Result<()> {
    println!("cargo::rerun-if-changed=browser/dist");
    std::fs::create_dir_all("browser/dist")
}
