//! The intake: accepts reports from the public and serves mailboxes.

/// Zeroizes all freed memory, because plaintext passes through memory on the form path, also
/// through buffers of libraries.
#[global_allocator]
static ALLOCATOR: zeroizing_alloc::ZeroAlloc<std::alloc::System> =
    zeroizing_alloc::ZeroAlloc(std::alloc::System);

fn main() -> std::process::ExitCode {
    if std::env::args_os().nth(1).is_some_and(|first| first == intake::cleaning::CHILD_ARGUMENT) {
        return intake::cleaning::run_child();
    }
    intake::cli::main()
}
