//! What a process needs of the signed log: where it is kept, and the keys that sign it where this process is the notary.

use anyhow::{Context, bail};
use dateline_backends::{Address, RoleState, StateStore};
use dateline_proofs::SEED_BYTES;

use crate::notary::{Places, Signer, SignerError};
use crate::shared::config::LogSettings;
use crate::shared::merkle_log::{MerkleLog, Sealed};

/// How a log is called for which nobody chose a name; chance follows, so that no two are called alike.
const NAME: &str = "localhost/dateline-";

/// The signed log, opened.
pub struct Sealing {
    /// To be read.
    pub log: MerkleLog,
    /// To be written.
    pub places: Places,
}

impl Sealing {
    /// Opens where the log is kept.
    pub async fn open(role_state: &Address, state_store: &StateStore) -> anyhow::Result<Self> {
        let role_state = RoleState::open(role_state.clone()).await?;
        let log = MerkleLog::new(state_store.clone(), role_state.clone());
        Ok(Self { log, places: Places { state_store: state_store.clone(), role_state } })
    }
}

/// The keys of the log, and whether they were made just now: where nothing was sealed yet, and there is no key. A key that an operator
/// names must be among them.
pub async fn signer(settings: &LogSettings, state_store: &StateStore) -> anyhow::Result<(Signer, bool)> {
    let sealed = Sealed::load(state_store).await?.map(|(sealed, _)| sealed);
    let (signer, is_new) = match (Signer::load(&settings.key_path)?, &sealed) {
        (Some(signer), _) => (signer, false),
        (None, Some(_)) => return Err(SignerError::Missing { path: settings.key_path.clone() }.into()),
        (None, None) if settings.key.is_some() => {
            bail!("--log-key names a key, and {} is not there: put it there, or leave --log-key out for a new log", settings.key_path.display())
        }
        (None, None) => (new_signer(settings)?, true),
    };
    if let Some(sealed) = &sealed {
        signer.must_have_signed(sealed)?;
    }
    if let Some(named) = &settings.key {
        signer.must_be(named)?;
    }
    if let Some(origin) = settings.origin.as_ref().filter(|origin| origin.as_str() != signer.origin()) {
        bail!(
            "--log-origin names the log {origin}, and the key {} is that of {}: a log keeps its name",
            settings.key_path.display(),
            signer.origin()
        );
    }
    Ok((signer, is_new))
}

/// A seed that nobody can guess.
pub fn seed() -> anyhow::Result<[u8; SEED_BYTES]> {
    let mut seed = [0; SEED_BYTES];
    getrandom::fill(&mut seed).map_err(|error| anyhow::anyhow!("the system gives no randomness: {error}"))?;
    Ok(seed)
}

fn new_signer(settings: &LogSettings) -> anyhow::Result<Signer> {
    let origin = match &settings.origin {
        Some(origin) => origin.clone(),
        None => format!("{NAME}{}", dateline_events::hexadecimal(&seed()?[..8])),
    };
    if let Some(folder) = settings.key_path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).with_context(|| format!("cannot make the folder {}", folder.display()))?;
    }
    Ok(Signer::create(&settings.key_path, &origin, seed()?)?)
}
