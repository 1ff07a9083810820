//! Takes the gateway's port, before anything slow is started.

use std::{io::ErrorKind, net::SocketAddr};

use tokio::net::TcpListener;

pub(super) async fn listen(at: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(at).await.map_err(|error| match error.kind() {
        ErrorKind::AddrInUse => anyhow::anyhow!(
            "{at} is busy; stop what listens there, or set LATCHKEY_LISTEN to another address and port"
        ),
        ErrorKind::PermissionDenied => {
            anyhow::anyhow!("{at} may not be used by this user; set LATCHKEY_LISTEN to a port above 1023")
        }
        _ => anyhow::Error::new(error).context(format!("{at} (LATCHKEY_LISTEN) cannot be used")),
    })
}
