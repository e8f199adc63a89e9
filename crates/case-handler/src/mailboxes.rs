//! Laying out mailboxes: every case's, sealed afresh at every tick, so that a reply looks like no reply.

use std::{io, sync::Arc, thread};

use bytes::{Bytes, BytesMut};
use envelope::{
    mailbox::{Mailbox, MailboxHeader},
    relay::MAILBOX_RECORD_LEN,
};
use tokio::sync::mpsc;
use uuid::Uuid;
use web::Clock;

use crate::{
    collect::TickError,
    relay::{Relay, stream_of},
    store::{MailboxContent, Store},
};

/// Cases that are read and sealed at once: about 3 MiB.
const PAGE: u64 = 64;

/// Seals all mailboxes and puts them to the intake while they are sealed.
pub async fn lay_out(store: &Arc<Store>, relay: &Relay, clock: &Clock) -> Result<(), TickError> {
    let (sender, receiver) = mpsc::channel(2);
    let sealing = tokio::spawn(seal_all(Arc::clone(store), clock.iso_week(), sender));
    let put = relay.put_mailboxes(stream_of(receiver)).await;
    sealing.await.map_err(|_| TickError::Task)??;
    Ok(put?)
}

async fn seal_all(
    store: Arc<Store>,
    week: String,
    sender: mpsc::Sender<io::Result<Bytes>>,
) -> Result<(), TickError> {
    let mut after = None;
    loop {
        let sealed = match seal_next(&store, &week, &mut after).await {
            Ok(None) => return Ok(()),
            Ok(Some(sealed)) => Ok(sealed),
            Err(error) => {
                // A body that ends in an error replaces nothing at the intake; one that just ended would.
                let _ = sender.send(Err(io::Error::other("sealing broke off"))).await;
                return Err(error);
            }
        };
        if sender.send(sealed).await.is_err() {
            // The relay broke off, and says why.
            return Ok(());
        }
    }
}

async fn seal_next(store: &Store, week: &str, after: &mut Option<Uuid>) -> Result<Option<Bytes>, TickError> {
    let page = store.mailboxes(*after, PAGE).await?;
    let Some(last) = page.last() else { return Ok(None) };
    *after = Some(last.case.id);
    let week = week.to_owned();
    let sealed = tokio::task::spawn_blocking(move || seal_page(&page, &week)).await;
    sealed.map(Some).map_err(|_| TickError::Task)
}

/// Seals on all cores.
fn seal_page(page: &[MailboxContent], week: &str) -> Bytes {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let share = page.len().div_ceil(cores).max(1);
    let mut records = BytesMut::with_capacity(page.len() * MAILBOX_RECORD_LEN);
    let sealed: Vec<BytesMut> = thread::scope(|scope| {
        let workers: Vec<_> =
            page.chunks(share).map(|share| scope.spawn(|| seal_share(share, week))).collect();
        workers.into_iter().map(|worker| worker.join().expect("sealing does not panic")).collect()
    });
    for share in sealed {
        records.unsplit(share);
    }
    records.freeze()
}

fn seal_share(share: &[MailboxContent], week: &str) -> BytesMut {
    let mut records = BytesMut::with_capacity(share.len() * MAILBOX_RECORD_LEN);
    for content in share {
        let state = &content.case.state;
        let mailbox = Mailbox {
            header: MailboxHeader {
                v: 1,
                week: week.to_owned(),
                stage: state.stage,
                with_oversight: state.released.is_some(),
                next: state.next_deadline().map(|deadline| deadline.due),
                received: state.received,
            },
            capsule: content.capsule.clone(),
            case_recipient: content.case_recipient.clone(),
            replies: content.replies.clone(),
        };
        records.extend_from_slice(content.case.mailbox.as_bytes());
        records.extend_from_slice(&mailbox.seal(&content.mailbox_recipient));
    }
    records
}
