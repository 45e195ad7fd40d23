//! Who is calling, and what that one may do: the gate before every request.

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};

use super::Problem;
use crate::shared::config::Secret;
use crate::shared::keys::{KeyFault, Keys, StoredKey};
use crate::shared::scopes::Scopes;

/// Decides what a caller may do.
#[derive(Debug, Clone)]
pub struct Gate {
    keys: Keys,
    /// True where the server is bound to loopback only, or its owner opened reading to all.
    open_reading: bool,
    /// True where the server is bound to loopback only.
    loopback: bool,
    /// True for whoever holds the files themselves: no key could keep that one out.
    owner: bool,
    /// The token of whoever can read the file that says where this server listens: that one holds the files, too.
    operator: Option<Secret>,
}

/// Whoever made a request.
#[derive(Debug, Clone)]
pub struct Caller {
    scopes: Scopes,
    /// The id of the API key; None where none was sent.
    key: Option<String>,
    /// The name of a publisher on the bus, who has no API key.
    publisher: Option<String>,
}

impl Gate {
    /// The gate of a server.
    pub fn new(keys: Keys, loopback: bool, open_reading: bool) -> Self {
        Self { keys, open_reading: open_reading || loopback, loopback, owner: false, operator: None }
    }

    /// The gate of a command that works on the files themselves.
    pub fn owner(keys: Keys) -> Self {
        Self { keys, open_reading: true, loopback: true, owner: true, operator: None }
    }

    /// The same gate, which also lets in whoever sends this token, to do everything.
    pub fn with_operator(self, token: Secret) -> Self {
        Self { operator: Some(token), ..self }
    }

    /// Finds out who calls. On loopback, and as long as no key was ever made, everyone may do everything: it is one's own machine.
    pub async fn caller(&self, headers: &HeaderMap) -> Result<Caller, Problem> {
        let Some(given) = headers.get(header::AUTHORIZATION) else {
            let scopes = if self.owner || (self.loopback && !self.keys.any_exist().await?) {
                Scopes::everything()
            } else if self.open_reading {
                Scopes::reading()
            } else {
                Scopes::nothing()
            };
            return Ok(Caller { scopes, key: None, publisher: None });
        };
        let token = given.to_str().ok().and_then(|text| text.split_once(' ')).filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
        let Some((_, token)) = token else {
            return Err(unauthorized("expected the header \"Authorization: Bearer <API key>\""));
        };
        if self.operator.as_ref().is_some_and(|operator| operator.is(token.trim())) {
            return Ok(Caller { scopes: Scopes::everything(), key: None, publisher: None });
        }
        match self.keys.check(token.trim()).await {
            Ok(StoredKey { id, mut scopes, .. }) => {
                // Whoever may replay everything may read it.
                scopes.read |= self.open_reading || scopes.audit;
                Ok(Caller { scopes, key: Some(id), publisher: None })
            }
            Err(KeyFault::Unknown) => Err(unauthorized("this API key is unknown or was revoked; make one with `dateline keys create`")),
            Err(KeyFault::StateStore(error)) => Err(error.into()),
            Err(KeyFault::Ledger(error)) => Err(error.into()),
        }
    }

    /// Whether the caller may read without being asked who that is.
    pub fn is_open_to(&self, headers: &HeaderMap) -> bool {
        self.open_reading && is_anonymous(headers)
    }

    /// Refuses a caller who may not read. Whoever needs no key for it is let in without asking the state store: reading goes on while the bus
    /// is away.
    pub async fn reader(&self, headers: &HeaderMap) -> Result<(), Problem> {
        if self.is_open_to(headers) {
            return Ok(());
        }
        let caller = self.caller(headers).await?;
        if caller.scopes.read { Ok(()) } else { Err(caller.refuse("read")) }
    }

    /// Refuses everybody but whoever holds the files: the command on them, or the one that read this server's token beside them. No API key
    /// does it.
    pub fn operator(&self, headers: &HeaderMap) -> Result<(), Problem> {
        let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).and_then(|value| value.strip_prefix("Bearer "));
        let is_operator = given.is_some_and(|token| self.operator.as_ref().is_some_and(|operator| operator.is(token.trim())));
        if is_operator {
            return Ok(());
        }
        let detail = "no API key allows this: run the command on the machine of the server, over its files (--data)";
        Err(Problem::new(StatusCode::FORBIDDEN, "forbidden", "Not allowed", detail))
    }

    /// Refuses a caller who may not replay the ledger: as soon as there is a key, that needs one, on one's own machine too.
    pub async fn auditor(&self, headers: &HeaderMap) -> Result<(), Problem> {
        let caller = self.caller(headers).await?;
        if caller.scopes.audit { Ok(()) } else { Err(caller.refuse("audit")) }
    }
}

fn is_anonymous(headers: &HeaderMap) -> bool {
    !headers.contains_key(header::AUTHORIZATION)
}

impl Caller {
    /// A publisher on the bus, by the name that its server gave it.
    pub fn publisher(name: &str, scopes: Scopes) -> Self {
        Self { scopes, key: None, publisher: Some(name.to_owned()) }
    }

    /// True if the caller may publish as this source.
    pub fn may_publish_as(&self, source: &str) -> bool {
        self.scopes.covers(source)
    }

    /// True if the caller may publish at all; asked before anything that was sent is read.
    pub fn may_publish(&self) -> bool {
        !self.scopes.publish.is_empty()
    }

    /// True for a desk: it may touch what others published.
    pub fn is_desk(&self) -> bool {
        self.scopes.edit
    }

    /// True if the caller may name others than vendors as where it was read.
    pub fn may_cite(&self) -> bool {
        self.scopes.cite || self.scopes.edit
    }

    /// True if the caller may speak for a vendor.
    pub fn speaks_for(&self, vendor: &str) -> bool {
        self.scopes.edit || self.scopes.speaks_for(vendor)
    }

    /// True if the caller may register what others registered first.
    pub fn may_register(&self) -> bool {
        self.scopes.register || self.scopes.edit
    }

    /// The id of the API key that was sent.
    pub fn key(&self) -> Option<&str> {
        self.key.as_deref()
    }

    /// True if the caller may report.
    pub fn may_report(&self) -> bool {
        self.scopes.report
    }

    /// The problem that says which scope is missing.
    pub fn refuse(&self, scope: &str) -> Problem {
        if self.key.is_none() && self.publisher.is_none() {
            return unauthorized(&format!("this needs an API key with the scope {scope}; send it as \"Authorization: Bearer <API key>\""));
        }
        if let Some(name) = &self.publisher {
            let detail = format!("the publisher {name} lacks the scope {scope}; grant it with `dateline publishers allow {name} --scope {scope}`");
            return Problem::new(StatusCode::FORBIDDEN, "forbidden", "Not allowed", detail);
        }
        let detail = format!("this API key lacks the scope {scope}; make one that has it with `dateline keys create --scope {scope}`");
        Problem::new(StatusCode::FORBIDDEN, "forbidden", "Not allowed", detail)
    }
}

fn unauthorized(detail: &str) -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, "unauthorized", "Who are you?", detail)
        .header(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"dateline\""))
}
