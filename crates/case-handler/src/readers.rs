//! The current readers of a case: the members of the directory with a released grant. Members who
//! left the directory do not count, because they cannot act.

use std::collections::{BTreeSet, HashMap};

use protocol::directory::{Directory, MIN_READERS};
use uuid::Uuid;

use crate::store::{CaseStore, StoreError, WriteTransaction};

/// The handles of the current readers of one case.
pub type Readers = BTreeSet<String>;

/// Returns the current readers of a case.
///
/// # Errors
/// Fails if the database fails.
pub async fn current_readers(
    transaction: &WriteTransaction<'_>,
    directory: &Directory,
    id: Uuid,
) -> Result<Readers, StoreError> {
    let holders = transaction.grant_holders(id).await?;
    let released = holders.into_iter().filter(|(_, released)| *released);
    Ok(released
        .map(|(handle, _)| handle)
        .filter(|handle| directory.member(handle).is_some())
        .collect())
}

/// Returns the current readers of some cases. A case without any is absent.
///
/// # Errors
/// Fails if the database fails.
pub async fn current_readers_of_all(
    store: &CaseStore,
    directory: &Directory,
    ids: &[Uuid],
) -> Result<HashMap<Uuid, Readers>, StoreError> {
    let mut readers: HashMap<Uuid, Readers> = HashMap::new();
    for grant in store.held_grants(ids).await? {
        if directory.member(&grant.member).is_some() {
            readers.entry(grant.case).or_default().insert(grant.member);
        }
    }
    Ok(readers)
}

/// Returns true if the case is to be released to the oversight body, because fewer than
/// [`MIN_READERS`] of its readers are outside of the oversight body.
pub fn are_too_few(directory: &Directory, readers: &Readers) -> bool {
    readers.iter().filter(|handle| !directory.is_oversight(handle)).count() < MIN_READERS
}
