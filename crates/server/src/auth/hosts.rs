use std::{collections::HashSet, net::IpAddr};

use http::{HeaderMap, Uri, header};

/// The host names under which the server may be addressed (against DNS rebinding).
///
/// Always: `localhost`, names below it, and the loopback addresses. An address literal cannot be rebound, so all of
/// them are taken where the server listens on all addresses. Ports are not compared.
#[derive(Clone, Debug)]
pub(crate) struct AllowedHosts {
    names: HashSet<String>,
    any_address: bool,
}

impl AllowedHosts {
    pub(crate) fn new(listen: Option<IpAddr>, names: &[String]) -> Self {
        let mut allowed: HashSet<String> = names.iter().map(|name| name.to_ascii_lowercase()).collect();
        allowed.extend(["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned()]);
        if let Some(address) = listen {
            allowed.insert(address.to_string());
        }
        Self { names: allowed, any_address: listen.is_some_and(|address| address.is_unspecified()) }
    }

    fn allows(&self, host: &str) -> bool {
        let host = host.to_ascii_lowercase();
        let host = host.strip_suffix('.').unwrap_or(&host);
        self.names.contains(host)
            || host.ends_with(".localhost")
            || (self.any_address && host.parse::<IpAddr>().is_ok())
    }

    /// The host that the request addresses, if it is one of ours.
    pub(crate) fn check<'a>(&self, headers: &'a HeaderMap, uri: &'a Uri) -> Result<&'a str, String> {
        let mut given = headers.get_all(header::HOST).iter();
        let host = match (given.next(), given.next()) {
            (Some(_), Some(_)) => return Err("more than one Host header".to_owned()),
            (Some(host), None) => host.to_str().map_err(|_| "the Host header is not ASCII".to_owned())?,
            // HTTP/2 sends the authority in the request target.
            (None, _) => uri.authority().map(http::uri::Authority::as_str).ok_or("no Host header")?,
        };
        if self.allows(without_port(host)) {
            Ok(host)
        } else {
            Err(format!("`{}` is not a name of this server", host.chars().take(100).collect::<String>()))
        }
    }
}

/// `[::1]:8080` → `::1`, `localhost:8080` → `localhost`.
pub(crate) fn without_port(host: &str) -> &str {
    if let Some(rest) = host.strip_prefix('[') {
        return rest.split(']').next().unwrap_or(rest);
    }
    match host.rsplit_once(':') {
        Some((name, port)) if !name.contains(':') && port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_names_are_taken() {
        let hosts = AllowedHosts::new("192.0.2.7".parse().ok(), &["pilothouse.example".into()]);
        for good in
            ["localhost", "127.0.0.1", "::1", "x.localhost", "Pilothouse.Example", "192.0.2.7", "localhost."]
        {
            assert!(hosts.allows(good), "{good}");
        }
        for bad in ["evil.example", "127.0.0.1.evil.example", "192.0.2.8", "", "localhost.evil"] {
            assert!(!hosts.allows(bad), "{bad}");
        }
    }

    #[test]
    fn ports_are_left_out() {
        for (given, name) in [("[::1]:80", "::1"), ("a:80", "a"), ("a", "a"), ("127.0.0.1:1", "127.0.0.1")] {
            assert_eq!(without_port(given), name);
        }
    }
}
