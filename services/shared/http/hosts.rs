//! Under which names the server is asked. A page whose name is pointed to this machine (DNS rebinding) is same-origin with it in a
//! browser, but says its own name: that is refused. An address in figures is no such name.

use std::net::{IpAddr, SocketAddr};

use axum::http::request::Parts;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, Method, StatusCode, Version, header};

use super::Problem;

/// The names of a server.
#[derive(Debug, Clone)]
pub struct Hosts {
    listen: IpAddr,
    /// Further names, in lower case.
    names: Vec<String>,
}

impl Hosts {
    /// The names of a server that listens at an address, and the further ones that its owner gave it.
    pub fn new(listen: SocketAddr, names: &[String]) -> Self {
        let names = names.iter().map(|name| name.trim_end_matches('.').to_ascii_lowercase()).collect();
        Self { listen: listen.ip().to_canonical(), names }
    }

    /// Refuses a request that does not name one host, or names one that is not this server; and one that another site's page sent
    /// to change something.
    pub fn check(&self, head: &Parts) -> Result<(), Problem> {
        let host = one_host(&head.headers, head.version)?;
        // In the absolute form the target says the host, and the header is not read (RFC 9112, section 3.2.2).
        for named in [Some(&host), head.uri.authority()].into_iter().flatten() {
            if !self.is_own(named.host()) {
                return Err(not_this_server(named.host()));
            }
        }
        let changes = !matches!(head.method, Method::GET | Method::HEAD | Method::OPTIONS | Method::TRACE);
        match head.headers.get(header::ORIGIN) {
            Some(origin) if changes => self.check_origin(origin.to_str().unwrap_or_default(), &host),
            _ => Ok(()),
        }
    }

    fn check_origin(&self, origin: &str, host: &Authority) -> Result<(), Problem> {
        let from = origin.split_once("://").and_then(|(_, authority)| authority.parse::<Authority>().ok());
        let is_same = from.as_ref().is_some_and(|from| from.as_str().eq_ignore_ascii_case(host.as_str()) || self.is_named(from.host()));
        if is_same {
            return Ok(());
        }
        let shown: String = origin.chars().take(80).collect();
        let detail = format!("the page at {shown:?} may not send anything here; its host can be let in with --allow-host");
        Err(Problem::new(StatusCode::FORBIDDEN, "foreign-origin", "Not from that page", detail))
    }

    /// True for this machine's own name, for an address in figures under which it can be asked, and for the names it was given.
    fn is_own(&self, host: &str) -> bool {
        let figures = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
        match figures.parse::<IpAddr>() {
            Ok(address) => {
                let address = address.to_canonical();
                address.is_loopback() || address == self.listen || self.listen.is_unspecified()
            }
            Err(_) => host.trim_end_matches('.').eq_ignore_ascii_case("localhost") || self.is_named(host),
        }
    }

    /// True for a name that its owner gave it.
    fn is_named(&self, host: &str) -> bool {
        let host = host.trim_end_matches('.');
        self.names.iter().any(|name| name.eq_ignore_ascii_case(host))
    }
}

/// The one host that a request names.
fn one_host(headers: &HeaderMap, version: Version) -> Result<Authority, Problem> {
    let mut given = headers.get_all(header::HOST).iter();
    let detail = match (given.next(), given.next()) {
        (Some(host), None) => match host.to_str().ok().and_then(|text| text.parse::<Authority>().ok()).filter(|host| !host.as_str().contains('@')) {
            Some(host) => return Ok(host),
            None => "the header Host is no host; send Host: NAME or Host: NAME:PORT".to_owned(),
        },
        (None, _) => format!("the header Host is missing, in {version:?} too; send Host: NAME or Host: NAME:PORT"),
        (Some(_), Some(_)) => "the header Host stands twice; send it once".to_owned(),
    };
    Err(Problem::new(StatusCode::BAD_REQUEST, "host", "Which host?", detail))
}

fn not_this_server(host: &str) -> Problem {
    let shown: String = host.chars().take(80).collect();
    let detail = format!("this server does not answer to the name {shown:?}; start it with --allow-host NAME to let it, or ask by its address");
    Problem::new(StatusCode::MISDIRECTED_REQUEST, "unknown-host", "Not the name of this server", detail)
}

#[cfg(test)]
mod tests {
    //! Names are one's own or given; figures are no names.

    use std::net::SocketAddr;

    use axum::http::Request;

    use super::Hosts;

    fn status(listen: &str, names: &[&str], request: axum::http::request::Builder) -> u16 {
        let listen: SocketAddr = listen.parse().unwrap_or_else(|error| panic!("{listen}: {error}"));
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let (head, ()) = request.body(()).unwrap_or_else(|error| panic!("{error}")).into_parts();
        Hosts::new(listen, &names).check(&head).map_or_else(|problem| problem.status.as_u16(), |()| 200)
    }

    fn asked(listen: &str, names: &[&str], host: &str) -> u16 {
        status(listen, names, Request::get("/").header("host", host))
    }

    #[test]
    fn a_server_answers_to_its_own_names_at_any_port() {
        for host in ["localhost", "LOCALHOST:9", "localhost.", "127.0.0.1", "127.9.9.9:1", "[::1]:7310", "192.0.2.7:80"] {
            assert_eq!(asked("192.0.2.7:7310", &[], host), 200, "{host}");
        }
        for host in ["evil.example", "evil.example:7310", "localhost.evil.example", "127.0.0.1.nip.io", "192.0.2.8", "[2001:db8::1]"] {
            assert_eq!(asked("192.0.2.7:7310", &[], host), 421, "{host}");
        }
        assert_eq!([asked("0.0.0.0:7310", &[], "192.0.2.8"), asked("[::]:7310", &[], "[2001:db8::1]")], [200, 200]);
        assert_eq!([asked("0.0.0.0:7310", &["Intake"], "intake:7311"), asked("0.0.0.0:7310", &["intake"], "intakes")], [200, 421]);
    }

    #[test]
    fn one_host_is_named_and_the_target_may_not_name_another() {
        let listen = "127.0.0.1:7310";
        for host in ["", "a b", "user@localhost", "localhost/"] {
            assert_eq!(asked(listen, &[], host), 400, "{host:?}");
        }
        assert_eq!(status(listen, &[], Request::get("/")), 400);
        assert_eq!(status(listen, &[], Request::get("/").header("host", "localhost").header("host", "localhost")), 400);
        assert_eq!(status(listen, &[], Request::get("http://evil.example/").header("host", "localhost")), 421);
        assert_eq!(status(listen, &[], Request::get("http://localhost/").header("host", "localhost")), 200);
    }

    #[test]
    fn a_page_of_another_site_changes_nothing_here() {
        let sent =
            |origin: &str| status("127.0.0.1:7310", &["desk.example"], Request::post("/").header("host", "localhost:7310").header("origin", origin));
        assert_eq!([sent("http://localhost:7310"), sent("https://desk.example"), sent("http://desk.example:8080")], [200, 200, 200]);
        for origin in ["null", "", "http://localhost:3000", "http://evil.example", "http://127.0.0.1:7310", "file://"] {
            assert_eq!(sent(origin), 403, "{origin}");
        }
        let read = Request::get("/").header("host", "localhost").header("origin", "http://evil.example");
        assert_eq!(status("127.0.0.1:7310", &[], read), 200);
    }
}
