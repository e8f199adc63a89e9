//! Streaming of a form with files: text fields first, then one file after another.

use axum::{
    body::{Body, Bytes},
    extract::Request,
};
use http::{HeaderMap, header};
use protocol::{encoding::size_classes, submission::frame::MAX_ATTACHMENTS};
use reporter::OwnCopy;
use zeroize::Zeroizing;

use super::{
    SubmitError,
    multipart_reader::{MultipartError, MultipartReader, PartHead},
};
use crate::{
    admission::AdmissionPermit,
    form::{FieldError, MAX_FORM_BYTES, sanitize_file_name},
    store::MAX_TEXT_BYTES,
};

/// Maximum number of files in one form. The browser script and the texts of the pages state the
/// same number.
const MAX_FILES: usize = MAX_ATTACHMENTS;
/// The name of the field for an own copy.
const OWN_COPY_FIELD: &str = "copy";
/// Maximum number of bytes of a form beside the content of its files.
const MAX_OVERHEAD_BYTES: u64 = 512 * 1024;
/// Maximum number of bytes that are drained from a rejected body. Without draining, a browser would
/// show a broken connection instead of the error page.
const MAX_DRAIN_BYTES: u64 = 4 * size_classes::MAX_SUBMISSION_LEN;
/// Maximum length of a media type, in characters. RFC 6838 allows 127 on each side of the slash,
/// which no registered type uses.
const MAX_MEDIA_TYPE_CHARS: usize = 100;

/// A form that is being read.
pub(super) struct MultipartForm {
    parts: MultipartReader,
    content_length: u64,
    file_count: usize,
    admission: Option<AdmissionPermit>,
    /// Returns whether the form has a text field of this name.
    is_field: fn(&str) -> bool,
    /// Fields of the form that arrived after a file.
    late_fields: Vec<(String, Zeroizing<Vec<u8>>)>,
    /// Whether the client was too slow, or lost its slot, before the end of the text fields.
    are_fields_cut: bool,
    /// The file in the field for an own copy. It is no attachment.
    own_copy: Option<Vec<u8>>,
}

/// A file of a form whose first bytes have been read.
pub(super) struct UploadedFile {
    /// The name that the device of the reporter sent, without folders.
    pub(super) name: String,
    /// The media type that the device of the reporter sent.
    pub(super) media_type: String,
    first_chunk: Option<Bytes>,
}

impl MultipartForm {
    /// Reads the body of a request as `multipart/form-data`.
    ///
    /// # Errors
    /// [`SubmitError::BadForm`] for a body of another type.
    pub(super) fn from_request(
        request: Request,
        is_field: fn(&str) -> bool,
    ) -> Result<Self, SubmitError> {
        let (parts, body) = request.into_parts();
        let announced = header_text(&parts.headers, &header::CONTENT_LENGTH).parse().unwrap_or(0);
        let form = Self::new(
            body,
            header_text(&parts.headers, &header::CONTENT_TYPE),
            announced,
            is_field,
        )?;
        Ok(Self { admission: parts.extensions.get().cloned(), ..form })
    }

    /// Returns the admission permit, if the request passed the admission middleware.
    pub(super) fn admission(&self) -> Option<&AdmissionPermit> {
        self.admission.as_ref()
    }

    fn new(
        body: Body,
        content_type: &str,
        announced: u64,
        is_field: fn(&str) -> bool,
    ) -> Result<Self, SubmitError> {
        let parts = MultipartReader::new(
            content_type.as_bytes(),
            body,
            size_classes::MAX_SUBMISSION_LEN + MAX_OVERHEAD_BYTES,
        )?;
        Ok(Self {
            parts,
            content_length: announced,
            file_count: 0,
            is_field,
            late_fields: Vec::new(),
            are_fields_cut: false,
            own_copy: None,
            admission: None,
        })
    }

    /// Returns whether `Content-Length` announces more than the limit.
    pub(super) fn is_too_large(&self) -> bool {
        self.content_length > size_classes::MAX_SUBMISSION_LEN + MAX_OVERHEAD_BYTES
    }

    /// Returns the expected length of the submission in bytes. Without `Content-Length`, a form
    /// with files counts as the smallest submission that is not text.
    pub(super) fn expected_len(&self, has_files: bool) -> u64 {
        if has_files {
            self.content_length.max(MAX_TEXT_BYTES + 1)
        } else {
            size_classes::SIZE_CLASSES[0]
        }
    }

    /// Passes the text fields before the first file to `take`. Returns that file, or `None` if
    /// there is no file.
    ///
    /// # Errors
    /// If the body is malformed, too large or too slow.
    pub(super) async fn read_fields(
        &mut self,
        take: impl FnMut(&str, &[u8]) -> Result<(), FieldError>,
    ) -> Result<Option<UploadedFile>, SubmitError> {
        let first = self.read_fields_to_first_file(take).await;
        self.are_fields_cut = first.is_err();
        first
    }

    /// Returns whether the text fields are only a part of those that the reporter sent. A page with
    /// a part of the form would send a message without the rest.
    pub(super) fn are_fields_cut(&self) -> bool {
        self.are_fields_cut
    }

    async fn read_fields_to_first_file(
        &mut self,
        mut take: impl FnMut(&str, &[u8]) -> Result<(), FieldError>,
    ) -> Result<Option<UploadedFile>, SubmitError> {
        while let Some(part) = self.parts.next_part().await? {
            if part.is_file() {
                if let Some(file) = self.begin_file(part).await? {
                    return Ok(Some(file));
                }
                continue;
            }
            let value = self.read_value().await?;
            take(&part.name, &value).map_err(|_| SubmitError::TooLarge)?;
        }
        Ok(None)
    }

    /// Returns the next file. Empty fields and unknown fields are ignored.
    ///
    /// # Errors
    /// [`SubmitError::BadForm`] for a field of the form after a file. It is too late to be sealed;
    /// [`Self::take_late_fields`] returns it.
    pub(super) async fn next_file(&mut self) -> Result<Option<UploadedFile>, SubmitError> {
        while let Some(part) = self.parts.next_part().await? {
            if part.is_file() {
                if let Some(file) = self.begin_file(part).await? {
                    return Ok(Some(file));
                }
                continue;
            }
            let value = self.read_value().await?;
            if !value.is_empty() && (self.is_field)(&part.name) {
                self.late_fields.push((part.name, value));
                return Err(SubmitError::BadForm);
            }
        }
        Ok(None)
    }

    /// Passes the fields that arrived too late to `take`, so that the page can show them.
    pub(super) fn take_late_fields(
        &mut self,
        mut take: impl FnMut(&str, &[u8]) -> Result<(), FieldError>,
    ) {
        for (name, value) in self.late_fields.drain(..) {
            drop(take(&name, &value));
        }
    }

    /// Returns the next bytes of a file, never an empty chunk, or `None` at its end. Cancel safe.
    ///
    /// # Errors
    /// If the body is malformed, too large or too slow.
    pub(super) async fn next_chunk(
        &mut self,
        file: &mut UploadedFile,
    ) -> Result<Option<Bytes>, SubmitError> {
        match file.first_chunk.take() {
            Some(first) => Ok(Some(first)),
            None => Ok(self.parts.next_chunk().await?),
        }
    }

    /// Returns the file in the field for an own copy, if the reporter chose one.
    pub(super) fn take_own_copy(&mut self) -> Option<Vec<u8>> {
        self.own_copy.take()
    }

    /// Reads an own copy. Of a file that is too long for one, only the beginning is stored, and it
    /// does not open.
    async fn read_own_copy(&mut self) -> Result<(), SubmitError> {
        let mut copy = Vec::new();
        while let Some(chunk) = self.parts.next_chunk().await? {
            let room = OwnCopy::MAX_LEN - copy.len();
            copy.extend_from_slice(&chunk[..chunk.len().min(room)]);
        }
        self.own_copy = Some(copy).filter(|copy| !copy.is_empty());
        Ok(())
    }

    /// Drains the rest of the body, so that the browser shows the response.
    pub(super) async fn drain(self) {
        self.parts.drain(MAX_DRAIN_BYTES).await;
    }

    /// Returns the file of a part, or `None` for an empty file input.
    async fn begin_file(&mut self, part: PartHead) -> Result<Option<UploadedFile>, SubmitError> {
        if part.name == OWN_COPY_FIELD {
            self.read_own_copy().await?;
            return Ok(None);
        }
        let name = part.file_name.unwrap_or_default();
        let first = self.parts.next_chunk().await?;
        if name.is_empty() && first.is_none() {
            return Ok(None);
        }
        self.file_count += 1;
        if self.file_count > MAX_FILES {
            return Err(SubmitError::TooLarge);
        }
        let media_type =
            if part.media_type.is_empty() || part.media_type.len() > MAX_MEDIA_TYPE_CHARS {
                "application/octet-stream".to_owned()
            } else {
                part.media_type
            };
        Ok(Some(UploadedFile {
            name: sanitize_file_name(&name, self.file_count),
            media_type,
            first_chunk: first,
        }))
    }

    /// Returns the complete value of a text field.
    async fn read_value(&mut self) -> Result<Zeroizing<Vec<u8>>, SubmitError> {
        let mut value = Zeroizing::new(Vec::new());
        while let Some(chunk) = self.parts.next_chunk().await? {
            if value.len() + chunk.len() > MAX_FORM_BYTES {
                return Err(SubmitError::TooLarge);
            }
            value.extend_from_slice(&chunk);
        }
        Ok(value)
    }
}

impl From<MultipartError> for SubmitError {
    fn from(error: MultipartError) -> Self {
        match error {
            MultipartError::Malformed => Self::BadForm,
            MultipartError::TooLarge => Self::TooLarge,
            MultipartError::TimedOut => Self::Busy,
        }
    }
}

fn header_text<'h>(headers: &'h HeaderMap, name: &header::HeaderName) -> &'h str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admission::body_timeout::BodyReadError;

    type FieldPairs = Vec<(String, Vec<u8>)>;

    async fn read_as(
        content_type: &str,
        body: Body,
    ) -> Result<(FieldPairs, FieldPairs), SubmitError> {
        let mut form = MultipartForm::new(body, content_type, 0, |name| name == "a.story")?;
        let mut fields = Vec::new();
        let mut next = form
            .read_fields(|name, value| {
                fields.push((name.to_owned(), value.to_vec()));
                Ok(())
            })
            .await?;
        let mut files = Vec::new();
        while let Some(mut file) = next {
            let mut content = Vec::new();
            while let Some(chunk) = form.next_chunk(&mut file).await? {
                assert!(!chunk.is_empty());
                content.extend_from_slice(&chunk);
            }
            files.push((file.name, content));
            next = form.next_file().await?;
        }
        Ok((fields, files))
    }

    async fn read_form(body: &'static str) -> Result<(FieldPairs, FieldPairs), SubmitError> {
        read_as("multipart/form-data; boundary=b", Body::from(body)).await
    }

    const TEXT_PART: &str =
        "--b\r\nContent-Disposition: form-data; name=\"a.story\"\r\n\r\nhello\r\n";
    const FILE_PART: &str = "--b\r\nContent-Disposition: form-data; name=\"files\"; filename=\"x.txt\"\r\n\
                        Content-Type: text/plain\r\n\r\ncontent\r\n";
    const EMPTY_FILE_PART: &str = "--b\r\nContent-Disposition: form-data; name=\"files\"; filename=\"\"\r\n\
                        Content-Type: application/octet-stream\r\n\r\n\r\n";

    fn body(parts: &[&str]) -> &'static str {
        Box::leak((parts.concat() + "--b--\r\n").into_boxed_str())
    }

    #[tokio::test]
    async fn fields_are_first_and_an_empty_input_is_no_file() {
        let (fields, files) = read_form(body(&[
            TEXT_PART,
            EMPTY_FILE_PART,
            TEXT_PART,
            FILE_PART,
            EMPTY_FILE_PART,
            FILE_PART,
        ]))
        .await
        .unwrap();
        assert_eq!(fields.len(), 2);
        assert_eq!(
            files,
            [("x.txt".to_owned(), b"content".to_vec()), ("x.txt".to_owned(), b"content".to_vec())]
        );
        assert_eq!(read_form(body(&[TEXT_PART, EMPTY_FILE_PART])).await.unwrap().1, []);
    }

    #[tokio::test]
    async fn a_part_of_the_field_for_files_is_a_file_with_any_name_or_none() {
        let extended = FILE_PART.replace("filename=\"x.txt\"", "filename*=utf-8''re%C3%A7u.txt");
        let unnamed = FILE_PART.replace("; filename=\"x.txt\"", "");
        let capital = FILE_PART.replace("filename=", "FileName=");
        let (_, files) =
            read_form(body(&[TEXT_PART, &extended, &unnamed, &capital])).await.unwrap();
        let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["reçu.txt", "file-2", "x.txt"]);
        assert!(files.iter().all(|(_, content)| content == b"content"));
        // An unknown field is ignored, before a file and after it.
        let foreign = TEXT_PART.replace("a.story", "gtranslate");
        assert_eq!(
            read_form(body(&[TEXT_PART, FILE_PART, &foreign, FILE_PART])).await.unwrap().1.len(),
            2
        );
    }

    #[test]
    fn pages_state_the_maximum_number_of_files() {
        for (_, text) in locales::embedded!("intake.ftl").iter() {
            for key in ["error-large-what = ", "send-too-large = "] {
                let line = text.lines().find(|line| line.starts_with(key)).expect(key);
                assert!(line.contains(&format!(" {MAX_FILES} ")), "{line}");
            }
        }
    }

    #[tokio::test]
    async fn malformed_forms_are_rejected() {
        assert_eq!(read_form(body(&[FILE_PART, TEXT_PART])).await, Err(SubmitError::BadForm));
        assert_eq!(read_form(body(&[FILE_PART; MAX_FILES + 1])).await, Err(SubmitError::TooLarge));
        assert_eq!(read_form(body(&[FILE_PART; MAX_FILES])).await.unwrap().1.len(), MAX_FILES);
        let complete = body(&[TEXT_PART, FILE_PART]);
        for cut in 0..complete.len() - 4 {
            let cut: &'static str = &complete[..cut];
            assert_eq!(read_form(cut).await, Err(SubmitError::BadForm), "{cut:?}");
        }
        let long =
            Box::leak(TEXT_PART.replace("hello", &"x".repeat(MAX_FORM_BYTES + 1)).into_boxed_str());
        assert_eq!(read_form(body(&[long])).await, Err(SubmitError::TooLarge));
    }

    #[tokio::test]
    async fn fields_are_cut_if_reading_ends_before_the_first_file() {
        let cut_after = async |parts: &[&str]| {
            let pieces = [Ok(parts.concat().into_bytes()), Err(BodyReadError::Evicted)];
            let body = Body::from_stream(futures_util::stream::iter(pieces));
            let content_type = "multipart/form-data; boundary=b";
            let mut form = MultipartForm::new(body, content_type, 0, |_| true).unwrap();
            let first = form.read_fields(|_, _| Ok(())).await;
            (first.err(), form.are_fields_cut())
        };
        let copy = FILE_PART.replace("files", OWN_COPY_FIELD);
        assert_eq!(cut_after(&[TEXT_PART]).await, (Some(SubmitError::Busy), true));
        assert_eq!(cut_after(&[TEXT_PART, &copy]).await, (Some(SubmitError::Busy), true));
        assert_eq!(cut_after(&[TEXT_PART, FILE_PART]).await, (None, false));
        let long = TEXT_PART.replace("hello", &"x".repeat(2 * MAX_FORM_BYTES));
        assert_eq!(cut_after(&[TEXT_PART, &long]).await, (Some(SubmitError::TooLarge), true));
        assert!(cut_after(&[TEXT_PART, "\r\n\r\n"]).await.1);
    }

    /// Returns a body that arrives in chunks of this size.
    fn chunked_body(body: &[u8], size: usize) -> Body {
        let chunks: Vec<_> = body
            .chunks(size)
            .map(|chunk| Ok::<_, std::io::Error>(Bytes::copy_from_slice(chunk)))
            .collect();
        Body::from_stream(futures_util::stream::iter(chunks))
    }

    #[tokio::test]
    async fn every_legal_syntax_is_parsed_in_chunks_of_any_size() {
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
                let read = read_as(&content_type, chunked_body(body.as_bytes(), size)).await;
                assert_eq!(read.as_ref(), Ok(&expected), "{content_type} in chunks of {size}");
            }
        }
        for content_type in
            ["", "text/plain; boundary=b", "multipart/form-data", "multipart/form-data; boundary="]
        {
            assert_eq!(
                read_as(content_type, Body::empty()).await,
                Err(SubmitError::BadForm),
                "{content_type}"
            );
        }
        let long = format!("multipart/form-data; boundary={}", "b".repeat(71));
        assert_eq!(read_as(&long, Body::empty()).await, Err(SubmitError::BadForm));
    }

    /// Returns an endless body, and a counter of the bytes that were read of it.
    fn endless_body(
        first: &'static str,
        then: &'static [u8],
    ) -> (Body, std::sync::Arc<std::sync::atomic::AtomicUsize>) {
        let taken = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
        let counter = taken.clone();
        let more = std::iter::repeat(Bytes::from_static(then)).inspect(move |chunk| {
            counter.fetch_add(chunk.len(), std::sync::atomic::Ordering::Relaxed);
        });
        let chunks = std::iter::once(Bytes::from_static(first.as_bytes())).chain(more);
        let body =
            Body::from_stream(futures_util::stream::iter(chunks.map(Ok::<_, std::io::Error>)));
        (body, taken)
    }

    #[tokio::test]
    async fn endless_headers_and_preambles_are_rejected_after_16_kib() {
        for (first, then) in [
            ("--b\r\nContent-Disposition: form-data; name=\"", &[b'x'; 1000][..]),
            ("--b\r\n", b"X: y\r\n"),
            ("", &[b'x'; 1000]),
            ("", b"\r\n-"),
            ("--b", b" "),
        ] {
            let (body, taken) = endless_body(first, then);
            let read = read_as("multipart/form-data; boundary=b", body).await;
            assert_eq!(read, Err(SubmitError::BadForm), "{first} {then:?}");
            let taken = taken.load(std::sync::atomic::Ordering::Relaxed);
            assert!(taken < 20 * 1024, "{taken} bytes of {first} {then:?}");
        }
        let file =
            Box::leak(FILE_PART.strip_suffix("content\r\n").unwrap().to_owned().into_boxed_str());
        let (body, taken) = endless_body(file, &[b'x'; 16 * 1024]);
        assert_eq!(
            read_as("multipart/form-data; boundary=b", body).await,
            Err(SubmitError::TooLarge)
        );
        assert!(
            taken.load(std::sync::atomic::Ordering::Relaxed) as u64
                <= size_classes::MAX_SUBMISSION_LEN + (1 << 20)
        );
    }
}
