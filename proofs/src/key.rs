//! Keys that sign notes and keys that verify them, as C2SP signed-note writes them: names, key ids, Ed25519 (RFC 8032).

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::cosignature;
use crate::lines::shown;
use crate::note::Signature;

/// How many bytes the seed of an Ed25519 key has.
pub const SEED_BYTES: usize = 32;

/// The longest text of a key that is read.
pub const KEY_TEXT_BYTES_MAX: usize = 4096;

/// How many bytes an Ed25519 public key has.
const PUBLIC_BYTES: usize = 32;

/// What Go's golang.org/x/mod/sumdb/note writes before the text of a private key.
const PRIVATE: &str = "PRIVATE+KEY+";

/// How a key signs: the byte that C2SP signed-note assigns to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum SignatureType {
    /// An Ed25519 signature over the text of the note.
    Ed25519 = 0x01,
    /// An Ed25519 signature over the text and the time, by a witness (C2SP tlog-cosignature).
    Cosignature = 0x04,
}

/// A public key with its name: what verifies signatures of one type. Its text is the *vkey*, `name+01234567+base64`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct VerifierKey {
    name: String,
    id: u32,
    signature_type: SignatureType,
    public: [u8; PUBLIC_BYTES],
}

/// The key that a log signs its checkpoints with (type 0x01). Debug shows its public half.
pub struct SignerKey(PrivateKey);

/// A seed and what is made of it. It has no Debug of its own, so that no seed gets into a log.
pub(crate) struct PrivateKey {
    seed: [u8; SEED_BYTES],
    pair: Ed25519KeyPair,
    verifier: VerifierKey,
}

/// What is wrong with a key or its text.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum KeyError {
    /// The name is empty, or holds a space, a plus sign or a control character.
    #[error("`{0}` is no name of a key: it is not empty and has no spaces, no plus signs and no control characters")]
    Name(String),
    /// The text is not that of a verifier key.
    #[error("a verifier key is NAME+ID+KEY: a name, 8 lowercase hexadecimal digits and base64")]
    VerifierText,
    /// The text is not that of a signer key. It is not repeated here: it may be a key after all.
    #[error("a signer key is PRIVATE+KEY+NAME+ID+KEY: a name, 8 lowercase hexadecimal digits and base64")]
    SignerText,
    /// The text is longer than any key.
    #[error("the text of a key has at most {KEY_TEXT_BYTES_MAX} bytes")]
    TooLong,
    /// The id in the text is not that of the name and the key.
    #[error("the key of {name} has the id {wanted:08x}, not {got:08x}")]
    Id {
        /// The key's name.
        name: String,
        /// What name, type and key give.
        wanted: u32,
        /// What the text says.
        got: u32,
    },
    /// A signature type that is not known here, or not the wanted one.
    #[error("a key of type 0x{0:02x} does not belong here: 0x01 is a log's, 0x04 a witness's, and no others are known")]
    Type(u8),
    /// The key has not as many bytes as its type wants.
    #[error("an ed25519 key has 32 bytes, not {0}")]
    Length(usize),
}

impl VerifierKey {
    /// The key of this name that verifies signatures of this type by 32 bytes of an Ed25519 public key.
    pub fn new(name: &str, signature_type: SignatureType, public: [u8; 32]) -> Result<Self, KeyError> {
        if !is_key_name(name) {
            return Err(KeyError::Name(shown(name)));
        }
        Ok(Self { name: name.to_owned(), id: key_id(name, signature_type, &public), signature_type, public })
    }

    /// Its name; for a log's key it is the origin of the log's checkpoints.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The first 32 bits of SHA-256(name ‖ newline ‖ type ‖ public key): it helps to find a key, and proves nothing.
    pub fn id(&self) -> u32 {
        self.id
    }

    /// What its signatures are over.
    pub fn signature_type(&self) -> SignatureType {
        self.signature_type
    }

    /// The 32 bytes of the public key.
    pub fn public(&self) -> &[u8; 32] {
        &self.public
    }

    /// True if a signature line says that this key made it: the same name and id.
    pub fn is_of(&self, signature: &Signature) -> bool {
        self.id == signature.key_id() && self.name == signature.name()
    }

    /// True if the signature is one of this key over the text of a note.
    pub fn verifies(&self, text: &str, signature: &Signature) -> bool {
        self.is_of(signature)
            && match self.signature_type {
                SignatureType::Ed25519 => self.verifies_bytes(text.as_bytes(), signature.bytes()),
                SignatureType::Cosignature => cosignature::verifies(self, text, signature.bytes()),
            }
    }

    pub(crate) fn verifies_bytes(&self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, self.public).verify(message, signature).is_ok()
    }
}

impl SignerKey {
    /// The key of this seed, 32 bytes that nobody can guess. The same seed and name give the same key.
    pub fn from_seed(name: &str, seed: [u8; SEED_BYTES]) -> Result<Self, KeyError> {
        Ok(Self(PrivateKey::from_seed(name, SignatureType::Ed25519, seed)?))
    }

    /// Reads `PRIVATE+KEY+name+01234567+base64`, the form of Go's x/mod note.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        Ok(Self(PrivateKey::parse(text, SignatureType::Ed25519)?))
    }

    /// The text that [`parse`](Self::parse) reads. It holds the seed: it belongs into a file that only its owner reads, and nowhere else.
    pub fn secret_text(&self) -> String {
        self.0.secret_text()
    }

    /// Its public half.
    pub fn verifier(&self) -> &VerifierKey {
        self.0.verifier()
    }

    /// Signs the text of a note, which ends in a newline.
    pub fn sign(&self, text: &str) -> Signature {
        self.0.signature(self.0.sign(text.as_bytes()))
    }
}

impl PrivateKey {
    pub(crate) fn from_seed(name: &str, signature_type: SignatureType, seed: [u8; SEED_BYTES]) -> Result<Self, KeyError> {
        // A seed of 32 bytes is always taken.
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed).map_err(|_| KeyError::Length(seed.len()))?;
        let public = pair.public_key().as_ref();
        let public = public.try_into().map_err(|_| KeyError::Length(public.len()))?;
        Ok(Self { seed, pair, verifier: VerifierKey::new(name, signature_type, public)? })
    }

    pub(crate) fn parse(text: &str, wanted: SignatureType) -> Result<Self, KeyError> {
        let (name, id, type_byte, seed) = parts(text.strip_prefix(PRIVATE).ok_or(KeyError::SignerText)?, KeyError::SignerText)?;
        if type_byte != wanted as u8 {
            return Err(KeyError::Type(type_byte));
        }
        let key = Self::from_seed(name, wanted, seed)?;
        check_id(&key.verifier, id)?;
        Ok(key)
    }

    pub(crate) fn secret_text(&self) -> String {
        let VerifierKey { name, id, signature_type, .. } = &self.verifier;
        format!("{PRIVATE}{name}+{id:08x}+{}", typed_base64(*signature_type, &self.seed))
    }

    pub(crate) fn verifier(&self) -> &VerifierKey {
        &self.verifier
    }

    pub(crate) fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.pair.sign(message).as_ref().to_vec()
    }

    pub(crate) fn signature(&self, bytes: Vec<u8>) -> Signature {
        Signature::of_key(&self.verifier, bytes)
    }
}

/// Signed notes allow names that are not empty and have no Unicode space and no plus sign; a note has no control characters.
pub(crate) fn is_key_name(name: &str) -> bool {
    !name.is_empty() && !name.contains(|letter: char| letter.is_whitespace() || letter == '+' || letter < ' ')
}

fn key_id(name: &str, signature_type: SignatureType, public: &[u8; PUBLIC_BYTES]) -> u32 {
    let digest = Sha256::new().chain_update(name).chain_update([b'\n', signature_type as u8]).chain_update(public).finalize();
    u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]])
}

fn check_id(key: &VerifierKey, got: u32) -> Result<(), KeyError> {
    if key.id == got { Ok(()) } else { Err(KeyError::Id { name: shown(&key.name), wanted: key.id, got }) }
}

fn typed_base64(signature_type: SignatureType, bytes: &[u8; 32]) -> String {
    STANDARD.encode([&[signature_type as u8], bytes.as_slice()].concat())
}

/// Takes `name+id+base64` apart: name, id, signature type and 32 bytes.
fn parts(text: &str, malformed: KeyError) -> Result<(&str, u32, u8, [u8; 32]), KeyError> {
    if text.len() > KEY_TEXT_BYTES_MAX {
        return Err(KeyError::TooLong);
    }
    let Some((name, (id, key))) = text.split_once('+').and_then(|(name, rest)| Some((name, rest.split_once('+')?))) else { return Err(malformed) };
    // The standard library reads a sign and capitals too.
    let is_id = id.len() == 8 && id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let (Ok(id), true, Ok(key)) = (u32::from_str_radix(id, 16), is_id, STANDARD.decode(key)) else { return Err(malformed) };
    let Some((type_byte, key)) = key.split_first() else { return Err(malformed) };
    if ![SignatureType::Ed25519, SignatureType::Cosignature].iter().any(|known| *known as u8 == *type_byte) {
        return Err(KeyError::Type(*type_byte));
    }
    Ok((name, id, *type_byte, key.try_into().map_err(|_| KeyError::Length(key.len()))?))
}

impl FromStr for VerifierKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let (name, id, type_byte, public) = parts(text, KeyError::VerifierText)?;
        let signature_type = if type_byte == SignatureType::Ed25519 as u8 { SignatureType::Ed25519 } else { SignatureType::Cosignature };
        let key = Self::new(name, signature_type, public)?;
        check_id(&key, id)?;
        Ok(key)
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}+{:08x}+{}", self.name, self.id, typed_base64(self.signature_type, &self.public))
    }
}

impl fmt::Debug for VerifierKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "VerifierKey({self})")
    }
}

impl fmt::Debug for SignerKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "SignerKey(seed not shown, {})", self.0.verifier)
    }
}
