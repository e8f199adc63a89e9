//! migrations-intake
