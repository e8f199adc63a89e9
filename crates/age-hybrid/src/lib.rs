//! age-hybrid
