//! Packages (ZIP): walked from part to part as they stream by, and rewritten. `package` says what becomes of each part.
//!
//! Nothing is lost: a part that cannot be unpacked goes on as it came. Where the walk itself fails, everything up to the directory goes
//! on as it came, and the directory is written with the places that the parts have now.

mod data;
mod directory;
mod record;

use flate2::{Compression, bufread::DeflateDecoder, write::DeflateEncoder};

use crate::{
    found::Found,
    package::{Kind, Office},
    pipe::{Pipe, Step, Stop},
};
use data::{Data, Metered, Tally, stop};
use directory::Places;
use record::{DEFLATED, DESCRIPTOR_FOLLOWS, Head, STORED, Written, descriptor, descriptor_len, local_head};

/// A part is held whole if it is packed in no more than this.
const LARGEST: usize = 512 * 1024;
/// What a rewritten part that is held may be packed in.
const LARGEST_WRITTEN: usize = 2 * 1024 * 1024;
/// All parts of a file may unpack to so much together,
const UNPACKED: u64 = 64 * 1024 * 1024;
/// and to so many further bytes for each byte that has come: more than any document is packed by.
const UNPACKED_FOR_EACH: u64 = 24;
/// No file is longer, in bytes. A part may announce more, which then allows nothing.
const LONGEST_FILE: u64 = 64 * 1024 * 1024;
/// More parts than any document has.
const MOST_PARTS: usize = 16 * 1024;

/// Gives a package on without its traces.
pub(crate) fn rewrite(pipe: &mut Pipe<'_>, found: &mut Found) -> Step<()> {
    let mut package = Package { office: Office::new(found), unpacked: 0, places: Places::default() };
    let walked = package.walk(pipe);
    let Package { places: mut known, .. } = package;
    match walked {
        Ok(()) => {
            let is_sound = directory::rewrite(pipe, found, &known)?;
            return if is_sound { Ok(()) } else { Err(Stop::Broken) };
        }
        Err(Stop::Broken) => {}
        Err(stop) => return Err(stop),
    }
    known.raw = Some((pipe.at(), pipe.written()));
    if directory::pass_until_directory(pipe)? {
        directory::rewrite(pipe, found, &known)?;
    }
    Err(Stop::Broken)
}

struct Package<'f> {
    office: Office<'f>,
    /// So many bytes have been unpacked already.
    unpacked: u64,
    places: Places,
}

/// How far a part reaches.
enum Extent {
    /// It is all in what lies ahead.
    Held { crc: u32, packed: usize, plain: u64, behind: u64 },
    /// Its head says how long it is.
    Known,
    /// It ends where its compression ends.
    Streamed,
    /// It is stored, and ends where a descriptor fits.
    StoredStream,
}

impl Package<'_> {
    /// Walks the parts up to the directory.
    fn walk(&mut self, pipe: &mut Pipe<'_>) -> Step<()> {
        loop {
            match &pipe.need()? {
                b"PK\x03\x04" => self.part(pipe)?,
                b"PK\x01\x02" => return Ok(()),
                _ => return Err(Stop::Broken),
            }
        }
    }

    /// Fails as broken before anything of the part was taken, or once all of it was written as it came.
    fn part(&mut self, pipe: &mut Pipe<'_>) -> Step<()> {
        if self.places.parts.len() == MOST_PARTS {
            return Err(Stop::Broken);
        }
        let came_at = pipe.at();
        let head = Head::peek(pipe)?;
        let name = String::from_utf8_lossy(&head.name).to_lowercase();
        let kind = Office::kind(&name);
        let written = match self.extent(pipe, &head)? {
            Extent::Held { crc, packed, plain, behind } => {
                let head = Head { crc, packed: packed as u64, plain, ..head };
                self.held(pipe, &head, (&name, kind), behind)?
            }
            Extent::Known if Self::is_rewritten(kind, &head) => {
                if self.may_unpack(pipe.at() + head.packed, head.plain) {
                    self.long(pipe, &head, (&name, kind))?
                } else {
                    self.office.tell_unread(kind);
                    as_it_came(pipe, &head)?
                }
            }
            Extent::Known => {
                self.office.tell(kind);
                as_it_came(pipe, &head)?
            }
            Extent::Streamed if Self::is_rewritten(kind, &head) => self.long(pipe, &head, (&name, kind))?,
            Extent::Streamed => {
                self.office.tell(kind);
                self.streamed(pipe, &head)?
            }
            Extent::StoredStream => {
                self.office.tell_unread(kind);
                stored_stream(pipe, &head)?
            }
        };
        self.places.parts.insert(came_at, written);
        Ok(())
    }

    fn is_rewritten(kind: Kind, head: &Head) -> bool {
        matches!(kind, Kind::Xml | Kind::Picture | Kind::Put(..)) && head.is_readable()
    }

    fn extent(&mut self, pipe: &mut Pipe<'_>, head: &Head) -> Step<Extent> {
        let before = usize::try_from(head.len).map_err(|_| Stop::Broken)?;
        if !head.has_descriptor() {
            if head.packed > LARGEST as u64 {
                return Ok(Extent::Known);
            }
            let packed = usize::try_from(head.packed).map_err(|_| Stop::Broken)?;
            let ahead = pipe.look(before + packed + 4)?;
            let behind = ahead.get(before + packed..).ok_or(Stop::Broken)?;
            // What follows is a record or nothing; or the length is not true.
            if !behind.is_empty() && !behind.starts_with(b"PK") {
                return Err(Stop::Broken);
            }
            return Ok(Extent::Held { crc: head.crc, packed, plain: head.plain, behind: 0 });
        }
        if !head.is_readable() {
            return Err(Stop::Broken);
        }
        let mut ahead_len = 64 * 1024;
        loop {
            let at = pipe.at();
            let allowed = self.allowed(at);
            let ahead = pipe.look(before + ahead_len + 24)?;
            let is_all = ahead.len() < before + ahead_len + 24;
            let data = ahead.get(before..).ok_or(Stop::Broken)?;
            let end = if head.method == STORED {
                data::end_of_stored(data)
            } else {
                data::end_of_deflated(data, allowed)
            };
            match end {
                data::End::At { crc, packed, plain } => {
                    let behind = descriptor_len(&data[packed..], crc, packed as u64, plain);
                    let behind = behind.ok_or(Stop::Broken)?;
                    self.unpacked += plain;
                    return Ok(Extent::Held { crc, packed, plain, behind });
                }
                data::End::Never => return Err(Stop::Broken),
                data::End::Further if is_all => return Err(Stop::Broken),
                data::End::Further if ahead_len < LARGEST => ahead_len *= 2,
                data::End::Further if head.method == STORED => return Ok(Extent::StoredStream),
                data::End::Further => return Ok(Extent::Streamed),
            }
        }
    }

    /// A part that lies ahead, whole.
    fn held(
        &mut self,
        pipe: &mut Pipe<'_>,
        head: &Head,
        (name, kind): (&str, Kind),
        behind: u64,
    ) -> Step<Written> {
        if !Self::is_rewritten(kind, head) {
            if head.plain > 0 {
                self.office.tell(kind);
            }
        } else if !self.may_unpack(pipe.at() + head.packed, head.plain) {
            self.office.tell_unread(kind);
        } else if let Some(part) = self.rewritten(pipe, head, (name, kind))? {
            let at = pipe.written();
            let flags = head.plain_flags();
            let numbers = (part.crc, part.data.len() as u64, part.plain);
            pipe.write(&local_head(flags, DEFLATED, numbers, &head.name))?;
            pipe.write(&part.data)?;
            pipe.skip(head.len + head.packed + behind)?;
            let (crc, packed, plain) = numbers;
            return Ok(Written { at, flags, method: DEFLATED, crc, packed, plain, as_it_came: false });
        }
        // With its lengths in front, for all are known.
        let known = Head { flags: head.flags & !DESCRIPTOR_FOLLOWS, ..head.clone() };
        let mut written = as_it_came(pipe, &known)?;
        pipe.skip(behind)?;
        // What the directory says of flags and lengths holds for parts whose head is left as it came.
        written.as_it_came = behind == 0;
        Ok(written)
    }

    /// The part as it is to be; `None` if nothing is to be changed, or it cannot be read.
    fn rewritten(
        &mut self,
        pipe: &mut Pipe<'_>,
        head: &Head,
        (name, kind): (&str, Kind),
    ) -> Step<Option<Packed>> {
        let start = usize::try_from(head.len).map_err(|_| Stop::Broken)?;
        let end = start + usize::try_from(head.packed).map_err(|_| Stop::Broken)?;
        let data = pipe.look(end)?.get(start..end).ok_or(Stop::Broken)?;
        let mut encoder = DeflateEncoder::new(data::Bounded::new(LARGEST_WRITTEN), Compression::default());
        let mut tally = Tally::new(&mut encoder);
        let mut before = self.office.begin();
        let rewritten = if head.method == STORED {
            let mut plain = Metered::new(data, u64::MAX);
            let done = before.rewrite(name, kind, &mut plain, &mut tally);
            done.map(|changed| changed && plain.crc() == head.crc)
        } else if data.is_empty() {
            Ok(false)
        } else {
            let mut plain = Metered::new(DeflateDecoder::new(data), head.plain);
            let done = before.rewrite(name, kind, &mut plain, &mut tally);
            done.map(|changed| changed && plain.crc() == head.crc)
        };
        let (crc, plain) = (tally.crc.finalize(), tally.len);
        match (rewritten, encoder.finish()) {
            (Ok(true), Ok(bounded)) => {
                before.keep();
                Ok(Some(Packed { crc, plain, data: bounded.bytes }))
            }
            (Ok(false), _) if before.found.removed.is_empty() => {
                before.keep();
                Ok(None)
            }
            // It does not unpack to what it announces.
            _ => {
                self.office.tell_unread(kind);
                Ok(None)
            }
        }
    }

    /// A long part, rewritten while it streams.
    fn long(&mut self, pipe: &mut Pipe<'_>, head: &Head, (name, kind): (&str, Kind)) -> Step<Written> {
        let at = pipe.written();
        let flags = DESCRIPTOR_FOLLOWS | head.plain_flags();
        let is_known = !head.has_descriptor();
        pipe.skip(head.len)?;
        pipe.write(&local_head(flags, DEFLATED, (0, 0, 0), &head.name))?;
        let before = pipe.written();
        let allowed = if is_known { head.plain } else { self.allowed(pipe.at()).max(UNPACKED) };
        let mut raw = Data::new(&mut pipe.from, if is_known { head.packed } else { u64::MAX });
        let mut encoder = DeflateEncoder::new(&mut pipe.to, Compression::fast());
        let mut tally = Tally::new(&mut encoder);
        let mut rewriting = self.office.begin();
        let (done, counted) = if head.method == STORED {
            let mut plain = Metered::new(&mut raw, allowed);
            (rewriting.rewrite(name, kind, &mut plain, &mut tally), plain.counted())
        } else {
            let mut plain = Metered::new(DeflateDecoder::new(&mut raw), allowed);
            let done = rewriting.rewrite(name, kind, &mut plain, &mut tally).and_then(|changed| {
                plain.finish()?;
                Ok(changed)
            });
            (done, plain.counted())
        };
        rewriting.keep();
        let (crc, plain) = (tally.crc.finalize(), tally.len);
        encoder.finish()?;
        let (left, has_failed) = (raw.left(), raw.has_failed());
        let packed = pipe.to.written() - before;
        if !is_known {
            self.unpacked += counted.1;
        }
        // The part ends soundly in any case, so that all others can be read.
        pipe.write(&descriptor(crc, packed, plain))?;
        let written = Written { at, flags, method: DEFLATED, crc, packed, plain, as_it_came: false };
        if let Err(error) = done {
            match stop(error, has_failed) {
                Stop::Broken if is_known => self.office.tell_unread(kind),
                stop => {
                    self.places.parts.insert(pipe.at(), written);
                    return Err(stop);
                }
            }
        }
        if is_known {
            pipe.skip(left)?;
        } else {
            let packed = u64::MAX - left;
            let behind = pipe.peek(28)?;
            match descriptor_len(behind, counted.0, packed, counted.1) {
                Some(len) => pipe.skip(len)?,
                None => self.office.tell_unread(kind),
            }
        }
        Ok(written)
    }

    /// A long part that goes on as it came: it is unpacked to see where it ends.
    fn streamed(&mut self, pipe: &mut Pipe<'_>, head: &Head) -> Step<Written> {
        let at = pipe.written();
        let flags = DESCRIPTOR_FOLLOWS | head.plain_flags();
        pipe.skip(head.len)?;
        pipe.write(&local_head(flags, head.method, (0, 0, 0), &head.name))?;
        let allowed = self.allowed(pipe.at()).max(UNPACKED);
        let (crc, packed, plain) = data::pass_deflated(pipe, allowed)?;
        self.unpacked += plain;
        let behind = descriptor_len(pipe.peek(28)?, crc, packed, plain).ok_or(Stop::Broken)?;
        pipe.skip(behind)?;
        pipe.write(&descriptor(crc, packed, plain))?;
        Ok(Written { at, flags, method: head.method, crc, packed, plain, as_it_came: false })
    }

    /// How much may still be unpacked when so much of the file has come.
    fn allowed(&self, come: u64) -> u64 {
        (UNPACKED + come.min(LONGEST_FILE) * UNPACKED_FOR_EACH).saturating_sub(self.unpacked)
    }

    /// Whether the budget covers so many further bytes; takes them from it if it does.
    fn may_unpack(&mut self, come: u64, plain: u64) -> bool {
        let covered = plain <= self.allowed(come);
        if covered {
            self.unpacked += plain;
        }
        covered
    }
}

/// A part ready to be written.
struct Packed {
    crc: u32,
    plain: u64,
    data: Vec<u8>,
}

fn as_it_came(pipe: &mut Pipe<'_>, head: &Head) -> Step<Written> {
    let at = pipe.written();
    let Head { flags, method, crc, packed, plain, .. } = *head;
    pipe.skip(head.len)?;
    pipe.write(&local_head(flags, method, (crc, packed, plain), &head.name))?;
    pipe.pass(packed)?;
    Ok(Written { at, flags, method, crc, packed, plain, as_it_came: true })
}

/// A long stored part that goes on as it came, up to the descriptor that fits what has gone.
fn stored_stream(pipe: &mut Pipe<'_>, head: &Head) -> Step<Written> {
    let at = pipe.written();
    pipe.skip(head.len)?;
    pipe.write(&local_head(head.flags, head.method, (0, 0, 0), &head.name))?;
    let (crc, len) = data::pass_stored(pipe)?;
    let behind = descriptor_len(pipe.peek(28)?, crc, len, len).ok_or(Stop::Broken)?;
    pipe.skip(behind)?;
    pipe.write(&descriptor(crc, len, len))?;
    Ok(Written { at, flags: head.flags, method: STORED, crc, packed: len, plain: len, as_it_came: false })
}
