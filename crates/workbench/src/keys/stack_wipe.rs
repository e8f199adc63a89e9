//! Overwrites the stack after work with secret keys. The compiler copies values when it moves them,
//! and libraries have values of their own. Such copies are not zeroized, and stay in the stack of
//! the thread until other calls overwrite them.

use std::hint::black_box;

/// Number of bytes that are overwritten. Opening a key file uses fewer, also in a debug build.
const WIPED_BYTES: usize = 256 * 1024;
/// Distance between the work and the top of the overwritten part. The first bytes of a frame are
/// not part of its variables.
const MARGIN_BYTES: usize = 1024;

/// Runs work with secret keys, and overwrites the part of the stack that it used. The result is
/// moved to the caller, so it has secrets only on the heap.
pub(crate) fn with_wiped_stack<T>(work: impl FnOnce() -> T) -> T {
    let result = run_below_margin(work);
    wipe_stack();
    result
}

/// Overwrites the stack below the caller.
#[inline(never)]
#[expect(clippy::large_stack_arrays, reason = "the array is the part of the stack to overwrite")]
pub(crate) fn wipe_stack() {
    let mut unused_stack = [0_u8; WIPED_BYTES];
    // Without a use of the array, the compiler removes it.
    black_box(&mut unused_stack);
}

#[inline(never)]
fn run_below_margin<T>(work: impl FnOnce() -> T) -> T {
    let mut margin = [0_u8; MARGIN_BYTES];
    black_box(&mut margin);
    let result = run(work);
    black_box(&mut margin);
    result
}

/// A function of its own, so that the variables of the work are below the margin.
#[inline(never)]
fn run<T>(work: impl FnOnce() -> T) -> T {
    work()
}
