//! A whole installation on one machine, made with the programs' own commands: what the demo shows and the scenarios test.

mod installation;
mod process;

pub use installation::{Installation, PASSPHRASE, PEOPLE, Person, ROOTS, Settings, free_ports};
pub use process::Running;
