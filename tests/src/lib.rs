//! Support for the scenarios: a running installation, its reverse proxy, and a reporter's browser
//! without JavaScript.

pub mod canary;
pub mod disk;
pub mod load;
mod reporter_browser;
mod reverse_proxy;
mod running_installation;
pub mod samples;

pub use reporter_browser::{FormFile, ReporterBrowser, ReporterPage};
pub use reverse_proxy::{ProxySettings, ReverseProxy, free_address};
pub use running_installation::{RunningInstallation, programs_dir, settings_for};
