//! The roles' routes over the files, in this process: whom a command asks where no server is named.

use dateline_backends::ViewsError;
use dateline_timelines::project::FOLD_BYTES_KEPT;
use tokio::sync::watch;

use super::routes::routes;
use crate::projector::{ProjectError, Projector, rebuild};
use crate::shared::api_client::{ApiClient, server_of};
use crate::shared::config::Settings;
use crate::shared::http::Gate;
use crate::shared::keys::Keys;
use crate::shared::stores::{Stores, Use};

impl ApiClient {
    /// The server named in the settings, or the one that runs on the files; else the files.
    pub async fn open(settings: &Settings, files: Use) -> anyhow::Result<Self> {
        if let Some((url, key)) = server_of(settings, files) {
            return Self::server(&url, key, None);
        }
        Ok(Self::files(Stores::open(&settings.addresses, files).await?))
    }

    /// The files that this process has opened already.
    pub fn files(stores: Stores) -> Self {
        let (stop, stopped) = watch::channel(false);
        let gate = Gate::owner(Keys::new(stores.state_store.clone()));
        let router = routes(&stores, &gate, stopped);
        Self::Files { stores, router, stop }
    }

    /// On files, whose views nobody else projects, brings them up to what was published. On a bus somebody may, and is left to it. A
    /// server's reader is asked until it has read as far; one that does not answer (an intake alone, a key that may not read) is left to it.
    pub async fn settle(&self) -> anyhow::Result<()> {
        let Self::Files { stores, .. } = self else {
            self.wait_for_the_reader().await;
            return Ok(());
        };
        let generation = stores.views.serving().await?;
        let projector = Projector::new(&stores.ledger, &stores.views, generation, FOLD_BYTES_KEPT).await?;
        let projected = match projector.up_to(stores.ledger.head().await?.position).await {
            // Views that hold a text which was destroyed since are made anew.
            Err(ProjectError::Redacted(_)) => rebuild(&stores.ledger, &stores.views, FOLD_BYTES_KEPT, |_, _| {}).await.map(drop),
            projected => projected,
        };
        if !matches!(projected, Err(ProjectError::Views(ViewsError::Fenced { .. }))) {
            projected?;
        }
        Ok(())
    }

    async fn wait_for_the_reader(&self) {
        let Ok(answer) = self.stream("/v1/incidents?limit=1").await else { return };
        if let Some(head) = answer.headers().get("dateline-head").and_then(|head| head.to_str().ok()) {
            let _ = self.get(&format!("/v1/incidents?limit=1&min_position={head}")).await;
        }
    }
}
