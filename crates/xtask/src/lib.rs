//! A whole installation on one machine, made with the programs' own commands: what the demo shows
//! and the scenarios test.

mod installation;
mod process;

pub use installation::{
    Installation, InstallationSettings, PASSPHRASE, ROOT_PASSPHRASES, TEST_MEMBERS, TestMember,
    free_ports,
};
pub use process::ChildService;
