//! Creates a complete installation on one machine with the commands of the programs. The demo and
//! the scenarios use it.

mod installation;
mod process;

pub use installation::{
    Installation, InstallationSettings, PASSPHRASE, ROOT_PASSPHRASES, TEST_MEMBERS, TestMember,
    WitnessProcess, free_ports,
};
pub use process::ChildService;
