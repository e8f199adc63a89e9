//! `burkindi open`: the workbench in the browser.

use std::{io::BufRead as _, time::Duration};

use rand::rngs::OsRng;
use serde::Serialize;
use web::Clock;
use workbench::web_ui::{BoundUiServer, LinkIssuer, UiSettings};

use super::{CliOutput, CommandContext, key::ScryptCostArg};

#[derive(Debug, clap::Args)]
pub(crate) struct ServeArgs {
    /// The port on 127.0.0.1 [default: any that is free].
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    port: u16,
    /// After so many minutes without activity, the keys are wiped from memory.
    #[arg(long, value_name = "MINUTES", default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..=240))]
    lock_after: u16,
    /// So many milliseconds somebody waits for a page while cases are read; then it shows how far
    /// it is.
    #[arg(long, value_name = "MS", default_value_t = 1_000, hide = true)]
    page_timeout: u64,
    #[command(flatten)]
    work: ScryptCostArg,
}

/// `{"link"}`.
#[derive(Debug, Serialize)]
struct ServeOutput {
    link: String,
}

impl ServeArgs {
    pub(crate) async fn run(
        self,
        context: &mut CommandContext,
        screen: &mut CliOutput,
    ) -> anyhow::Result<()> {
        let work = self.work.scrypt_cost(screen)?;
        web::init_logging(tracing::Level::WARN, false);
        web::catch_panic::install_panic_hook();
        let settings = UiSettings {
            port: self.port,
            idle_timeout: Duration::from_mins(self.lock_after.into()),
            scrypt_cost: work,
            page_timeout: Duration::from_millis(self.page_timeout),
            program: std::env::current_exe()?,
        };
        let bound =
            BoundUiServer::bind(context.profile.clone(), settings, Clock::system(), &mut OsRng)?;
        let launcher = bound.link_issuer();
        let opened = ServeOutput { link: launcher.issue_link(&mut OsRng) };
        screen.print(&opened, |opened, page| {
            page.line("Open this link in your browser; it works once, for ten minutes:");
            page.unbroken(&opened.link);
            page.dim("Enter gives a new link. Ctrl-C ends the workbench and wipes the keys.");
        })?;
        if !screen.is_json() {
            issue_links(launcher);
        }
        Ok(bound.serve(shutdown_signal()?).await?)
    }
}

/// A new link for each line that is typed; ends with the program.
fn issue_links(launcher: LinkIssuer) {
    std::thread::spawn(move || {
        for _ in std::io::stdin().lock().lines().map_while(Result::ok) {
            CliOutput::new(false).hint(&launcher.issue_link(&mut OsRng)).ok();
        }
    });
}

#[cfg(unix)]
fn shutdown_signal() -> Result<impl Future<Output = ()>, std::io::Error> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut term, mut int) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let mut hangup = signal(SignalKind::hangup())?;
    Ok(async move {
        tokio::select! {
            _ = term.recv() => (),
            _ = int.recv() => (),
            _ = hangup.recv() => (),
        }
    })
}

#[cfg(not(unix))]
fn told_to_stop() -> Result<impl Future<Output = ()>, std::io::Error> {
    Ok(async { drop(tokio::signal::ctrl_c().await) })
}
