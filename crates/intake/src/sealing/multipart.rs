//! Reading a form with files as it comes: text fields first, then files, each in its turn.

use axum::{
    body::{Body, Bytes},
    extract::Request,
};
use envelope::{frame::MAX_ATTACHMENTS, ladder};
use http::{HeaderMap, header};
use zeroize::Zeroizing;

use super::{
    NotSent,
    parts::{PartHead, Parts, PartsError},
};
use crate::{
    form::{FieldError, MAX_TOTAL, plain_name},
    limits::Admission,
    store::TEXT,
};

/// Most files in one form: as many as with scripts, and as the pages say.
const FILES: usize = MAX_ATTACHMENTS;
/// What a form may have beside the content of its files.
const BESIDE_FILES: u64 = 512 * 1024;
/// A body that is not taken is read to its end so far, or a browser would show a broken connection and not our page.
const DRAINED_AT_MOST: u64 = 4 * ladder::TOP;
/// Longest media type, in characters: RFC 6838 allows 127 on each side of the slash, nobody uses that.
const TYPE_CHARS: usize = 100;

/// A form that is being read.
pub(super) struct Form {
    parts: Parts,
    announced: u64,
    files: usize,
    admission: Option<Admission>,
    /// Is a text field of this name one of the form's own?
    is_field: fn(&str) -> bool,
    /// Fields of the form that came behind a file.
    late: Vec<(String, Zeroizing<Vec<u8>>)>,
}

/// One file of a form, its first bytes read already.
pub(super) struct File {
    /// As the sender's device called it, without folders.
    pub(super) name: String,
    /// As the sender's device called it.
    pub(super) media_type: String,
    first: Option<Bytes>,
}

impl Form {
    /// A body of `multipart/form-data`.
    ///
    /// # Errors
    /// [`NotSent::BadForm`] for a body of another type.
    pub(super) fn of(request: Request, is_field: fn(&str) -> bool) -> Result<Self, NotSent> {
        let (parts, body) = request.into_parts();
        let announced = text(&parts.headers, &header::CONTENT_LENGTH).parse().unwrap_or(0);
        let form = Self::new(body, text(&parts.headers, &header::CONTENT_TYPE), announced, is_field)?;
        Ok(Self { admission: parts.extensions.get().cloned(), ..form })
    }

    /// What the post holds, if it came past the limits of the service.
    pub(super) fn admission(&self) -> Option<&Admission> {
        self.admission.as_ref()
    }

    fn new(
        body: Body,
        content_type: &str,
        announced: u64,
        is_field: fn(&str) -> bool,
    ) -> Result<Self, NotSent> {
        let parts = Parts::new(content_type.as_bytes(), body, ladder::TOP + BESIDE_FILES)?;
        Ok(Self { parts, announced, files: 0, is_field, late: Vec::new(), admission: None })
    }

    /// Is it certain before all of it has come that it cannot be taken?
    pub(super) fn is_too_large(&self) -> bool {
        self.announced > ladder::TOP + BESIDE_FILES
    }

    /// About how long the submission will be, in bytes. Without `Content-Length`, files count as the smallest that is no text.
    pub(super) fn expected(&self, has_files: bool) -> u64 {
        if has_files { self.announced.max(TEXT + 1) } else { ladder::RUNGS[0] }
    }

    /// Hands over text fields up to the first file, which is returned; `None` if there is no file.
    pub(super) async fn fields(
        &mut self,
        mut take: impl FnMut(&str, &[u8]) -> Result<(), FieldError>,
    ) -> Result<Option<File>, NotSent> {
        while let Some(part) = self.parts.next().await? {
            if part.is_file() {
                if let Some(file) = self.begin_file(part).await? {
                    return Ok(Some(file));
                }
                continue;
            }
            let value = self.value().await?;
            take(&part.name, &value).map_err(|_| NotSent::TooLarge)?;
        }
        Ok(None)
    }

    /// The next file.
    ///
    /// # Errors
    /// [`NotSent::BadForm`] for a field of the form behind a file: it comes too late to be sealed, and
    /// [`Form::late`] has it. Empty fields and fields of others are ignored.
    pub(super) async fn next_file(&mut self) -> Result<Option<File>, NotSent> {
        while let Some(part) = self.parts.next().await? {
            if part.is_file() {
                if let Some(file) = self.begin_file(part).await? {
                    return Ok(Some(file));
                }
                continue;
            }
            let value = self.value().await?;
            if !value.is_empty() && (self.is_field)(&part.name) {
                self.late.push((part.name, value));
                return Err(NotSent::BadForm);
            }
        }
        Ok(None)
    }

    /// Hands over the field that came too late, for the form to be shown with it.
    pub(super) fn late(&mut self, mut take: impl FnMut(&str, &[u8]) -> Result<(), FieldError>) {
        for (name, value) in self.late.drain(..) {
            drop(take(&name, &value));
        }
    }

    /// The next bytes of a file, never none; `None` at its end. May be cancelled and called again.
    pub(super) async fn chunk(&mut self, file: &mut File) -> Result<Option<Bytes>, NotSent> {
        match file.first.take() {
            Some(first) => Ok(Some(first)),
            None => Ok(self.parts.chunk().await?),
        }
    }

    /// Reads what is left, so that the sender gets to see the answer.
    pub(super) async fn drain(self) {
        self.parts.drain(DRAINED_AT_MOST).await;
    }

    /// `None` for a file input that was left empty.
    async fn begin_file(&mut self, part: PartHead) -> Result<Option<File>, NotSent> {
        let name = part.file_name.unwrap_or_default();
        let first = self.parts.chunk().await?;
        if name.is_empty() && first.is_none() {
            return Ok(None);
        }
        self.files += 1;
        if self.files > FILES {
            return Err(NotSent::TooLarge);
        }
        let media_type = if part.media_type.is_empty() || part.media_type.len() > TYPE_CHARS {
            "application/octet-stream".to_owned()
        } else {
            part.media_type
        };
        Ok(Some(File { name: plain_name(&name, self.files), media_type, first }))
    }

    /// The whole value of a text field.
    async fn value(&mut self) -> Result<Zeroizing<Vec<u8>>, NotSent> {
        let mut value = Zeroizing::new(Vec::new());
        while let Some(chunk) = self.parts.chunk().await? {
            if value.len() + chunk.len() > MAX_TOTAL {
                return Err(NotSent::TooLarge);
            }
            value.extend_from_slice(&chunk);
        }
        Ok(value)
    }
}

impl From<PartsError> for NotSent {
    fn from(error: PartsError) -> Self {
        match error {
            PartsError::Malformed => Self::BadForm,
            PartsError::TooLarge => Self::TooLarge,
            PartsError::GivenUp => Self::Busy,
        }
    }
}

fn text<'h>(headers: &'h HeaderMap, name: &header::HeaderName) -> &'h str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    type Pairs = Vec<(String, Vec<u8>)>;

    async fn read_as(content_type: &str, body: Body) -> Result<(Pairs, Pairs), NotSent> {
        let mut form = Form::new(body, content_type, 0, |name| name == "a.story")?;
        let mut fields = Vec::new();
        let mut next = form
            .fields(|name, value| {
                fields.push((name.to_owned(), value.to_vec()));
                Ok(())
            })
            .await?;
        let mut files = Vec::new();
        while let Some(mut file) = next {
            let mut content = Vec::new();
            while let Some(chunk) = form.chunk(&mut file).await? {
                assert!(!chunk.is_empty());
                content.extend_from_slice(&chunk);
            }
            files.push((file.name, content));
            next = form.next_file().await?;
        }
        Ok((fields, files))
    }

    async fn read(body: &'static str) -> Result<(Pairs, Pairs), NotSent> {
        read_as("multipart/form-data; boundary=b", Body::from(body)).await
    }

    const FIELD: &str = "--b\r\nContent-Disposition: form-data; name=\"a.story\"\r\n\r\nhello\r\n";
    const FILE: &str = "--b\r\nContent-Disposition: form-data; name=\"files\"; filename=\"x.txt\"\r\n\
                        Content-Type: text/plain\r\n\r\ncontent\r\n";
    const NONE: &str = "--b\r\nContent-Disposition: form-data; name=\"files\"; filename=\"\"\r\n\
                        Content-Type: application/octet-stream\r\n\r\n\r\n";

    fn body(parts: &[&str]) -> &'static str {
        Box::leak((parts.concat() + "--b--\r\n").into_boxed_str())
    }

    #[tokio::test]
    async fn fields_come_first_and_an_input_left_empty_is_no_file() {
        let (fields, files) = read(body(&[FIELD, NONE, FIELD, FILE, NONE, FILE])).await.unwrap();
        assert_eq!(fields.len(), 2);
        assert_eq!(
            files,
            [("x.txt".to_owned(), b"content".to_vec()), ("x.txt".to_owned(), b"content".to_vec())]
        );
        assert_eq!(read(body(&[FIELD, NONE])).await.unwrap().1, []);
    }

    #[tokio::test]
    async fn a_part_of_the_field_for_files_is_a_file_whatever_names_it() {
        let extended = FILE.replace("filename=\"x.txt\"", "filename*=utf-8''re%C3%A7u.txt");
        let unnamed = FILE.replace("; filename=\"x.txt\"", "");
        let capital = FILE.replace("filename=", "FileName=");
        let (_, files) = read(body(&[FIELD, &extended, &unnamed, &capital])).await.unwrap();
        let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["reçu.txt", "file-2", "x.txt"]);
        assert!(files.iter().all(|(_, content)| content == b"content"));
        // Under a name of no field of ours: ignored, before a file and behind it.
        let foreign = FIELD.replace("a.story", "gtranslate");
        assert_eq!(read(body(&[FIELD, FILE, &foreign, FILE])).await.unwrap().1.len(), 2);
    }

    #[test]
    fn pages_name_the_most_files_of_a_form() {
        let locales = [
            include_str!("../../locales/fr/intake.ftl"),
            include_str!("../../locales/en/intake.ftl"),
            include_str!("../../locales/ar/intake.ftl"),
            include_str!("../../locales/es/intake.ftl"),
            include_str!("../../locales/pt/intake.ftl"),
        ];
        for text in locales {
            for key in ["error-large-what = ", "send-too-large = "] {
                let line = text.lines().find(|line| line.starts_with(key)).expect(key);
                assert!(line.contains(&format!(" {FILES} ")), "{line}");
            }
        }
    }

    #[tokio::test]
    async fn what_is_broken_is_refused() {
        assert_eq!(read(body(&[FILE, FIELD])).await, Err(NotSent::BadForm));
        assert_eq!(read(body(&[FILE; FILES + 1])).await, Err(NotSent::TooLarge));
        assert_eq!(read(body(&[FILE; FILES])).await.unwrap().1.len(), FILES);
        let whole = body(&[FIELD, FILE]);
        for cut in 0..whole.len() - 4 {
            let cut: &'static str = &whole[..cut];
            assert_eq!(read(cut).await, Err(NotSent::BadForm), "{cut:?}");
        }
        let long = Box::leak(FIELD.replace("hello", &"x".repeat(MAX_TOTAL + 1)).into_boxed_str());
        assert_eq!(read(body(&[long])).await, Err(NotSent::TooLarge));
    }

    /// The same bytes as the network may bring them.
    fn in_pieces(body: &[u8], size: usize) -> Body {
        let pieces: Vec<_> =
            body.chunks(size).map(|piece| Ok::<_, std::io::Error>(Bytes::copy_from_slice(piece))).collect();
        Body::from_stream(futures_util::stream::iter(pieces))
    }

    #[tokio::test]
    async fn every_legal_spelling_is_taken_however_it_is_cut() {
        let boundary = format!("{}'()+_,-./:=?", "x".repeat(57));
        let body = format!(
            "preamble\r\n--{boundary}  \t\r\nCONTENT-disposition:\r\n form-data; name=story\r\nX-Extra: é\r\n\r\n\
             a\r\n--x b\r\n--{boundary}\r\nContent-Disposition: Form-Data; FileName=\"é.jpg\"; Name=\"files\"\r\n\
             Content-Type: IMAGE/jpeg; charset=x\r\n\r\n\r\n-\r\n\r\n--{boundary}\r\n\
             Content-Disposition: form-data; name=\"late\"\r\n\r\n\r\n--{boundary}--epilogue"
        );
        let expected = (
            vec![("story".to_owned(), b"a\r\n--x b".to_vec())],
            vec![("é.jpg".to_owned(), b"\r\n-\r\n".to_vec())],
        );
        for content_type in [
            format!("multipart/form-data; boundary=\"{boundary}\""),
            format!("Multipart/Form-Data; charset=utf-8; Boundary=\"{boundary}\"; x"),
        ] {
            for size in [1, 2, 3, 7, 64, 10_000] {
                let read = read_as(&content_type, in_pieces(body.as_bytes(), size)).await;
                assert_eq!(read.as_ref(), Ok(&expected), "{content_type} in pieces of {size}");
            }
        }
        for content_type in
            ["", "text/plain; boundary=b", "multipart/form-data", "multipart/form-data; boundary="]
        {
            assert_eq!(read_as(content_type, Body::empty()).await, Err(NotSent::BadForm), "{content_type}");
        }
        let long = format!("multipart/form-data; boundary={}", "b".repeat(71));
        assert_eq!(read_as(&long, Body::empty()).await, Err(NotSent::BadForm));
    }

    /// A body without an end, and how much of it was taken.
    fn endless(
        first: &'static str,
        then: &'static [u8],
    ) -> (Body, std::sync::Arc<std::sync::atomic::AtomicUsize>) {
        let taken = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
        let counter = taken.clone();
        let more = std::iter::repeat(Bytes::from_static(then)).inspect(move |piece| {
            counter.fetch_add(piece.len(), std::sync::atomic::Ordering::Relaxed);
        });
        let pieces = std::iter::once(Bytes::from_static(first.as_bytes())).chain(more);
        let body = Body::from_stream(futures_util::stream::iter(pieces.map(Ok::<_, std::io::Error>)));
        (body, taken)
    }

    #[tokio::test]
    async fn headers_and_a_preamble_without_end_are_given_up_after_16_kib() {
        for (first, then) in [
            ("--b\r\nContent-Disposition: form-data; name=\"", &[b'x'; 1000][..]),
            ("--b\r\n", b"X: y\r\n"),
            ("", &[b'x'; 1000]),
            ("", b"\r\n-"),
            ("--b", b" "),
        ] {
            let (body, taken) = endless(first, then);
            let read = read_as("multipart/form-data; boundary=b", body).await;
            assert_eq!(read, Err(NotSent::BadForm), "{first} {then:?}");
            let taken = taken.load(std::sync::atomic::Ordering::Relaxed);
            assert!(taken < 20 * 1024, "{taken} bytes of {first} {then:?}");
        }
        let file = Box::leak(FILE.strip_suffix("content\r\n").unwrap().to_owned().into_boxed_str());
        let (body, taken) = endless(file, &[b'x'; 16 * 1024]);
        assert_eq!(read_as("multipart/form-data; boundary=b", body).await, Err(NotSent::TooLarge));
        assert!(taken.load(std::sync::atomic::Ordering::Relaxed) as u64 <= ladder::TOP + (1 << 20));
    }
}
