//! What both services share: the command line, the commands on the store, the loading of the
//! configuration and of TLS files, the newest directory, checks of the doctors, periodic tasks, the
//! metrics page, process hardening and stop signals. Nothing here depends on one service.

pub mod cli;
pub mod config;
pub mod directory;
pub mod doctor_checks;
pub mod metrics;
pub mod periodic_tasks;
pub mod process_hardening;
pub mod shutdown;
pub mod store_commands;
pub mod tls;

pub use config::{
    check_variables, config_folder, explain_error, make_absolute, parse_list, strip_bom,
};
pub use shutdown::shutdown_signal;
pub use store_commands::{StoreCommand, StoreCommandError};
