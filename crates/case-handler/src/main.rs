//! The case handler's program.

/// Memory is wiped when it is freed: age's own buffers are not wiped otherwise.
#[global_allocator]
static ALLOCATOR: zeroizing_alloc::ZeroAlloc<std::alloc::System> =
    zeroizing_alloc::ZeroAlloc(std::alloc::System);

fn main() -> anyhow::Result<std::process::ExitCode> {
    case_handler::cli::main()
}
