//! Free ports of this machine.

use std::net::TcpListener;

use anyhow::Result;

/// Returns ports that are free now. All are bound at the same time, so they differ.
///
/// # Errors
/// If the system has no free port.
pub fn free_ports<const N: usize>() -> Result<[u16; N]> {
    bind_ports([0; N])
}

/// Returns these ports, or free ones in place of those that are taken or 0.
pub(super) fn bind_ports<const N: usize>(preferred: [u16; N]) -> Result<[u16; N]> {
    let mut listeners = Vec::with_capacity(N);
    for port in preferred {
        let listener = TcpListener::bind(("127.0.0.1", port));
        listeners.push(listener.or_else(|_| TcpListener::bind(("127.0.0.1", 0)))?);
    }
    let mut ports = [0; N];
    for (port, listener) in ports.iter_mut().zip(&listeners) {
        *port = listener.local_addr()?.port();
    }
    Ok(ports)
}
