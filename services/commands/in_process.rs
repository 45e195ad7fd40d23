//! The roles' routes over the files, in this process: whom a command asks where no server is named.

use dateline_backends::ViewsError;
use dateline_timelines::project::FOLD_BYTES_KEPT;
use tokio::sync::watch;

use super::serve::routes;
use crate::projector::{ProjectError, Projector};
use crate::shared::api_client::{ApiClient, checked};
use crate::shared::config::Settings;
use crate::shared::http::Gate;
use crate::shared::keys::Keys;
use crate::shared::stores::{Stores, Use};

impl ApiClient {
    /// The server named in the settings, else the files.
    pub async fn open(settings: &Settings, files: Use) -> anyhow::Result<Self> {
        if let Some(url) = &settings.url {
            return Ok(Self::Server { url: checked(url)?, key: settings.key.clone(), client: reqwest::Client::new() });
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

    /// On files, whose views nobody else projects, brings them up to what was published. On a bus somebody may, and is left to it.
    pub async fn settle(&self) -> anyhow::Result<()> {
        let Self::Files { stores, .. } = self else { return Ok(()) };
        let generation = stores.views.serving().await?;
        let projector = Projector::new(&stores.ledger, &stores.views, generation, FOLD_BYTES_KEPT).await?;
        let projected = projector.up_to(stores.ledger.head().await?.position).await;
        if !matches!(projected, Err(ProjectError::Views(ViewsError::Fenced { .. }))) {
            projected?;
        }
        Ok(())
    }
}
