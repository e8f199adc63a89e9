//! Building blocks of web pages for both services and the workbench. This crate contains no
//! database, no encryption and nothing about reports.

pub mod clock;

pub mod catch_panic;
pub mod l10n;
pub mod logging;
pub mod onion_address;
pub mod security_headers;

pub use clock::{BOOT_ID_VARIABLE, Clock, Uptime};
pub use l10n::{MessageCatalog, MessageCatalogs};
pub use locales::Locale;
pub use logging::{LogSafe, init_logging};
pub use onion_address::{OnionAddress, OnionAddressError};
pub use security_headers::{
    PERMISSIONS_POLICY, SecurityPolicy, permissions_policy, with_security_headers,
};

/// The colours that all pages have in common, by day and by night: custom properties of CSS, for
/// the head of a style sheet.
pub const THEME_CSS: &str = include_str!("../assets/identity.css");
