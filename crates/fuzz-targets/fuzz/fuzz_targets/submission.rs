#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz_targets::a_submission(bytes));
