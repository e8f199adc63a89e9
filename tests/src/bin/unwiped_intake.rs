//! The intake without the wiping allocator: the control of the leak test, which must find canaries
//! in its memory.

fn main() -> std::process::ExitCode {
    intake::cli::main()
}
