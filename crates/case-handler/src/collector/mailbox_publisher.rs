//! Laying out mailboxes: every case's, sealed afresh at every tick, so that a reply looks like no
//! reply.

use std::{io, pin::pin, sync::Arc, thread};

use bytes::Bytes;
use futures_util::{TryStream, TryStreamExt, stream};
use protocol::{
    api::relay::MAILBOX_RECORD_LEN,
    case::Calendar,
    mailbox::{Mailbox, MailboxHeader},
};
use time::Date;
use tokio::{sync::mpsc, task::spawn_blocking};

use crate::{
    collector::{
        CollectError,
        relay_client::{RelayClient, receiver_stream},
    },
    store::{CaseStore, MailboxContent},
};

/// Cases that are read at once, and sealed one after the other: about 2 MiB.
const PAGE_SIZE: u64 = 64;
/// Sealed pages that wait until the intake takes them.
const SEALED_PAGE_BUFFER: usize = 2;

/// What a mailbox says of the time.
#[derive(Debug)]
pub struct MailboxTime {
    /// The day of the tick.
    pub today: Date,
    /// Its ISO week.
    pub week: String,
    /// On which days news can be expected.
    pub calendar: Calendar,
}

/// Seals all mailboxes and puts them to the intake while they are sealed.
pub async fn publish_mailboxes(
    store: &Arc<CaseStore>,
    relay: &RelayClient,
    as_of: MailboxTime,
) -> Result<(), CollectError> {
    let (sender, receiver) = mpsc::channel(SEALED_PAGE_BUFFER);
    let sealing = tokio::spawn(seal_mailboxes(Arc::clone(store), Arc::new(as_of), sender));
    let put = relay.put_mailboxes(receiver_stream(receiver)).await;
    sealing.await??;
    Ok(put?)
}

/// Seals a page on each core, and reads the next one meanwhile.
async fn seal_mailboxes(
    store: Arc<CaseStore>,
    as_of: Arc<MailboxTime>,
    sender: mpsc::Sender<io::Result<Bytes>>,
) -> Result<(), CollectError> {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let sealing = mailbox_pages(&store).map_ok(|page| {
        let as_of = Arc::clone(&as_of);
        async move { Ok(spawn_blocking(move || seal_page(page, &as_of)).await?) }
    });
    let mut sealed = pin!(sealing.try_buffer_unordered(cores + 1));
    loop {
        let records = match sealed.try_next().await {
            Ok(None) => return Ok(()),
            Ok(Some(records)) => records,
            Err(error) => {
                // A body that ends in an error replaces nothing at the intake; one that just ended
                // would.
                let _ = sender.send(Err(io::Error::other("sealing broke off"))).await;
                return Err(error);
            }
        };
        if sender.send(Ok(records)).await.is_err() {
            // The relay broke off, and says why.
            return Ok(());
        }
    }
}

fn mailbox_pages(
    store: &CaseStore,
) -> impl TryStream<Ok = Vec<MailboxContent>, Error = CollectError> {
    stream::try_unfold(None, move |after| async move {
        let page = store.mailboxes(after, PAGE_SIZE).await?;
        let last = page.last().map(|content| content.id);
        Ok(last.map(|last| (page, Some(last))))
    })
}

fn seal_page(page: Vec<MailboxContent>, as_of: &MailboxTime) -> Bytes {
    let mut records = Vec::with_capacity(page.len() * MAILBOX_RECORD_LEN);
    for content in page {
        let state = &content.state;
        let mailbox = Mailbox {
            header: MailboxHeader {
                v: 1,
                week: as_of.week.clone(),
                stage: state.stage,
                released_to_oversight: state.released.is_some(),
                next_update: as_of.calendar.next_reporter_update(state, as_of.today),
                received: state.received,
            },
            capsule: content.capsule,
            case_recipient: content.case_recipient,
            replies: content.replies,
        };
        records.extend_from_slice(content.mailbox.as_bytes());
        mailbox.seal_append(&content.mailbox_recipient, &mut records);
    }
    records.into()
}
