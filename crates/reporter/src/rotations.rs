//! Follows key rotations from the keys in the reply capsule.

use protocol::{
    Hash,
    directory::Directory,
    keys::PublicKey,
    rotation::{ConfirmedRotation, RotationStatement},
    submission::{frame::FrameRef, reply_capsule::ReplyCapsule},
};

/// The keys of the case that the reporter trusts.
pub(crate) struct TrustedKeys<'a> {
    capsule: &'a ReplyCapsule,
    /// The statements that lead from the keys of the capsule to the trusted ones.
    followed: Vec<&'a RotationStatement>,
    /// Whether the rotations in the mailbox are trusted.
    pub(crate) outcome: RotationOutcome,
}

/// Whether the rotations in a mailbox are trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RotationOutcome {
    /// All are, or there is none.
    Followed,
    /// The keys lead from one to the next, but fewer than two members of the directory confirmed
    /// the last one.
    Unconfirmed,
    /// A rotation is not signed with the key before it, or does not follow it.
    Invalid,
}

impl<'a> TrustedKeys<'a> {
    /// Follows the rotations. Without two confirmations of the last one by members of the current
    /// directory, the keys of the capsule stay the trusted ones.
    pub(crate) fn follow(
        capsule: &'a ReplyCapsule,
        rotations: &'a [ConfirmedRotation],
        directory: Option<&Directory>,
    ) -> Self {
        let untrusted = |outcome| Self { capsule, followed: Vec::new(), outcome };
        let (mut key, mut generation) = (capsule.replies_keys.last(), capsule.generation);
        let mut before: Option<Hash> = None;
        for ConfirmedRotation { rotation, .. } in rotations {
            // The capsule does not contain the hash of the statement that led to its own keys.
            let previous = before.or(rotation.statement.previous);
            let follows = rotation.statement.check_follows(capsule.case, generation, previous);
            if follows.is_err() || key.is_none_or(|key| rotation.verify(key).is_err()) {
                return untrusted(RotationOutcome::Invalid);
            }
            generation = rotation.statement.generation;
            key = Some(&rotation.statement.replies_key);
            before = Some(rotation.statement.hash());
        }
        let members = directory.map_or(&[][..], |directory| &directory.members);
        let devices = members.iter().map(|member| &member.device);
        if rotations.last().is_some_and(|last| !last.is_confirmed_by(devices)) {
            return untrusted(RotationOutcome::Unconfirmed);
        }
        let followed = rotations.iter().map(|entry| &entry.rotation.statement).collect();
        Self { capsule, followed, outcome: RotationOutcome::Followed }
    }

    /// Returns the trusted generation.
    pub(crate) fn generation(&self) -> u32 {
        self.followed.last().map_or(self.capsule.generation, |last| last.generation)
    }

    /// Returns the hash of `C` of the trusted generation.
    pub(crate) fn case_recipient(&self) -> Hash {
        self.followed.last().map_or(self.capsule.case_recipient, |last| last.case_recipient)
    }

    /// Returns `K_c` of each generation up to the trusted one.
    pub(crate) fn replies_keys(&self) -> Vec<PublicKey> {
        let newer = self.followed.iter().map(|statement| statement.replies_key);
        self.capsule.replies_keys.iter().copied().chain(newer).collect()
    }

    /// Returns the newest frame before the last followed rotation.
    pub(crate) fn newest_before_rotation(&self) -> Option<FrameRef> {
        self.followed.last().and_then(|last| last.newest_reply)
    }

    /// Returns the key that must have signed a frame of this generation with this sequence number.
    /// Returns `None` if the frame is refused: its generation is not trusted, or a rotation
    /// replaced the key before a frame with that number existed.
    pub(crate) fn signer(&self, generation: u32, seq: u32) -> Option<PublicKey> {
        let last = if generation < self.capsule.generation {
            // The reporter wrote with a newer key than this one, and had seen all frames of it.
            Some(self.capsule.seen?.seq)
        } else if generation < self.generation() {
            let rotation = self.followed.get((generation - self.capsule.generation) as usize)?;
            Some(rotation.newest_reply?.seq)
        } else {
            None
        };
        let is_allowed = last.is_none_or(|last| seq <= last);
        self.replies_keys().get(generation as usize).copied().filter(|_| is_allowed)
    }
}
