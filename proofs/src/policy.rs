//! Trust policies (C2SP tlog-policy): which logs are known, which witnesses, and how many of those must have cosigned.

use thiserror::Error;

use crate::checkpoint::{Checkpoint, CheckpointError};
use crate::key::{KeyError, SignatureType, VerifierKey};
use crate::note::Note;

/// The most bytes of a policy that is read.
pub const POLICY_BYTES_MAX: usize = 256 * 1024;

/// The most logs of a policy; C2SP wants 32 at least.
pub const POLICY_LOGS_MAX: usize = 64;

/// The most witnesses of a policy; C2SP wants 32 at least.
pub const POLICY_WITNESSES_MAX: usize = 64;

/// The most groups of a policy; C2SP wants 32 at least.
pub const POLICY_GROUPS_MAX: usize = 64;

/// The quorum that asks for no witness.
const NONE: &[u8] = b"none";

/// A policy. It accepts a checkpoint that one of its logs signed and the quorum of its witnesses cosigned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    logs: Vec<PolicyLog>,
    witnesses: Vec<PolicyWitness>,
    /// Witnesses and groups, in the order of their lines; a group names earlier ones only.
    definitions: Vec<Definition>,
    /// None where no witness is asked for.
    quorum: Option<usize>,
    /// The keys of logs, then those of witnesses.
    keys: Vec<VerifierKey>,
}

/// A log of a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyLog {
    /// What it signs its checkpoints with; the key's name is the origin.
    pub key: VerifierKey,
    /// Where it is asked, as written; C2SP leaves the meaning to whoever reads it.
    pub url: Option<Vec<u8>>,
}

/// A witness of a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyWitness {
    /// What it is called within the policy; any bytes.
    pub name: Vec<u8>,
    /// What it cosigns with.
    pub key: VerifierKey,
    /// Where it is asked, as written: mostly the prefix of `add-checkpoint`.
    pub url: Option<Vec<u8>>,
}

/// What a name of the policy stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Definition {
    name: Vec<u8>,
    rule: Rule,
    /// True once it is a member of a group: nothing counts twice.
    is_member: bool,
}

/// When what a name stands for has witnessed a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Rule {
    /// When this witness, by its number, cosigned.
    Witness(usize),
    /// When so many of these definitions, by their numbers, have.
    Group { threshold: usize, members: Vec<usize> },
}

/// What is wrong with a policy, or why it does not accept a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PolicyError {
    /// Larger than is read.
    #[error("a policy has at most {POLICY_BYTES_MAX} bytes, and this one has {0}")]
    TooLarge(usize),
    /// A line breaks a rule.
    #[error("line {line} of the policy: {fault}")]
    Line {
        /// The line's number, from 1.
        line: usize,
        /// Which rule.
        fault: PolicyFault,
    },
    /// The policy does not say how many witnesses it asks for.
    #[error("a policy has a quorum line: `quorum NAME`, or `quorum none`")]
    NoQuorum,
    /// No known log signed the checkpoint, or a signature is forged.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// Too few witnesses cosigned.
    #[error("the checkpoint is cosigned by {cosigned} of {known} known witnesses, and that is no quorum")]
    Quorum {
        /// How many of the known ones did.
        cosigned: usize,
        /// How many witnesses the policy knows.
        known: usize,
    },
}

/// What is wrong with a line of a policy.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PolicyFault {
    /// The last line has no newline.
    #[error("it does not end in a newline")]
    NoNewline,
    /// A control character other than tab and newline.
    #[error("it holds a control character")]
    Control,
    /// The line begins with an unknown word.
    #[error("a line begins with log, witness, group, quorum or #")]
    Keyword,
    /// Too few or too many words.
    #[error("it is not of the form `{0}`")]
    Form(&'static str),
    /// The key cannot be read.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A log has a witness's key or the other way round.
    #[error("a log has a key of type 0x01, a witness one of type 0x04")]
    KeyType,
    /// Another line has the same public key.
    #[error("an earlier line has the same public key")]
    SameKey,
    /// The name is taken.
    #[error("an earlier line defines that name, or it is `none`, which is taken")]
    NameTaken,
    /// The name is not defined, or not yet.
    #[error("`{0}` is not defined on an earlier line")]
    Undefined(String),
    /// A member of two groups, or twice of one.
    #[error("`{0}` is a member of a group already, and nothing counts twice")]
    MemberTwice(String),
    /// The threshold is no number from 1 to the count of members.
    #[error("a group asks for `all`, for `any` or for 1 to as many as it has members")]
    Threshold,
    /// A second quorum line.
    #[error("an earlier line says the quorum")]
    QuorumTwice,
    /// More than are read.
    #[error("a policy has at most {0} lines of that kind")]
    TooMany(usize),
}

impl Policy {
    /// Reads a policy. Lines end in a newline; names and addresses are bytes, not text.
    pub fn parse(bytes: &[u8]) -> Result<Self, PolicyError> {
        if bytes.len() > POLICY_BYTES_MAX {
            return Err(PolicyError::TooLarge(bytes.len()));
        }
        let mut draft = Draft::default();
        for (line, text) in (1..).zip(bytes.split_inclusive(|byte| *byte == b'\n')) {
            draft.read_line(text).map_err(|fault| PolicyError::Line { line, fault })?;
        }
        let Draft { logs, witnesses, definitions, quorum } = draft;
        let keys = logs.iter().map(|log: &PolicyLog| &log.key).chain(witnesses.iter().map(|witness: &PolicyWitness| &witness.key));
        let keys = keys.cloned().collect();
        Ok(Self { quorum: quorum.ok_or(PolicyError::NoQuorum)?, logs, witnesses, definitions, keys })
    }

    /// The checkpoint in a note, if a known log signed it and enough witnesses cosigned it. A forged signature of a known log or
    /// witness refuses it; signatures of others count for nothing.
    pub fn open(&self, note: &Note) -> Result<Checkpoint, PolicyError> {
        let (checkpoint, signed) = Checkpoint::open(note, &self.keys)?;
        if self.is_met_by(&signed) {
            return Ok(checkpoint);
        }
        let cosigned = self.witnesses.iter().filter(|witness| signed.contains(&&witness.key)).count();
        Err(PolicyError::Quorum { cosigned, known: self.witnesses.len() })
    }

    /// True if the holders of these keys are a quorum.
    pub fn is_met_by(&self, cosigned: &[&VerifierKey]) -> bool {
        let mut have: Vec<bool> = Vec::with_capacity(self.definitions.len());
        for definition in &self.definitions {
            have.push(match &definition.rule {
                Rule::Witness(number) => self.witnesses.get(*number).is_some_and(|witness| cosigned.contains(&&witness.key)),
                Rule::Group { threshold, members } => members.iter().filter(|member| have.get(**member) == Some(&true)).count() >= *threshold,
            });
        }
        self.quorum.is_none_or(|quorum| have.get(quorum) == Some(&true))
    }

    /// The known logs.
    pub fn logs(&self) -> &[PolicyLog] {
        &self.logs
    }

    /// The known witnesses.
    pub fn witnesses(&self) -> &[PolicyWitness] {
        &self.witnesses
    }
}

/// What was read so far.
#[derive(Default)]
struct Draft {
    logs: Vec<PolicyLog>,
    witnesses: Vec<PolicyWitness>,
    definitions: Vec<Definition>,
    /// Whether there was a quorum line, and what it asks for.
    quorum: Option<Option<usize>>,
}

impl Draft {
    fn read_line(&mut self, line: &[u8]) -> Result<(), PolicyFault> {
        let line = line.strip_suffix(b"\n").ok_or(PolicyFault::NoNewline)?;
        if line.iter().any(|byte| matches!(byte, 0..=8 | 0x0b..=0x1f | 0x7f)) {
            return Err(PolicyFault::Control);
        }
        let words: Vec<&[u8]> = line.split(|byte| matches!(byte, b' ' | b'\t')).filter(|word| !word.is_empty()).collect();
        match words.split_first() {
            None => Ok(()),
            Some((first, _)) if first.starts_with(b"#") => Ok(()),
            Some((&b"log", words)) => self.add_log(words),
            Some((&b"witness", words)) => self.add_witness(words),
            Some((&b"group", words)) => self.add_group(words),
            Some((&b"quorum", words)) => self.set_quorum(words),
            Some(_) => Err(PolicyFault::Keyword),
        }
    }

    fn add_log(&mut self, words: &[&[u8]]) -> Result<(), PolicyFault> {
        let (key, url) = match words {
            [key] => (key, None),
            [key, url] => (key, Some(url.to_vec())),
            _ => return Err(PolicyFault::Form("log KEY [URL]")),
        };
        let key = key_of(key, SignatureType::Ed25519)?;
        if self.logs.iter().any(|log| log.key.public() == key.public()) {
            return Err(PolicyFault::SameKey);
        }
        check_room(self.logs.len(), POLICY_LOGS_MAX)?;
        self.logs.push(PolicyLog { key, url });
        Ok(())
    }

    fn add_witness(&mut self, words: &[&[u8]]) -> Result<(), PolicyFault> {
        let (name, key, url) = match words {
            [name, key] => (name, key, None),
            [name, key, url] => (name, key, Some(url.to_vec())),
            _ => return Err(PolicyFault::Form("witness NAME KEY [URL]")),
        };
        let key = key_of(key, SignatureType::Cosignature)?;
        if self.witnesses.iter().any(|witness| witness.key.public() == key.public()) {
            return Err(PolicyFault::SameKey);
        }
        check_room(self.witnesses.len(), POLICY_WITNESSES_MAX)?;
        self.define(name, Rule::Witness(self.witnesses.len()))?;
        self.witnesses.push(PolicyWitness { name: name.to_vec(), key, url });
        Ok(())
    }

    fn add_group(&mut self, words: &[&[u8]]) -> Result<(), PolicyFault> {
        let [name, threshold, names @ ..] = words else { return Err(PolicyFault::Form("group NAME all|any|K NAME...")) };
        if names.is_empty() {
            return Err(PolicyFault::Form("group NAME all|any|K NAME..."));
        }
        let groups = self.definitions.iter().filter(|definition| matches!(definition.rule, Rule::Group { .. })).count();
        check_room(groups, POLICY_GROUPS_MAX)?;
        let mut members = Vec::new();
        for name in names {
            let number = self.number_of(name)?;
            if std::mem::replace(&mut self.definitions[number].is_member, true) {
                return Err(PolicyFault::MemberTwice(shown(name)));
            }
            members.push(number);
        }
        let threshold = match *threshold {
            b"all" => members.len(),
            b"any" => 1,
            digits => count_of(digits).filter(|count| (1..=members.len()).contains(count)).ok_or(PolicyFault::Threshold)?,
        };
        self.define(name, Rule::Group { threshold, members })
    }

    fn set_quorum(&mut self, words: &[&[u8]]) -> Result<(), PolicyFault> {
        let [name] = words else { return Err(PolicyFault::Form("quorum NAME")) };
        if self.quorum.is_some() {
            return Err(PolicyFault::QuorumTwice);
        }
        self.quorum = Some(if *name == NONE { None } else { Some(self.number_of(name)?) });
        Ok(())
    }

    fn define(&mut self, name: &[u8], rule: Rule) -> Result<(), PolicyFault> {
        if name == NONE || self.number_of(name).is_ok() {
            return Err(PolicyFault::NameTaken);
        }
        self.definitions.push(Definition { name: name.to_vec(), rule, is_member: false });
        Ok(())
    }

    fn number_of(&self, name: &[u8]) -> Result<usize, PolicyFault> {
        self.definitions.iter().position(|definition| definition.name == name).ok_or_else(|| PolicyFault::Undefined(shown(name)))
    }
}

fn key_of(text: &[u8], wanted: SignatureType) -> Result<VerifierKey, PolicyFault> {
    let key: VerifierKey = std::str::from_utf8(text).map_err(|_| KeyError::VerifierText)?.parse()?;
    if key.signature_type() == wanted { Ok(key) } else { Err(PolicyFault::KeyType) }
}

fn count_of(digits: &[u8]) -> Option<usize> {
    let digits = std::str::from_utf8(digits).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))?;
    digits.parse().ok()
}

fn check_room(have: usize, most: usize) -> Result<(), PolicyFault> {
    if have < most { Ok(()) } else { Err(PolicyFault::TooMany(most)) }
}

fn shown(name: &[u8]) -> String {
    crate::lines::shown(&String::from_utf8_lossy(name))
}
