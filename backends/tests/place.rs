//! Where a test keeps its views and archives: a folder, or a database of its own on a real server. No promise is tested here.

use dateline_backends::Views;
use dateline_timelines::PROJECTION_VERSION;
use tempfile::TempDir;

use crate::postgres;

/// A place for one test.
pub enum Place {
    Embedded(TempDir),
    Distributed(String),
}

impl Place {
    pub fn embedded() -> Self {
        Self::Embedded(TempDir::new().unwrap())
    }

    pub fn distributed() -> Self {
        Self::Distributed(postgres::shared().create_database())
    }

    /// The address of what a test keeps here.
    pub fn url(&self, name: &str) -> String {
        match self {
            Self::Embedded(folder) => format!("sqlite:{}", folder.path().join(format!("{name}.db")).display()),
            Self::Distributed(url) => url.clone(),
        }
    }
}

/// Views at a place.
pub async fn views(place: &Place) -> Views {
    Views::open(&place.url("views"), PROJECTION_VERSION).await.unwrap()
}

/// Makes every function a test on every engine: one body, so that no engine keeps a promise of its own.
macro_rules! on_every_engine {
    ($($name:ident),* $(,)?) => {
        mod embedded {
            $(#[tokio::test] async fn $name() { super::$name(crate::place::Place::embedded()).await; })*
        }
        mod distributed {
            $(#[tokio::test] async fn $name() { super::$name(crate::place::Place::distributed()).await; })*
        }
    };
}
pub(crate) use on_every_engine;
