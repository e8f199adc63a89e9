//! What a proof shows to a reader who trusts certain keys.

use std::collections::HashSet;

use protocol::{Hash, directory::Directory, keys::PublicKey};

use crate::{
    batch::BATCH_LEAVES,
    checkpoint::{SignedCheckpoint, log_key, member_key, witness_key},
    merkle::{MerkleError, verify_consistency, verify_inclusion},
    note::{KeyName, NoteError, SignatureType, VerifierKey},
    proof::LogProof,
};

/// How many cosigners make a checkpoint countersigned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quorum {
    /// The number of members of the oversight body.
    pub oversight: usize,
    /// The number of outside witnesses.
    pub witnesses: usize,
}

/// The keys that a reader trusts, and how many of them must have cosigned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogPolicy {
    log: VerifierKey,
    oversight: Vec<VerifierKey>,
    witnesses: Vec<VerifierKey>,
    quorum: Quorum,
}

/// Why keys and quorum do not form a policy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// A handle of the directory cannot be part of a key name.
    #[error(transparent)]
    Name(#[from] NoteError),
    /// Two signers have the same key or the same name, so that one person would count twice.
    #[error("two signers of the log have the same name or the same key: {0}")]
    SameSigner(KeyName),
    /// The key of the log makes cosignatures, or the key of a cosigner does not.
    #[error("the signer {0} has a key of the wrong type")]
    WrongType(KeyName),
    /// The quorum is empty or larger than the number of cosigners.
    #[error("the quorum of the log is empty or larger than the number of cosigners")]
    UnreachableQuorum,
}

/// Why a checkpoint or a proof is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LogError {
    /// A signature of a known key is invalid.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// The checkpoint belongs to another log.
    #[error("the checkpoint belongs to the log {0}")]
    OtherLog(String),
    /// The log's key has not signed the checkpoint.
    #[error("the log has not signed the checkpoint")]
    NotSigned,
    /// The log does not consist of whole batches.
    #[error("a log of {0} leaves does not consist of whole batches")]
    PartialBatch(u64),
    /// The proof does not show what it should.
    #[error(transparent)]
    Merkle(#[from] MerkleError),
}

/// A cosigner and the time of the cosignature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cosigned {
    /// The key of the cosigner.
    pub by: VerifierKey,
    /// The time in seconds since 1970, as the cosigner states it.
    pub time: u64,
}

/// What a verified checkpoint shows: the log has committed to this tree, and these cosigners have
/// verified that it contains every tree that they saw before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogEvidence {
    /// The number of leaves.
    pub size: u64,
    /// The root.
    pub root: Hash,
    /// Members of the oversight body who have cosigned.
    pub oversight: Vec<Cosigned>,
    /// Outside witnesses who have cosigned.
    pub witnesses: Vec<Cosigned>,
    /// Since when the quorum is reached, in seconds since 1970. `None` if it is not reached.
    pub countersigned: Option<u64>,
}

impl LogPolicy {
    /// Returns a policy.
    ///
    /// # Errors
    /// If two signers are the same, a key has the wrong type, or the quorum cannot be reached.
    pub fn new(
        log: VerifierKey,
        oversight: Vec<VerifierKey>,
        witnesses: Vec<VerifierKey>,
        quorum: Quorum,
    ) -> Result<Self, PolicyError> {
        let mut names = HashSet::new();
        let mut keys = HashSet::new();
        let signers = std::iter::once(&log).chain(&oversight).chain(&witnesses);
        for (place, signer) in signers.enumerate() {
            let signature_type =
                if place == 0 { SignatureType::Ed25519 } else { SignatureType::CosignatureV1 };
            if signer.signature_type != signature_type {
                return Err(PolicyError::WrongType(signer.name.clone()));
            }
            // The message of a cosignature does not contain the name, so that one key under two
            // names would count twice.
            if !names.insert(&signer.name) || !keys.insert(*signer.key.as_bytes()) {
                return Err(PolicyError::SameSigner(signer.name.clone()));
            }
        }
        let reachable = quorum.oversight <= oversight.len() && quorum.witnesses <= witnesses.len();
        if !reachable || quorum.oversight + quorum.witnesses == 0 {
            return Err(PolicyError::UnreachableQuorum);
        }
        Ok(Self { log, oversight, witnesses, quorum })
    }

    /// Returns the policy of a verified directory: the case handler's log key under the origin of
    /// the newest log, the members of the oversight body, the witnesses, and the quorum.
    ///
    /// # Errors
    /// If a handle or a name cannot be part of a key name, or the quorum cannot be reached.
    pub fn of_directory(directory: &Directory) -> Result<Self, PolicyError> {
        let settings = &directory.log;
        let log = log_key(directory.instance, settings.epoch, directory.handler_key);
        let handles = directory
            .desks
            .iter()
            .filter(|desk| desk.id == directory.oversight)
            .flat_map(|desk| &desk.members);
        let device = |handle: &String| -> Option<PublicKey> {
            Some(directory.members.iter().find(|member| member.handle == *handle)?.device)
        };
        let oversight = handles
            .filter_map(|handle| Some((handle, device(handle)?)))
            .map(|(handle, device)| member_key(directory.instance, handle, device))
            .collect::<Result<_, _>>()?;
        let witnesses = settings.witnesses.iter().map(witness_key).collect::<Result<_, _>>()?;
        let quorum = Quorum {
            oversight: settings.quorum.oversight.into(),
            witnesses: settings.quorum.witnesses.into(),
        };
        Self::new(log, oversight, witnesses, quorum)
    }

    /// Verifies a checkpoint, and returns who has cosigned it.
    ///
    /// # Errors
    /// If it belongs to another log, the log has not signed it, a signature of a known key is
    /// invalid, or it does not consist of whole batches.
    pub fn verify_checkpoint(
        &self,
        checkpoint: &SignedCheckpoint,
    ) -> Result<LogEvidence, LogError> {
        let head = checkpoint.checkpoint();
        if head.origin != self.log.name.as_str() {
            return Err(LogError::OtherLog(head.origin.clone()));
        }
        if !checkpoint.is_signed_by(&self.log)? {
            return Err(LogError::NotSigned);
        }
        if !head.size.is_multiple_of(BATCH_LEAVES as u64) {
            return Err(LogError::PartialBatch(head.size));
        }
        let oversight = cosigned(checkpoint, &self.oversight)?;
        let witnesses = cosigned(checkpoint, &self.witnesses)?;
        let countersigned = nth_time(&oversight, self.quorum.oversight)
            .zip(nth_time(&witnesses, self.quorum.witnesses))
            .map(|(oversight, witnesses)| oversight.max(witnesses));
        Ok(LogEvidence { size: head.size, root: head.root, oversight, witnesses, countersigned })
    }

    /// Returns a checkpoint with the signatures of the log and of those cosigners only who reached
    /// the quorum first. It shows the same as the complete checkpoint, in bounded space.
    ///
    /// # Errors
    /// As [`Self::verify_checkpoint`].
    pub fn essential_checkpoint(
        &self,
        checkpoint: &SignedCheckpoint,
    ) -> Result<SignedCheckpoint, LogError> {
        let evidence = self.verify_checkpoint(checkpoint)?;
        let oversight = evidence.oversight.iter().take(self.quorum.oversight);
        let witnesses = evidence.witnesses.iter().take(self.quorum.witnesses);
        let cosigners = oversight.chain(witnesses).map(|cosigned| &cosigned.by);
        let signers: Vec<&VerifierKey> = std::iter::once(&self.log).chain(cosigners).collect();
        Ok(checkpoint.with_signatures_of(&signers))
    }

    /// Verifies that an event is in the log, and returns what the checkpoint of the proof shows.
    ///
    /// # Errors
    /// As [`Self::verify_checkpoint`], and if salt, index and path do not lead from this event to
    /// the root.
    pub fn verify_proof(&self, proof: &LogProof, event: &Hash) -> Result<LogEvidence, LogError> {
        let evidence = self.verify_checkpoint(&proof.checkpoint)?;
        let leaf = proof.salt.leaf_of(event);
        verify_inclusion(proof.index, leaf, evidence.size, &evidence.root, &proof.path)?;
        Ok(evidence)
    }

    /// Verifies a newer checkpoint, and that its log contains the tree of an earlier one.
    ///
    /// # Errors
    /// As [`Self::verify_checkpoint`], and if the log has shrunk or has become another one.
    pub fn verify_growth(
        &self,
        earlier: &LogEvidence,
        newer: &SignedCheckpoint,
        consistency: &[Hash],
    ) -> Result<LogEvidence, LogError> {
        let evidence = self.verify_checkpoint(newer)?;
        verify_consistency(
            (earlier.size, &earlier.root),
            (evidence.size, &evidence.root),
            consistency,
        )?;
        Ok(evidence)
    }
}

/// Returns the cosigners with their times, the earliest first.
fn cosigned(
    checkpoint: &SignedCheckpoint,
    cosigners: &[VerifierKey],
) -> Result<Vec<Cosigned>, NoteError> {
    let mut cosigned = Vec::new();
    for by in cosigners {
        if let Some(time) = checkpoint.cosigned_at(by)? {
            cosigned.push(Cosigned { by: by.clone(), time });
        }
    }
    cosigned.sort_by_key(|cosigned| cosigned.time);
    Ok(cosigned)
}

/// Returns when the n-th of these cosigners has cosigned. For `n` = 0 it is the beginning of time.
fn nth_time(cosigned: &[Cosigned], n: usize) -> Option<u64> {
    n.checked_sub(1).map_or(Some(0), |last| cosigned.get(last).map(|cosigned| cosigned.time))
}
