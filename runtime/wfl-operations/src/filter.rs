//! Which addresses a call may go to: never to link-local ones (cloud metadata), multicast or nowhere.

use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll};

use futures::Future;
use hyper_util::client::legacy::connect::dns::Name;

/// True for addresses that no operation lives at.
pub(crate) fn is_forbidden(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.is_link_local() || v4.is_multicast() || v4.is_unspecified() || v4.is_broadcast(),
        IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
            Some(v4) => is_forbidden(IpAddr::V4(v4)),
            None => v6.is_unicast_link_local() || v6.is_multicast() || v6.is_unspecified(),
        },
    }
}

/// Resolves names by the system and leaves out what is forbidden.
#[derive(Clone, Debug)]
pub(crate) struct FilteredResolver;

impl tower_service::Service<Name> for FilteredResolver {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = std::io::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let allowed: Vec<_> = found.filter(|address| !is_forbidden(address.ip())).collect();
            if allowed.is_empty() {
                return Err(std::io::Error::other("the name leads to no address that may be called"));
            }
            Ok(allowed.into_iter())
        })
    }
}
