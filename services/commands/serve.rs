//! Roles in one process: opens the stores they need, starts what was asked for, and stops it gracefully.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use axum::Router;
use dateline_backends::{Archive, Inbox, Ledger, LedgerError, Reports, StateStore, Views};
use dateline_events::Position;
use dateline_proofs::VerifierKey;
use dateline_timelines::PROJECTION_VERSION;
use tokio::sync::{Mutex, watch};
use tokio::task::JoinHandle;

use super::redact::{self, Redacting};
use super::routes::whole;
use super::sealing::{Sealing, signer};
use crate::archive::Copying;
use crate::detector::Detector;
use crate::intake::reports::{Beats, ReportsIntake};
use crate::intake::{Intake, inbox};
use crate::notary::{Notary, Places};
use crate::projector::Projector;
use crate::reader::Reader;
use crate::shared::api_client::ApiClient;
use crate::shared::config::{Role, Serving, Web};
use crate::shared::following;
use crate::shared::health::Health;
use crate::shared::http::{Gate, Listener, Ready, listener};
use crate::shared::keys::Keys;
use crate::shared::merkle_log::{self, MerkleLog};
use crate::shared::running::{Announcement, announce, new_token};
use crate::shared::stores::{Stores, Use, open_ledger, open_reports, open_state_store, record_high_water_mark, until_replaced};
use crate::shared::supervise::{Roles, Tasks};

/// An intake elsewhere must answer within this, in milliseconds.
const ANSWER_MS: u64 = 30_000;

/// Roles that run in this process: one, or all.
pub struct Server {
    /// Where it listens.
    pub address: SocketAddr,
    /// The ledger.
    pub ledger: Ledger,
    /// The views, where a role needs them.
    pub views: Option<Views>,
    /// The state store.
    pub state_store: StateStore,
    stop: watch::Sender<bool>,
    tasks: Tasks,
    /// The public keys of the log that it signs, the one in force first; and whether they were made just now.
    pub log_keys: Option<(Vec<VerifierKey>, bool)>,
    /// Says to commands on the same files where it listens, as long as it does.
    announced: Option<Announcement>,
    /// Ends with the reason why they must be started anew.
    replaced: JoinHandle<String>,
}

/// What the roles that are being started share.
struct Startup<'a> {
    serving: &'a Serving,
    state_store: StateStore,
    gate: Gate,
    stopped: watch::Receiver<bool>,
    roles: Roles,
}

impl Server {
    /// Opens what the roles need and starts them behind one address.
    pub async fn start(serving: &Serving) -> anyhow::Result<Self> {
        let roles = Roles::new(serving.planted.clone());
        Self::start_with(serving, roles, |gate, health| health.metrics("/metrics", gate)).await
    }

    /// The same with further routes behind the same address and the same gate, `/metrics` among them, and with roles that others show
    /// something in, too.
    pub async fn start_with(serving: &Serving, roles: Roles, further: impl FnOnce(&Gate, &Health) -> Router) -> anyhow::Result<Self> {
        let addresses = &serving.addresses;
        let state_store = open_state_store(addresses).await?;
        let keys = Keys::new(state_store.clone());
        let loopback = serving.listen.ip().is_loopback();
        if serving.has(Role::Intake) && !loopback {
            check_that_keys_exist(&keys, serving).await?;
        }
        let (stop, stopped) = watch::channel(false);
        let operator = new_token()?;
        let gate = Gate::new(keys.clone(), loopback, serving.open_reading).with_operator(operator.clone());
        let startup = Startup { serving, state_store, gate, stopped, roles };
        let views = startup.views().await?;
        let archive = startup.archive().await?;
        let known = known(views.as_ref(), archive.as_ref()).await?;
        let ledger_use = if serving.has(Role::Intake) { Use::Append } else { Use::Read };
        let (ledger, number) = open_ledger(addresses, &startup.state_store, ledger_use, known).await?;
        if let Some(views) = &views {
            views.must_reach(ledger.head().await?.position).await?;
        }
        check_that_keys_are_there(&keys, &ledger, serving).await?;
        let sealing = startup.sealing().await?;
        let inbox = startup.inbox().await?;
        let reports = if serving.has(Role::Intake) || serving.has(Role::Detector) { open_reports(addresses).await? } else { None };
        let detecting = startup.detecting(&ledger, views.as_ref(), reports.as_ref())?;
        let listener = Listener::bind(serving.listen, &serving.web)
            .await
            .with_context(|| format!("cannot listen on {}; choose another address with --listen", serving.listen))?;
        let address = listener.address();
        let health = startup.health(&ledger, views.as_ref(), archive.as_ref(), listener.lowered());
        let log = sealing.as_ref().map(|sealing| &sealing.log);
        let (router, ready) = startup.routes(&health, reports.as_ref(), log);
        let router = match &detecting {
            Some((detector, ..)) => router.merge(detector.routes(&startup.gate)),
            None => router,
        };
        let router = whole(router.merge(further(&startup.gate, &health)));
        let mut tasks = startup.start(&ledger, number, views.as_ref(), inbox);
        startup.start_marks(&mut tasks, &keys);
        if let Some(archive) = archive {
            let ledger = ledger.clone();
            following::start(&mut tasks, "archive", move || Copying::open(ledger.clone(), archive.clone()));
        }
        let log_keys = match sealing {
            Some(Sealing { places, .. }) if serving.has(Role::Notary) => startup.start_notary(&mut tasks, &ledger, places).await?,
            _ => None,
        };
        if let Some((detector, reports, api)) = detecting {
            let state_store = startup.state_store.clone();
            following::start(&mut tasks, Detector::NAME, move || detector.clone().open(reports.clone(), state_store.clone(), api.clone()));
        }
        serve_on(&mut tasks, listener, &serving.web, (router, ready), startup.stopped.clone());
        let replaced = tokio::spawn(until_replaced(startup.state_store.clone(), number));
        let announced = announce(serving, address, &operator).unwrap_or_else(|error| {
            tracing::warn!(error = format!("{error:#}"), "commands on the same files do not find this server: name it to them with --url");
            None
        });
        Ok(Self { address, ledger, views, state_store: startup.state_store, stop, tasks, log_keys, announced, replaced })
    }

    /// Ends with the reason when these roles work on what is a thing of the past.
    pub async fn until_replaced(&mut self) -> String {
        match (&mut self.replaced).await {
            Ok(reason) => reason,
            Err(error) => format!("the watch over the current ledger ended: {error}"),
        }
    }

    /// Lets requests under way end, then stops.
    pub async fn stop(self) {
        self.replaced.abort();
        drop(self.announced);
        // Nobody listens any more only if everything has stopped already.
        let _ = self.stop.send(true);
        self.tasks.ended().await;
    }
}

/// How far the ledger is known to reach: as far as the views and the archive have read it.
async fn known(views: Option<&Views>, archive: Option<&Archive>) -> anyhow::Result<Position> {
    let mut known = 0;
    if let Some(views) = views {
        known = views.cursor(views.serving().await?).await?;
    }
    if let Some(archive) = archive {
        known = known.max(archive.head().await?);
    }
    Ok(known)
}

/// A state store that was lost does not open the door: the ledger remembers that keys were made.
async fn check_that_keys_are_there(keys: &Keys, ledger: &Ledger, serving: &Serving) -> anyhow::Result<()> {
    let any_exist = keys.were_made().await?;
    if !any_exist && ledger.keys_made().await? {
        bail!(
            "the ledger {} remembers that API keys were made, and the state store {} holds none: it was lost, or it is another one. Put it back, or make a key with `dateline keys create`; without one everybody could publish",
            serving.addresses.ledger,
            serving.addresses.state_store
        );
    }
    if serving.has(Role::Intake) {
        keys.remember_in(ledger.clone());
        if any_exist && !ledger.keys_made().await? {
            match ledger.mark_keys_made().await {
                Err(LedgerError::Full) => tracing::warn!("the ledger's disk is full: that API keys were made is noted in it when there is room"),
                marked => marked?,
            }
        }
    }
    Ok(())
}

/// One's own machine needs no key; elsewhere nobody could publish without one.
async fn check_that_keys_exist(keys: &Keys, serving: &Serving) -> anyhow::Result<()> {
    if keys.any_in_force().await? {
        return Ok(());
    }
    let detail = format!("{} can be reached from other machines, and there is no API key yet", serving.listen);
    if serving.roles.len() > 1 {
        bail!("{detail}: everyone could publish. Make one with `dateline keys create`, or listen on 127.0.0.1");
    }
    // An intake of its own comes up before anybody could have made a key; until then it refuses everyone.
    tracing::warn!("{detail}: nobody can publish. Make one with `dateline keys create`");
    Ok(())
}

impl Startup<'_> {
    async fn views(&self) -> anyhow::Result<Option<Views>> {
        if !(self.serving.has(Role::Projector) || self.serving.has(Role::Reader)) {
            return Ok(None);
        }
        Ok(Some(Views::open(&self.serving.addresses.views, PROJECTION_VERSION).await?))
    }

    /// The signed log, where a role writes it, or answers from it.
    async fn sealing(&self) -> anyhow::Result<Option<Sealing>> {
        if ![Role::Notary, Role::Reader, Role::Intake].into_iter().any(|role| self.serving.has(role)) {
            return Ok(None);
        }
        Sealing::open(&self.serving.addresses.role_state, &self.state_store).await.map(Some)
    }

    /// Opened before anybody is told that the intake serves: from then on publishers can send.
    async fn inbox(&self) -> anyhow::Result<Option<Inbox>> {
        match self.serving.addresses.inbox().filter(|_| self.serving.has(Role::Intake)) {
            Some(url) => Ok(Some(Inbox::open(url).await?)),
            None => Ok(None),
        }
    }

    /// A detector, the log that it follows, and the intake that it publishes to: that of this process, else the one at --url.
    fn detecting(
        &self,
        ledger: &Ledger,
        views: Option<&Views>,
        reports: Option<&Reports>,
    ) -> anyhow::Result<Option<(Detector, Reports, Arc<ApiClient>)>> {
        if !self.serving.has(Role::Detector) {
            return Ok(None);
        }
        let Some(reports) = reports else {
            if self.serving.roles.len() == 1 {
                bail!("there is no log of reports to follow (--reports none)");
            }
            return Ok(None);
        };
        let api = match (views.filter(|_| self.serving.has(Role::Intake)), &self.serving.publish_to) {
            (Some(views), _) => {
                ApiClient::files(Stores { ledger: ledger.clone(), views: views.clone(), state_store: self.state_store.clone(), reports: None })
            }
            (None, Some((url, key))) => ApiClient::server(url, key.clone(), Some(Duration::from_millis(ANSWER_MS)))?,
            (None, None) => bail!("whom does the detector publish to? Name the intake with --url http://HOST:PORT"),
        };
        Ok(Some((Detector::new(self.roles.clone()), reports.clone(), Arc::new(api))))
    }

    async fn archive(&self) -> anyhow::Result<Option<Archive>> {
        if !self.serving.has(Role::Archive) {
            return Ok(None);
        }
        match &self.serving.addresses.archive {
            Some(url) => Ok(Some(Archive::open(url).await?)),
            None if self.serving.roles.len() > 1 => Ok(None),
            None => bail!("there is no place for an archive: name it with --archive sqlite:PATH or postgres://…"),
        }
    }

    /// What destroys a text, where this process writes the ledger and knows the views.
    fn redacting(&self, ledger: &Ledger, views: Option<&Views>, archive: Option<&Archive>, log: Option<&MerkleLog>) -> Option<Redacting> {
        let views = views.filter(|_| self.serving.has(Role::Intake) && self.serving.has(Role::Projector))?;
        Some(Redacting {
            ledger: ledger.clone(),
            views: views.clone(),
            state_store: self.state_store.clone(),
            archive: archive.cloned(),
            log: log.cloned(),
            projects: false,
        })
    }

    fn health(&self, ledger: &Ledger, views: Option<&Views>, archive: Option<&Archive>, lowered: Option<&str>) -> Health {
        let needs_ledger = self.serving.roles.iter().any(|role| *role != Role::Reader);
        Health {
            ledger: ledger.clone(),
            state_store: self.state_store.clone(),
            needs_ledger,
            views: views.cloned(),
            archive: archive.cloned(),
            roles: self.roles.clone(),
            lowered: lowered.map(ToOwned::to_owned),
        }
    }

    fn routes(&self, health: &Health, reports: Option<&Reports>, log: Option<&MerkleLog>) -> (Router, Ready) {
        let (ledger, views) = (&health.ledger, health.views.as_ref());
        let mut ready = Ready::default();
        let mut router = health.clone().routes();
        if self.serving.has(Role::Intake) {
            let kept_up = (self.roles.clone(), self.stopped.clone());
            let (bodies, reporting) = (self.serving.web.bodies(), self.serving.reporting.clone());
            let intake = Intake::new(ledger.clone(), self.state_store.clone(), self.gate.clone(), bodies.clone());
            router = router.merge(intake.beside(views).sealed_by(log).routes());
            router = router.merge(ReportsIntake::start(reports.cloned(), self.gate.clone(), bodies, reporting, Beats::Yes, kept_up).routes());
        }
        if let Some(views) = views.filter(|_| self.serving.has(Role::Reader)) {
            let reader = Reader::new(ledger.clone(), views.clone(), self.state_store.clone(), self.gate.clone(), self.stopped.clone());
            ready = reader.ready();
            router = router.merge(reader.sealed_by(log).routes());
        }
        if let Some(redacting) = self.redacting(ledger, views, health.archive.as_ref(), log) {
            router = router.merge(redact::routes(redacting, self.gate.clone()));
        }
        if let Some(log) = log.filter(|_| self.serving.has(Role::Reader) || self.serving.has(Role::Notary)) {
            router = router.merge(merkle_log::routes(log.clone(), self.gate.clone()));
        }
        (router, ready)
    }

    /// Notes in the ledger that API keys were made, once they are.
    fn start_marks(&self, tasks: &mut Tasks, keys: &Keys) {
        let (keys, stopped) = (keys.clone(), self.stopped.clone());
        tasks.start("marks", move || {
            let (keys, stopped) = (keys.clone(), stopped.clone());
            async move {
                keys.mark_when_made(stopped.clone()).await;
                // Once it is noted there is nothing more to do until the end.
                listener::told(stopped).await;
            }
        });
    }

    /// Starts the notary, and answers its public keys, with whether they are new. Where it may not sign, the other roles of this process go on
    /// without it, and readiness says why; a notary of its own, and one whose key was named, does not start then.
    async fn start_notary(&self, tasks: &mut Tasks, ledger: &Ledger, places: Places) -> anyhow::Result<Option<(Vec<VerifierKey>, bool)>> {
        let (signer, is_new) = match signer(&self.serving.log, &self.state_store).await {
            Ok(found) => found,
            Err(error) if self.serving.roles.len() > 1 && self.serving.log.key.is_none() => {
                let why = format!("nothing is sealed: {error:#}");
                tracing::error!(why, "the notary does not sign");
                self.roles.remark(Notary::NAME, &why);
                return Ok(None);
            }
            Err(error) => return Err(error),
        };
        let keys = signer.verifiers();
        let ledger = ledger.clone();
        following::start(tasks, Notary::NAME, move || Notary::open(ledger.clone(), places.clone(), signer.clone()));
        Ok(Some((keys, is_new)))
    }

    fn start(&self, ledger: &Ledger, number: u32, views: Option<&Views>, inbox: Option<Inbox>) -> Tasks {
        let mut tasks = Tasks::new(self.roles.clone(), self.stopped.clone());
        let (ledger, state_store, stopped) = (ledger.clone(), self.state_store.clone(), self.stopped.clone());
        if self.serving.has(Role::Intake) {
            let (ledger, state_store, stopped) = (ledger.clone(), state_store.clone(), stopped.clone());
            tasks.start("note of the ledger's reach", move || record_high_water_mark(ledger.clone(), number, state_store.clone(), stopped.clone()));
        }
        if let Some(inbox) = inbox.map(|inbox| Arc::new(Mutex::new(inbox))) {
            let (ledger, state_store, stopped) = (ledger.clone(), state_store, stopped.clone());
            tasks.start("inbox", move || inbox::run(inbox.clone(), ledger.clone(), state_store.clone(), stopped.clone()));
        }
        if let Some(views) = views.filter(|_| self.serving.has(Role::Projector)).cloned() {
            let fold_bytes = self.serving.fold_bytes;
            following::start(&mut tasks, "projector", move || Projector::open(ledger.clone(), views.clone(), fold_bytes));
        }
        tasks
    }
}

/// Answers at an address, by what is ready or by routes; started again, at the same.
pub fn serve_on(tasks: &mut Tasks, listener: Listener, web: &Web, (router, ready): (Router, Ready), stopped: watch::Receiver<bool>) {
    let (address, web) = (listener.address(), web.clone());
    let mut bound = Some(listener);
    tasks.start("server", move || {
        let (bound, web, router, ready, stopped) = (bound.take(), web.clone(), router.clone(), ready.clone(), stopped.clone());
        async move {
            let listener = match bound {
                Some(listener) => listener,
                None => match Listener::bind(address, &web).await {
                    Ok(listener) => listener,
                    Err(error) => return tracing::error!(%error, "nobody can be answered"),
                },
            };
            listener.serve(router, ready, stopped).await;
        }
    });
}
