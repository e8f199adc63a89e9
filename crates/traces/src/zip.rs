//! Office files (OOXML, OpenDocument): packages that are written anew while they pass. Parts that say nothing but who made them are
//! replaced, names in the others are taken out, and pictures inside are treated like pictures.
//!
//! A part whose packing does not hold, or that would unpack to more than is looked at, goes on as it came.

use std::{
    collections::BTreeMap,
    io::{self, BufRead, Read, Write},
};

use crc32fast::Hasher;
use flate2::{Compression, bufread::DeflateDecoder, write::DeflateEncoder};

use crate::{
    found::{Found, Trace},
    pipe::{Pipe, Source, Step, Stop, le},
    rules::{self, Part},
    xml::Rewriter,
};

/// A part is looked into if it is packed in no more than this.
const LARGEST: u64 = 512 * 1024;
/// What the parts of a file may unpack to, together.
const UNPACKED: u64 = 96 * 1024 * 1024;
/// More parts than any document has.
const MOST_PARTS: usize = 16 * 1024;
/// Midnight before anybody had such files: the first of January 1980.
const NO_DATE: [u8; 4] = [0, 0, 0x21, 0];
const STORED: u16 = 0;
const DEFLATED: u16 = 8;
/// Lengths come behind the data.
const LENGTHS_BEHIND: u16 = 1 << 3;
const ENCRYPTED: u16 = 1;

pub(crate) fn rewrite(pipe: &mut Pipe<'_>, found: &mut Found) -> Step<()> {
    let mut package = Package { found, unpacked: 0, parts: BTreeMap::new(), directory: Vec::new() };
    loop {
        match &pipe.need()? {
            b"PK\x03\x04" => package.part(pipe)?,
            b"PK\x01\x02" => package.entry(pipe)?,
            b"PK\x05\x06" => return package.end(pipe),
            _ => return Err(Stop::Broken),
        }
    }
}

/// A part as it was written.
#[derive(Clone, Copy)]
struct Written {
    at: u64,
    flags: u16,
    method: u16,
    crc: u32,
    packed: u64,
    plain: u64,
}

struct Package<'f> {
    found: &'f mut Found,
    /// So much has been unpacked already.
    unpacked: u64,
    /// By the place in the file as it came.
    parts: BTreeMap<u64, Written>,
    directory: Vec<u8>,
}

/// A part as it is announced.
struct Head {
    flags: u16,
    method: u16,
    crc: u32,
    packed: u64,
    plain: u64,
    name: Vec<u8>,
    /// With name and everything else.
    len: u64,
}

impl Head {
    fn read(pipe: &mut Pipe<'_>) -> Step<Self> {
        let head: [u8; 30] = pipe.need()?;
        let number = |at, len| le(&head, at, len).unwrap_or_default();
        let short = |at| u16::from_le_bytes([head[at], head[at + 1]]);
        let (name, extra) = (number(26, 2), number(28, 2));
        let len = 30 + name + extra;
        let whole = pipe.peek(30 + name)?;
        Ok(Self {
            flags: short(6),
            method: short(8),
            crc: u32::from_le_bytes([head[14], head[15], head[16], head[17]]),
            packed: number(18, 4),
            plain: number(22, 4),
            name: whole.get(30..30 + usize::from(short(26))).ok_or(Stop::Broken)?.to_vec(),
            len,
        })
    }

    fn lengths_come_behind(&self) -> bool {
        self.flags & LENGTHS_BEHIND != 0
    }
}

impl Package<'_> {
    fn part(&mut self, pipe: &mut Pipe<'_>) -> Step<()> {
        let head = Head::read(pipe)?;
        let can_follow = head.flags & ENCRYPTED == 0 && matches!(head.method, STORED | DEFLATED);
        if self.parts.len() == MOST_PARTS
            || head.packed == u64::from(u32::MAX)
            || head.lengths_come_behind() && (head.method == STORED || !can_follow)
        {
            return Err(Stop::Broken);
        }
        let came_at = pipe.at();
        pipe.skip(head.len)?;
        let name = String::from_utf8_lossy(&head.name).to_lowercase();
        let written = if head.lengths_come_behind() {
            self.of_unknown_length(pipe, &head, &name)?
        } else if !can_follow {
            as_it_came(pipe, &head)?
        } else if is_picture(&name) && !self.may_unpack(head.plain) {
            self.found.left |= Trace::Other;
            as_it_came(pipe, &head)?
        } else if is_picture(&name) {
            self.picture(pipe, &head)?
        } else if head.packed <= LARGEST {
            match pipe.take(usize::try_from(head.packed).map_err(|_| Stop::Broken)?) {
                Ok(data) => self.small(pipe, &head, &name, data)?,
                Err(Stop::Broken) => as_it_came(pipe, &head)?,
                Err(stop) => return Err(stop),
            }
        } else {
            as_it_came(pipe, &head)?
        };
        self.parts.insert(came_at, written);
        Ok(())
    }

    /// A part that is held whole.
    fn small(&mut self, pipe: &mut Pipe<'_>, head: &Head, name: &str, data: Vec<u8>) -> Step<Written> {
        if let Some(part) = rules::get().part(name) {
            self.tell(head, &data, part);
            return Ok(put(pipe, head, &replacement(part)?)?);
        }
        if is_xml(name)
            && let Some(rewritten) = self.without_names(head, &data)
        {
            return Ok(put(pipe, head, &rewritten)?);
        }
        Ok(put(pipe, head, &Packed { method: head.method, crc: head.crc, plain: head.plain, data })?)
    }

    /// What a part told that is replaced.
    fn tell(&mut self, head: &Head, data: &[u8], part: &Part) {
        let mut plain = Vec::new();
        if head.method == STORED {
            plain.extend_from_slice(data);
        } else {
            // As far as it can be read.
            drop(DeflateDecoder::new(data).take(64 * 1024).read_to_end(&mut plain));
        }
        if plain != part.put.as_bytes() {
            self.found.removed |= crate::Traces::told_by(&plain);
        }
    }

    /// The part with the names in it taken out; `None` where there are none, or its packing does not hold.
    fn without_names(&mut self, head: &Head, data: &[u8]) -> Option<Packed> {
        let mut plain: Box<dyn Read> =
            if head.method == STORED { Box::new(data) } else { Box::new(DeflateDecoder::new(data)) };
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
        let mut tally = Tally::new(&mut encoder);
        let mut rewriter = Rewriter::new(&rules::get().values);
        let mut checked = Hasher::new();
        let mut buffer = [0; 16 * 1024];
        loop {
            let n = plain.read(&mut buffer).ok()?;
            if n == 0 {
                break;
            }
            self.unpacked += n as u64;
            if self.unpacked > UNPACKED {
                self.found.left |= Trace::History;
                return None;
            }
            checked.update(&buffer[..n]);
            rewriter.push(&buffer[..n], &mut tally).ok()?;
        }
        rewriter.finish(&mut tally).ok()?;
        let (crc, plain) = (tally.crc.clone().finalize(), tally.len);
        if rewriter.found.is_empty() || checked.finalize() != head.crc {
            return None;
        }
        self.found.removed |= rewriter.found;
        Some(Packed { method: DEFLATED, crc, plain, data: encoder.finish().ok()? })
    }

    /// Whether the budget of the whole file covers so many further bytes; takes them from it if it does.
    fn may_unpack(&mut self, plain: u64) -> bool {
        let covered = self.unpacked.saturating_add(plain) <= 4 * UNPACKED;
        if covered {
            self.unpacked += plain;
        }
        covered
    }

    /// A picture goes through as pictures do, and is packed while it does.
    fn picture(&mut self, pipe: &mut Pipe<'_>, head: &Head) -> Step<Written> {
        let at = pipe.written();
        let flags = LENGTHS_BEHIND | head.flags & (1 << 11);
        pipe.write(&local_head(flags, DEFLATED, 0, 0, 0, &head.name))?;
        let mut raw = Data { from: &mut pipe.from, left: head.packed };
        let before = pipe.to.written();
        let mut encoder = DeflateEncoder::new(&mut pipe.to, Compression::fast());
        let mut tally = Tally::new(&mut encoder);
        let washed = if head.method == STORED {
            crate::wash_picture(&mut raw, &mut tally, self.found)
        } else {
            // A part that announces less than it holds is cut to what it announces: the budget counts that.
            crate::wash_picture(&mut DeflateDecoder::new(&mut raw).take(head.plain), &mut tally, self.found)
        };
        washed.map_err(|error| stop(error, raw.from))?;
        let (crc, plain, left) = (tally.crc.finalize(), tally.len, raw.left);
        encoder.finish()?;
        let packed = pipe.to.written() - before;
        pipe.skip(left)?;
        let behind = [&b"PK\x07\x08"[..], &crc.to_le_bytes(), &low(packed), &low(plain)].concat();
        pipe.write(&behind)?;
        Ok(Written { at, flags, method: DEFLATED, crc, packed, plain })
    }

    /// A part that says behind its data how long it was: it ends where its packing ends.
    fn of_unknown_length(&mut self, pipe: &mut Pipe<'_>, head: &Head, name: &str) -> Step<Written> {
        let mut decoder = DeflateDecoder::new(Kept { from: &mut pipe.from, data: Vec::new(), len: 0 });
        let (mut checked, mut plain) = (Hasher::new(), 0);
        let mut buffer = vec![0; 16 * 1024];
        let mut at = None;
        loop {
            let read = decoder.read(&mut buffer);
            let kept = &mut decoder.get_mut().data;
            // Too long to be held, or broken: it goes on as it comes from here.
            if at.is_none() && (kept.len() as u64 > LARGEST || read.is_err()) {
                at = Some(pipe.to.written());
                pipe.to.write_all(&local_head(head.flags, head.method, 0, 0, 0, &head.name))?;
            }
            if at.is_some() {
                pipe.to.write_all(kept)?;
                kept.clear();
            }
            let n = read.map_err(|error| stop(error, decoder.get_ref().from))?;
            if n == 0 {
                break;
            }
            checked.update(&buffer[..n]);
            plain += n as u64;
            self.unpacked += n as u64;
            if self.unpacked > 4 * UNPACKED {
                return Err(Stop::Broken);
            }
        }
        let crc = checked.finalize();
        let Kept { data, len: packed, .. } = decoder.into_inner();
        let behind = pipe.peek(16)?;
        let signed = if behind.starts_with(b"PK\x07\x08") { 4 } else { 0 };
        if le(behind, signed, 4) != Some(u64::from(crc)) || le(behind, signed + 8, 4) != Some(plain) {
            return Err(Stop::Broken);
        }
        pipe.skip(signed as u64 + 12)?;
        if let Some(at) = at {
            let behind = [&b"PK\x07\x08"[..], &crc.to_le_bytes(), &low(packed), &low(plain)].concat();
            pipe.write(&behind)?;
            return Ok(Written { at, flags: head.flags, method: head.method, crc, packed, plain });
        }
        let known = Head {
            flags: head.flags & !LENGTHS_BEHIND,
            crc,
            packed,
            plain,
            name: head.name.clone(),
            ..*head
        };
        if !is_picture(name) {
            return self.small(pipe, &known, name, data);
        }
        if !self.may_unpack(plain) {
            self.found.left |= Trace::Other;
            return Ok(put(pipe, &known, &Packed { method: known.method, crc, plain, data })?);
        }
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
        let mut tally = Tally::new(&mut encoder);
        crate::wash_picture(&mut DeflateDecoder::new(&data[..]), &mut tally, self.found)?;
        let (crc, plain) = (tally.crc.finalize(), tally.len);
        let washed = Packed { method: DEFLATED, crc, plain, data: encoder.finish()? };
        Ok(put(pipe, &known, &washed)?)
    }

    /// An entry of the directory at the end, told anew.
    fn entry(&mut self, pipe: &mut Pipe<'_>) -> Step<()> {
        let entry: [u8; 46] = pipe.need()?;
        let number = |at, len| le(&entry, at, len).unwrap_or_default();
        let name_len = number(28, 2);
        let name = pipe.peek(46 + name_len)?.get(46..).unwrap_or_default().to_vec();
        let Some(written) = self.parts.get(&number(42, 4)) else { return Err(Stop::Broken) };
        let (at, flags, method) =
            (low(written.at), written.flags.to_le_bytes(), written.method.to_le_bytes());
        // Made by version 2.0 of nothing in particular.
        let head = [&b"PK\x01\x02\x14\0\x14\0"[..], &flags, &method, &NO_DATE].concat();
        let lengths = [written.crc.to_le_bytes(), low(written.packed), low(written.plain)].concat();
        let rest = [&low(name_len)[..2], &[0; 12], &at, &name].concat();
        self.directory.extend([head, lengths, rest].concat());
        pipe.skip(46 + name_len + number(30, 2) + number(32, 2))
    }

    fn end(&mut self, pipe: &mut Pipe<'_>) -> Step<()> {
        let end: [u8; 22] = pipe.need()?;
        let count = [end[10], end[11]];
        let at = pipe.written();
        let lengths = [low(self.directory.len() as u64), low(at)].concat();
        let ours = [&b"PK\x05\x06\0\0\0\0"[..], &count, &count, &lengths, &[0, 0]].concat();
        pipe.write(&std::mem::take(&mut self.directory))?;
        pipe.write(&ours)?;
        let comment = u64::from(u16::from_le_bytes([end[20], end[21]]));
        if comment > 0 {
            self.found.removed |= Trace::Words;
        }
        pipe.skip(22)?;
        if pipe.skip_rest()? && comment == 0 {
            self.found.removed |= Trace::Other;
        }
        Ok(())
    }
}

/// A part ready to be written.
struct Packed {
    method: u16,
    crc: u32,
    plain: u64,
    data: Vec<u8>,
}

impl Packed {
    fn of(plain: &[u8]) -> io::Result<Self> {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(plain)?;
        let (crc, len) = (crc32fast::hash(plain), plain.len() as u64);
        Ok(Self { method: DEFLATED, crc, plain: len, data: encoder.finish()? })
    }
}

fn replacement(part: &Part) -> io::Result<Packed> {
    Packed::of(part.put.as_bytes())
}

fn put(pipe: &mut Pipe<'_>, head: &Head, part: &Packed) -> io::Result<Written> {
    let (at, packed) = (pipe.written(), part.data.len() as u64);
    // The name's alphabet stays.
    let flags = head.flags & (1 << 11);
    let head = local_head(flags, part.method, part.crc, packed, part.plain, &head.name);
    pipe.write(&head)?;
    pipe.write(&part.data)?;
    Ok(Written { at, flags, method: part.method, crc: part.crc, packed, plain: part.plain })
}

fn as_it_came(pipe: &mut Pipe<'_>, head: &Head) -> Step<Written> {
    let at = pipe.written();
    let Head { flags, method, crc, packed, plain, .. } = *head;
    pipe.write(&local_head(flags, method, crc, packed, plain, &head.name))?;
    pipe.pass(packed)?;
    Ok(Written { at, flags, method, crc, packed, plain })
}

fn local_head(flags: u16, method: u16, crc: u32, packed: u64, plain: u64, name: &[u8]) -> Vec<u8> {
    let head = [&b"PK\x03\x04\x14\0"[..], &flags.to_le_bytes(), &method.to_le_bytes(), &NO_DATE].concat();
    let lengths = [crc.to_le_bytes(), low(packed), low(plain)].concat();
    [&head, &lengths, &low(name.len() as u64)[..2], &[0, 0], name].concat()
}

/// Four bytes; no file here is longer than they say.
fn low(n: u64) -> [u8; 4] {
    u32::try_from(n).unwrap_or(u32::MAX).to_le_bytes()
}

fn is_xml(name: &str) -> bool {
    [".xml", ".rels"].iter().any(|end| name.ends_with(end))
}

fn is_picture(name: &str) -> bool {
    !name.starts_with("thumbnails/")
        && !name.starts_with("docprops/")
        && [".jpg", ".jpeg", ".png", ".gif", ".webp"].iter().any(|end| name.ends_with(end))
}

/// Is it the packing that is wrong, or the connection?
fn stop(error: io::Error, from: &Source<'_>) -> Stop {
    use io::ErrorKind::{InvalidData, InvalidInput, UnexpectedEof};
    let packing = matches!(error.kind(), InvalidInput | InvalidData | UnexpectedEof);
    if packing && !from.has_failed() { Stop::Broken } else { Stop::Io(error) }
}

/// The data of one part.
struct Data<'p, 's> {
    from: &'p mut Source<'s>,
    left: u64,
}

impl BufRead for Data<'_, '_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        let ahead = self.from.look(usize::from(self.left > 0))?;
        let most = ahead.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
        Ok(&ahead[..most])
    }

    fn consume(&mut self, n: usize) {
        self.from.go(n);
        self.left -= n as u64;
    }
}

impl Read for Data<'_, '_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let ahead = self.fill_buf()?;
        let n = ahead.len().min(buffer.len());
        buffer[..n].copy_from_slice(&ahead[..n]);
        self.consume(n);
        Ok(n)
    }
}

/// Packed data as it is read, to be written as it came.
struct Kept<'p, 's> {
    from: &'p mut Source<'s>,
    data: Vec<u8>,
    len: u64,
}

impl Read for Kept<'_, '_> {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

impl BufRead for Kept<'_, '_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        Ok(self.from.look(1)?)
    }

    fn consume(&mut self, n: usize) {
        if let Ok(ahead) = self.from.look(n) {
            self.data.extend_from_slice(&ahead[..n]);
        }
        self.from.go(n);
        self.len += n as u64;
    }
}

/// Counts and checks what is written.
struct Tally<W> {
    inner: W,
    crc: Hasher,
    len: u64,
}

impl<W> Tally<W> {
    fn new(inner: W) -> Self {
        Self { inner, crc: Hasher::new(), len: 0 }
    }
}

impl<W: Write> Write for Tally<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = self.inner.write(bytes)?;
        self.crc.update(&bytes[..n]);
        self.len += n as u64;
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
