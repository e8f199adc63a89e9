//! Responses that are the same for all visitors, with their compressed forms. Text that a visitor
//! typed is never compressed, because the compressed length would reveal something about it.

use std::{io::Write as _, ops::RangeInclusive};

use axum::{
    body::Bytes,
    response::{IntoResponse, Response},
};
use flate2::{Compression, write::GzEncoder};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use protocol::Hash;
use tokio::{sync::OnceCell, task::spawn_blocking};

/// The highest quality of Brotli. A build without optimization takes half a minute for it.
const BROTLI_QUALITY: i32 = if cfg!(debug_assertions) { 4 } else { 11 };
/// The base-2 logarithms of the smallest and the largest window that every browser accepts.
const BROTLI_WINDOWS: [u32; 2] = [10, 22];
/// Size of the buffer of the encoder, in bytes.
const BROTLI_BUFFER: usize = 4096;

/// Caching rule for a response that the browser uses again only if the service confirms it.
pub(crate) const REVALIDATED: &str = "no-cache";
/// Caching rule for a response whose address contains its hash.
pub(crate) const IMMUTABLE: &str = "public, max-age=31536000, immutable";

/// Caching rule for a response that would show on a shared device what a visitor did.
pub(crate) const NOT_STORED: &str = "no-store";

/// A response that is the same for all visitors. It is compressed once or never, on a thread that
/// serves no request: by [`Precompressed::compress`] at the start, or when a browser first asks for
/// that form.
pub(crate) struct Precompressed {
    media_type: &'static str,
    is_compressible: bool,
    hash: Hash,
    plain: Bytes,
    gzip: OnceCell<Bytes>,
    brotli: OnceCell<Bytes>,
}

#[derive(Clone, Copy)]
enum Coding {
    Brotli,
    Gzip,
    Identity,
}

impl Coding {
    /// Returns the best coding that a browser accepts.
    fn accepted(headers: &HeaderMap) -> Self {
        let accepted = headers.get_all(header::ACCEPT_ENCODING).into_iter();
        let accepted: Vec<&str> = accepted
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .filter(|coding| !is_refused(coding))
            .filter_map(|coding| coding.split(';').next())
            .map(str::trim)
            .collect();
        [(Self::Brotli, "br"), (Self::Gzip, "gzip")]
            .into_iter()
            .find(|(_, name)| accepted.contains(name))
            .map_or(Self::Identity, |(coding, _)| coding)
    }

    fn name(self) -> Option<&'static str> {
        match self {
            Self::Brotli => Some("br"),
            Self::Gzip => Some("gzip"),
            Self::Identity => None,
        }
    }
}

/// Returns whether a coding has the weight 0, which refuses it.
fn is_refused(coding: &str) -> bool {
    coding
        .split(';')
        .filter_map(|part| part.trim().strip_prefix("q="))
        .any(|weight| weight.trim().parse() == Ok(0.0_f32))
}

impl Precompressed {
    /// Creates a response with this content.
    pub(crate) fn new(media_type: &'static str, plain: impl Into<Bytes>) -> Self {
        let plain = plain.into();
        let hash = Hash::of(&[&plain]);
        let (gzip, brotli) = (OnceCell::new(), OnceCell::new());
        Self { media_type, is_compressible: true, hash, plain, gzip, brotli }
    }

    /// Creates a response that is never compressed, because its length must not depend on its
    /// content.
    pub(crate) fn uncompressed(media_type: &'static str, plain: impl Into<Bytes>) -> Self {
        Self { is_compressible: false, ..Self::new(media_type, plain) }
    }

    /// The hash of the content.
    pub(crate) fn hash(&self) -> Hash {
        self.hash
    }

    /// The content.
    pub(crate) fn plain(&self) -> &Bytes {
        &self.plain
    }

    /// Compresses the content, so that no visitor waits for it.
    pub(crate) async fn compress(&self) {
        for coding in [Coding::Brotli, Coding::Gzip] {
            self.encoded(coding).await;
        }
    }

    /// Returns the response to a request with these headers: all of it, the rest of it for a
    /// browser that has received a part, or the confirmation that the browser has it already.
    /// `cache` is the caching rule.
    pub(crate) async fn response(&self, headers: &HeaderMap, cache: &'static str) -> Response {
        let coding =
            if self.is_compressible { Coding::accepted(headers) } else { Coding::Identity };
        let tag = self.entity_tag(coding);
        let mut response = if names_tag(headers.get(header::IF_NONE_MATCH), &tag) {
            StatusCode::NOT_MODIFIED.into_response()
        } else {
            let content = self.encoded(coding).await;
            match requested_range(headers, &tag, content.len()) {
                Some(range) => {
                    let all = content.len();
                    let named = format!("bytes {}-{}/{all}", range.start(), range.end());
                    let part = content.slice(range);
                    (StatusCode::PARTIAL_CONTENT, [(header::CONTENT_RANGE, named)], part)
                        .into_response()
                }
                None => content.clone().into_response(),
            }
        };
        let answered = response.headers_mut();
        answered.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.media_type));
        answered.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
        answered.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        answered.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
        answered.insert(header::ETAG, HeaderValue::try_from(tag).expect("made of ASCII"));
        if let Some(name) = coding.name() {
            answered.insert(header::CONTENT_ENCODING, HeaderValue::from_static(name));
        }
        response
    }

    /// Returns the entity tag of a form. It follows from the content, so that it is the same for
    /// all visitors.
    fn entity_tag(&self, coding: Coding) -> String {
        let hash = hex::encode(&self.hash.as_bytes()[..16]);
        format!("\"{hash}-{}\"", coding.name().unwrap_or("id"))
    }

    async fn encoded(&self, coding: Coding) -> &Bytes {
        let (encoded, encode): (_, fn(&[u8]) -> Bytes) = match coding {
            Coding::Brotli => (&self.brotli, brotli),
            Coding::Gzip => (&self.gzip, gzip),
            Coding::Identity => return &self.plain,
        };
        let encode_on_thread = async || {
            let plain = self.plain.clone();
            let encoded = spawn_blocking(move || encode(&plain)).await;
            // A runtime that is being stopped starts no thread.
            encoded.unwrap_or_else(|_| encode(&self.plain))
        };
        encoded.get_or_init(encode_on_thread).await
    }
}

/// Returns whether a header lists an entity tag.
fn names_tag(header: Option<&HeaderValue>, tag: &str) -> bool {
    let listed = header.and_then(|value| value.to_str().ok()).unwrap_or_default();
    listed.split(',').any(|one| one.trim() == tag)
}

/// Returns the range that a browser asks for to continue an interrupted download, if its earlier
/// part is of the same content. Other ranges are not served: the response is then the whole
/// content.
fn requested_range(headers: &HeaderMap, tag: &str, len: usize) -> Option<RangeInclusive<usize>> {
    if headers.get(header::IF_RANGE)?.to_str().ok()? != tag {
        return None;
    }
    let range = headers.get(header::RANGE)?.to_str().ok()?.strip_prefix("bytes=")?;
    let (first, last) = range.split_once('-')?;
    let first: usize = first.parse().ok()?;
    let last = if last.is_empty() { len.checked_sub(1)? } else { last.parse().ok()? };
    (first <= last && last < len).then_some(first..=last)
}

fn gzip(plain: &[u8]) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    let written = encoder.write_all(plain).and_then(|()| encoder.finish());
    written.expect("writing to memory does not fail").into()
}

fn brotli(plain: &[u8]) -> Bytes {
    // The encoder takes up to eight times its window, so the window is as small as the content.
    let [smallest, largest] = BROTLI_WINDOWS;
    let window = (usize::BITS - plain.len().leading_zeros()).clamp(smallest, largest);
    let parameters = ::brotli::enc::BrotliEncoderParams {
        quality: BROTLI_QUALITY,
        lgwin: i32::try_from(window).expect("at most 22"),
        size_hint: plain.len(),
        ..Default::default()
    };
    let mut encoder =
        ::brotli::CompressorWriter::with_params(Vec::new(), BROTLI_BUFFER, &parameters);
    encoder.write_all(plain).expect("writing to memory does not fail");
    encoder.into_inner().into()
}

#[cfg(test)]
mod tests {
    use std::{io::Read as _, slice};

    use axum::body::to_bytes;

    use super::*;

    fn content() -> Vec<u8> {
        (0..20_000_u32).flat_map(|number| (number * number).to_string().into_bytes()).collect()
    }

    async fn get(
        served: &Precompressed,
        headers: &[(header::HeaderName, &str)],
    ) -> (StatusCode, HeaderMap, Vec<u8>) {
        let headers = headers
            .iter()
            .map(|(name, value)| (name.clone(), HeaderValue::from_str(value).unwrap()))
            .collect();
        let (head, body) = served.response(&headers, REVALIDATED).await.into_parts();
        (head.status, head.headers, to_bytes(body, usize::MAX).await.unwrap().to_vec())
    }

    fn range(value: &str) -> (header::HeaderName, &str) {
        (header::RANGE, value)
    }

    fn of(tag: &str) -> (header::HeaderName, &str) {
        (header::IF_RANGE, tag)
    }

    fn unbrotli(bytes: &[u8]) -> Vec<u8> {
        let mut plain = Vec::new();
        ::brotli::Decompressor::new(bytes, BROTLI_BUFFER).read_to_end(&mut plain).unwrap();
        plain
    }

    fn gunzip(bytes: &[u8]) -> Vec<u8> {
        let mut plain = Vec::new();
        flate2::read::GzDecoder::new(bytes).read_to_end(&mut plain).unwrap();
        plain
    }

    #[tokio::test]
    async fn the_best_accepted_coding_is_served() {
        let served = Precompressed::new("text/plain", content());
        let cases = [
            ("gzip, deflate, br, zstd", Some("br")),
            ("br;q=0, gzip", Some("gzip")),
            ("gzip;q=0.5", Some("gzip")),
            ("gzip; q=0, br; q=0.000", None),
            ("identity", None),
            ("brx, xgzip", None),
        ];
        for (accepted, coding) in cases {
            let (status, headers, body) =
                get(&served, &[(header::ACCEPT_ENCODING, accepted)]).await;
            assert_eq!(status, StatusCode::OK);
            let named = headers.get(header::CONTENT_ENCODING).map(|name| name.to_str().unwrap());
            assert_eq!(named, coding, "{accepted}");
            let plain = match coding {
                Some("br") => unbrotli(&body),
                Some(_) => gunzip(&body),
                None => body,
            };
            assert_eq!(plain, content(), "{accepted}");
        }
    }

    #[tokio::test]
    async fn what_must_keep_its_length_is_never_compressed() {
        let served = Precompressed::uncompressed("application/octet-stream", vec![0; 1000]);
        let (status, headers, body) = get(&served, &[(header::ACCEPT_ENCODING, "br, gzip")]).await;
        assert_eq!((status, body), (StatusCode::OK, vec![0; 1000]));
        assert!(!headers.contains_key(header::CONTENT_ENCODING));
    }

    #[tokio::test]
    async fn an_interrupted_download_continues_where_it_ended() {
        let served = Precompressed::new("text/plain", content());
        let accepted = (header::ACCEPT_ENCODING, "br");
        let (_, headers, whole) = get(&served, slice::from_ref(&accepted)).await;
        let tag = headers[header::ETAG].to_str().unwrap().to_owned();
        let (status, headers, rest) =
            get(&served, &[accepted.clone(), range("bytes=100-"), of(&tag)]).await;
        assert_eq!((status, &rest[..]), (StatusCode::PARTIAL_CONTENT, &whole[100..]));
        assert_eq!(headers[header::CONTENT_ENCODING], "br");
        let named = format!("bytes 100-{}/{}", whole.len() - 1, whole.len());
        assert_eq!(headers[header::CONTENT_RANGE].to_str().unwrap(), named);
        let (status, _, byte) =
            get(&served, &[accepted.clone(), range("bytes=7-7"), of(&tag)]).await;
        assert_eq!((status, &byte[..]), (StatusCode::PARTIAL_CONTENT, &whole[7..8]));
        // The earlier part is of other content, of another coding, or of no known content.
        let other = Precompressed::new("text/plain", "other");
        let (_, headers, _) = get(&other, slice::from_ref(&accepted)).await;
        let other = headers[header::ETAG].to_str().unwrap().to_owned();
        let (_, headers, _) = get(&served, &[]).await;
        let identity = headers[header::ETAG].to_str().unwrap().to_owned();
        let beyond = format!("bytes={}-", whole.len());
        for asked in [
            vec![range("bytes=100-"), of(&other)],
            vec![range("bytes=100-"), of(&identity)],
            vec![range("bytes=100-")],
            vec![range(&beyond), of(&tag)],
            vec![range("bytes=9-8"), of(&tag)],
            vec![range("bytes=-5"), of(&tag)],
            vec![range("bytes=1-2,4-5"), of(&tag)],
        ] {
            let (status, _, body) = get(&served, &[vec![accepted.clone()], asked].concat()).await;
            assert_eq!((status, body), (StatusCode::OK, whole.clone()));
        }
    }

    #[tokio::test]
    async fn known_content_is_confirmed_without_its_bytes() {
        let served = Precompressed::new("text/plain", content());
        let (_, headers, _) = get(&served, &[]).await;
        let tag = headers[header::ETAG].to_str().unwrap().to_owned();
        assert_eq!(headers[header::CACHE_CONTROL], REVALIDATED);
        let (status, headers, body) = get(&served, &[(header::IF_NONE_MATCH, &tag)]).await;
        assert_eq!((status, body.len()), (StatusCode::NOT_MODIFIED, 0));
        assert_eq!(headers[header::ETAG].to_str().unwrap(), tag);
        let newer = Precompressed::new("text/plain", "newer");
        let (status, _, body) = get(&newer, &[(header::IF_NONE_MATCH, &tag)]).await;
        assert_eq!((status, &body[..]), (StatusCode::OK, &b"newer"[..]));
    }
}
