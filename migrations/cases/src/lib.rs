//! migrations-cases
