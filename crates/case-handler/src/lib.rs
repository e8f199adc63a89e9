//! case-handler
