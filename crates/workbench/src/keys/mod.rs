//! Keys at rest: key files, passphrases and backup sheets.

pub mod backup_sheet;
pub mod key_file;
pub mod passphrase_encryption;
pub mod passphrase_strength;
