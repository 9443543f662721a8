//! The ports, bound before anything else is done.

use std::io;
use std::net::SocketAddr;

use tokio::net::TcpListener;

use crate::args::Args;
use crate::banner::Addresses;
use crate::error::StackError;

/// One listener for each door.
pub(crate) struct Listeners {
    pub(crate) router: TcpListener,
    pub(crate) mobile: TcpListener,
    pub(crate) web: TcpListener,
    pub(crate) rest: TcpListener,
    pub(crate) admin: TcpListener,
}

/// Binds all ports.
pub(crate) async fn bind(args: &Args) -> Result<Listeners, StackError> {
    let bind = async |name, flag, port| {
        let address = SocketAddr::new(args.host, port);
        TcpListener::bind(address).await.map_err(|source| match source.kind() {
            io::ErrorKind::AddrInUse => StackError::PortInUse { name, address, flag },
            _ => StackError::Listen { name, address, source },
        })
    };
    Ok(Listeners {
        router: bind("the router", "router-port", args.router_port).await?,
        mobile: bind("the mobile edge", "mobile-port", args.mobile_port).await?,
        web: bind("the web edge", "web-port", args.web_port).await?,
        rest: bind("the REST edge", "rest-port", args.rest_port).await?,
        admin: bind("admin", "admin-port", args.admin_port).await?,
    })
}

impl Listeners {
    /// Where they really listen: a port of 0 has become a free one.
    pub(crate) fn addresses(&self) -> Result<Addresses, StackError> {
        let address = |name, listener: &TcpListener| {
            let unbound = SocketAddr::from(([0, 0, 0, 0], 0));
            listener.local_addr().map_err(|source| StackError::Listen {
                name,
                address: unbound,
                source,
            })
        };
        Ok(Addresses {
            router: address("the router", &self.router)?,
            mobile: address("the mobile edge", &self.mobile)?,
            web: address("the web edge", &self.web)?,
            rest: address("the REST edge", &self.rest)?,
            admin: address("admin", &self.admin)?,
        })
    }
}
