//! Keys at rest. [`key_file`] stores a member's keys, [`passphrase_encryption`] encrypts files with
//! a passphrase, [`passphrase_strength`] rates passphrases, and [`backup_sheet`] prints a key on
//! paper. `stack_wipe` overwrites what work with keys leaves in the stack.

pub mod backup_sheet;
pub mod key_file;
pub mod passphrase_encryption;
pub mod passphrase_strength;
pub(crate) mod stack_wipe;
