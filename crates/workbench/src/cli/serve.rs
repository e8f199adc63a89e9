//! `burkindi serve`: the workbench in the browser.

use std::{io::BufRead as _, time::Duration};

use rand::rngs::OsRng;
use serde::Serialize;
use web::Clock;
use workbench::web_ui::{BoundUiServer, LinkIssuer, UiSettings};

use super::{CliOutput, CommandContext, key::ScryptCostArg};

#[derive(Debug, clap::Args)]
pub(crate) struct ServeArgs {
    /// The port on 127.0.0.1 [default: a free port].
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    port: u16,
    /// Minutes without activity after which the keys are wiped from memory.
    #[arg(long, value_name = "MINUTES", default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..=240))]
    lock_after: u16,
    /// Milliseconds that a page waits for the index of cases. After them it shows the progress.
    #[arg(long, value_name = "MS", default_value_t = 1_000, hide = true)]
    page_timeout: u64,
    #[command(flatten)]
    scrypt_cost: ScryptCostArg,
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
        let scrypt_cost = self.scrypt_cost.scrypt_cost(screen)?;
        web::init_logging(tracing::Level::WARN, false);
        web::catch_panic::install_panic_hook();
        let settings = UiSettings {
            port: self.port,
            idle_timeout: Duration::from_mins(self.lock_after.into()),
            scrypt_cost,
            page_timeout: Duration::from_millis(self.page_timeout),
            program: std::env::current_exe()?,
        };
        let bound =
            BoundUiServer::bind(context.profile.clone(), settings, Clock::system(), &mut OsRng)?;
        let link_issuer = bound.link_issuer();
        let output = ServeOutput { link: link_issuer.issue_link(&mut OsRng) };
        screen.print(&output, |output, page| {
            page.line("Open this link in your browser. It works once, within ten minutes:");
            page.unbroken(&output.link);
            page.dim("Press Enter for a new link. Ctrl-C stops the workbench and wipes the keys.");
        })?;
        if !screen.is_json() {
            issue_links(link_issuer);
        }
        Ok(bound.serve(shutdown_signal()?).await?)
    }
}

/// Prints a new link for each line on standard input. The thread ends with the program.
fn issue_links(link_issuer: LinkIssuer) {
    std::thread::spawn(move || {
        for _ in std::io::stdin().lock().lines().map_while(Result::ok) {
            CliOutput::new(false).hint(&link_issuer.issue_link(&mut OsRng)).ok();
        }
    });
}

/// Returns a future that resolves when the program is asked to stop.
#[cfg(unix)]
pub(super) fn shutdown_signal() -> Result<impl Future<Output = ()>, std::io::Error> {
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
pub(super) fn shutdown_signal() -> Result<impl Future<Output = ()>, std::io::Error> {
    Ok(async { drop(tokio::signal::ctrl_c().await) })
}
