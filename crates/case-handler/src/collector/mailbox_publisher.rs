//! Publishes mailboxes. Every cycle seals the mailbox of every case again, so that an observer
//! cannot distinguish a reply from no reply.

use std::{collections::BTreeSet, io, pin::pin, sync::Arc, thread};

use bytes::Bytes;
use futures_util::{TryStream, TryStreamExt, stream};
use protocol::{
    api::relay::MAILBOX_RECORD_LEN,
    case::{Calendar, Disposition, event::ReleaseReason},
    keys::PublicKey,
    mailbox::{Mailbox, MailboxHeader},
    rotation::{ConfirmedRotation, REQUIRED_CONFIRMATIONS, RotationConfirmation},
};
use time::Date;
use tokio::{sync::mpsc, task::spawn_blocking};
use uuid::Uuid;

use crate::{
    collector::{
        error::CollectError,
        relay_client::{RelayClient, receiver_stream},
    },
    store::{CaseStore, MailboxContent, StoreError},
};

/// Cases that are read at once and sealed one after the other: about 2 MiB.
const PAGE_SIZE: u64 = 64;
/// Sealed pages that wait for the upload.
const SEALED_PAGE_BUFFER: usize = 2;

/// The date that mailboxes contain, and the keys that confirm rotations.
#[derive(Debug)]
pub struct MailboxTime {
    /// The date of the cycle.
    pub today: Date,
    /// Its ISO week.
    pub week: String,
    /// Working days, for the date of the next update.
    pub calendar: Calendar,
    /// The device keys of the newest directory, which confirm rotations.
    pub devices: Vec<PublicKey>,
    /// The members of the oversight body.
    pub oversight: Vec<String>,
}

/// Seals all mailboxes and uploads them to the intake at the same time.
///
/// # Errors
/// Fails if the store or the upload fails. The intake then keeps the previous mailboxes.
pub async fn publish_mailboxes(
    store: &Arc<CaseStore>,
    relay: &RelayClient,
    as_of: MailboxTime,
) -> Result<(), CollectError> {
    let (sender, receiver) = mpsc::channel(SEALED_PAGE_BUFFER);
    let sealing = tokio::spawn(seal_mailboxes(Arc::clone(store), Arc::new(as_of), sender));
    let uploaded = relay.put_mailboxes(receiver_stream(receiver)).await;
    sealing.await??;
    Ok(uploaded?)
}

/// Seals one page on each core and reads the next page meanwhile.
async fn seal_mailboxes(
    store: Arc<CaseStore>,
    as_of: Arc<MailboxTime>,
    sender: mpsc::Sender<io::Result<Bytes>>,
) -> Result<(), CollectError> {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let sealing = mailbox_pages(&store, &as_of.oversight).map_ok(|(page, without_key)| {
        let as_of = Arc::clone(&as_of);
        async move { Ok(spawn_blocking(move || seal_page(page, &without_key, &as_of)).await?) }
    });
    let mut sealed = pin!(sealing.try_buffer_unordered(cores + 1));
    loop {
        let records = match sealed.try_next().await {
            Ok(None) => return Ok(()),
            Ok(Some(records)) => records,
            Err(error) => {
                // An upload that ends with an error replaces nothing at the intake. One that only
                // ends early would.
                let _ = sender.send(Err(io::Error::other("sealing failed"))).await;
                return Err(error);
            }
        };
        if sender.send(Ok(records)).await.is_err() {
            // The upload failed, and its own error has the reason.
            return Ok(());
        }
    }
}

/// The contents of some mailboxes, and the released cases of which no member of the oversight body
/// has a key.
type MailboxPage = (Vec<MailboxContent>, BTreeSet<Uuid>);

fn mailbox_pages<'s>(
    store: &'s CaseStore,
    oversight: &'s [String],
) -> impl TryStream<Ok = MailboxPage, Error = CollectError> + use<'s> {
    stream::try_unfold(None, move |after| async move {
        let page = store.mailboxes(after, PAGE_SIZE).await?;
        let without_key = without_oversight_key(store, oversight, &page).await?;
        let last = page.last().map(|content| content.id);
        Ok(last.map(|last| ((page, without_key), Some(last))))
    })
}

/// Returns the released cases of which no present member of the oversight body has a key: the
/// reporter refused that body first and no member has given it a key yet, or its members with a key
/// have left the directory.
async fn without_oversight_key(
    store: &CaseStore,
    oversight: &[String],
    page: &[MailboxContent],
) -> Result<BTreeSet<Uuid>, StoreError> {
    let released = page.iter().filter(|content| content.state.released.is_some());
    let mut cases: BTreeSet<Uuid> = released.map(|content| content.id).collect();
    if !cases.is_empty() {
        let ids: Vec<Uuid> = cases.iter().copied().collect();
        for grant in store.held_grants(&ids).await? {
            if oversight.contains(&grant.member) {
                cases.remove(&grant.case);
            }
        }
    }
    Ok(cases)
}

/// Returns the rotations with confirmations of the newest one only, as many as the reporter's side
/// requires. Those by members of the newest directory come first.
fn to_publish(
    mut rotations: Vec<ConfirmedRotation>,
    devices: &[PublicKey],
) -> Vec<ConfirmedRotation> {
    let Some((newest, earlier)) = rotations.split_last_mut() else { return rotations };
    for rotation in earlier {
        rotation.confirmations.clear();
    }
    let is_former = |given: &RotationConfirmation| !devices.contains(&given.device);
    newest.confirmations.sort_by_key(is_former);
    newest.confirmations.truncate(REQUIRED_CONFIRMATIONS);
    rotations
}

fn seal_page(
    page: Vec<MailboxContent>,
    without_key: &BTreeSet<Uuid>,
    as_of: &MailboxTime,
) -> Bytes {
    let mut records = Vec::with_capacity(page.len() * MAILBOX_RECORD_LEN);
    for content in page {
        let state = &content.state;
        let mailbox = Mailbox {
            header: MailboxHeader {
                v: 1,
                week: as_of.week.clone(),
                stage: state.stage,
                released_to_oversight: state.released.is_some()
                    && !without_key.contains(&content.id),
                oversight_asked: state.released == Some(ReleaseReason::ReporterAsked)
                    && without_key.contains(&content.id),
                unreadable: state.disposition == Some(Disposition::Unreadable),
                next_update: as_of.calendar.next_reporter_update(state, as_of.today),
                received: state.received,
            },
            capsule: content.capsule,
            case_recipient: content.case_recipient,
            rotations: to_publish(content.rotations, &as_of.devices),
            log: content.log,
            replies: content.replies,
        };
        records.extend_from_slice(content.mailbox.as_bytes());
        mailbox.seal_append(&content.mailbox_recipient, &mut records);
    }
    records.into()
}
