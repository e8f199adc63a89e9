//! Support for the scenarios: a running installation, and a reporter's browser without JavaScript.

pub mod canary;
pub mod disk;
pub mod load;
mod reporter_browser;
mod running_installation;
pub mod samples;

pub use reporter_browser::{FormFile, ReporterBrowser, ReporterPage};
pub use running_installation::{RunningInstallation, programs_dir, settings_for};
