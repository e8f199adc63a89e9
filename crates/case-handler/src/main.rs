//! The binary of the case handler.

/// Zeroizes memory when it is freed, because age does not zeroize its own buffers.
#[global_allocator]
static ALLOCATOR: zeroizing_alloc::ZeroAlloc<std::alloc::System> =
    zeroizing_alloc::ZeroAlloc(std::alloc::System);

fn main() -> std::process::ExitCode {
    case_handler::cli::main()
}
