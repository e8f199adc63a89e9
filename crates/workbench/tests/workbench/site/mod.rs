//! The pages on 127.0.0.1.

mod administration;
mod kept_out;
mod strangers;
mod work;
