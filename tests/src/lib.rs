//! Support for the scenarios: a running installation, its reverse proxy, a proxy that cuts
//! connections, and a reporter's browser without JavaScript.

pub mod canary;
mod cutting_proxy;
pub mod disk;
pub mod load;
mod reporter_browser;
mod resumable_upload;
mod reverse_proxy;
mod running_installation;
pub mod samples;

pub use cutting_proxy::CuttingProxy;
pub use reporter_browser::{FormFile, ReporterBrowser, ReporterPage};
pub use resumable_upload::{ResumableUpload, SealedReport, SealingReporter};
pub use reverse_proxy::{ProxySettings, ReverseProxy, free_address};
pub use running_installation::{RunningInstallation, programs_dir, settings_for};
