//! What both services share: the command line, the commands on the store, the loading of the
//! configuration, and what a service asks of the system. Nothing here depends on one service.

pub mod cli;
pub mod config;
pub mod process_hardening;
pub mod shutdown;
pub mod store_commands;

pub use config::{
    check_variables, config_folder, explain_error, make_absolute, parse_list, strip_bom,
};
pub use shutdown::shutdown_signal;
pub use store_commands::{StoreCommand, StoreCommandError};
