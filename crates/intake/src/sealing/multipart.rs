//! Reading a form with files as it comes: text fields first, then files, each in its turn.

use axum::{
    body::{Body, Bytes},
    extract::Request,
};
use http::{HeaderMap, header};
use protocol::{encoding::size_classes, submission::frame::MAX_ATTACHMENTS};
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

/// Most files in one form: as many as with scripts, and as the pages say.
const MAX_FILES: usize = MAX_ATTACHMENTS;
/// What a form may have beside the content of its files.
const MAX_OVERHEAD_BYTES: u64 = 512 * 1024;
/// A body that is not taken is read to its end so far, or a browser would show a broken connection
/// and not our page.
const MAX_DRAIN_BYTES: u64 = 4 * size_classes::MAX_SUBMISSION_LEN;
/// Longest media type, in characters: RFC 6838 allows 127 on each side of the slash, nobody uses
/// that.
const MAX_MEDIA_TYPE_CHARS: usize = 100;

/// A form that is being read.
pub(super) struct MultipartForm {
    parts: MultipartReader,
    content_length: u64,
    file_count: usize,
    admission: Option<AdmissionPermit>,
    /// Is a text field of this name one of the form's own?
    is_field: fn(&str) -> bool,
    /// Fields of the form that came behind a file.
    late_fields: Vec<(String, Zeroizing<Vec<u8>>)>,
}

/// One file of a form, its first bytes read already.
pub(super) struct UploadedFile {
    /// As the sender's device called it, without folders.
    pub(super) name: String,
    /// As the sender's device called it.
    pub(super) media_type: String,
    first_chunk: Option<Bytes>,
}

impl MultipartForm {
    /// A body of `multipart/form-data`.
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

    /// What the post holds, if it came past the limits of the service.
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
            admission: None,
        })
    }

    /// Is it certain before all of it has come that it cannot be taken?
    pub(super) fn is_too_large(&self) -> bool {
        self.content_length > size_classes::MAX_SUBMISSION_LEN + MAX_OVERHEAD_BYTES
    }

    /// About how long the submission will be, in bytes. Without `Content-Length`, files count as
    /// the smallest that is no text.
    pub(super) fn expected_len(&self, has_files: bool) -> u64 {
        if has_files {
            self.content_length.max(MAX_TEXT_BYTES + 1)
        } else {
            size_classes::SIZE_CLASSES[0]
        }
    }

    /// Hands over text fields up to the first file, which is returned; `None` if there is no file.
    pub(super) async fn read_fields(
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

    /// The next file.
    ///
    /// # Errors
    /// [`SubmitError::BadForm`] for a field of the form behind a file: it comes too late to be
    /// sealed, and [`Form::late`] has it. Empty fields and fields of others are ignored.
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

    /// Hands over the field that came too late, for the form to be shown with it.
    pub(super) fn take_late_fields(
        &mut self,
        mut take: impl FnMut(&str, &[u8]) -> Result<(), FieldError>,
    ) {
        for (name, value) in self.late_fields.drain(..) {
            drop(take(&name, &value));
        }
    }

    /// The next bytes of a file, never none; `None` at its end. May be cancelled and called again.
    pub(super) async fn next_chunk(
        &mut self,
        file: &mut UploadedFile,
    ) -> Result<Option<Bytes>, SubmitError> {
        match file.first_chunk.take() {
            Some(first) => Ok(Some(first)),
            None => Ok(self.parts.next_chunk().await?),
        }
    }

    /// Reads what is left, so that the sender gets to see the answer.
    pub(super) async fn drain(self) {
        self.parts.drain(MAX_DRAIN_BYTES).await;
    }

    /// `None` for a file input that was left empty.
    async fn begin_file(&mut self, part: PartHead) -> Result<Option<UploadedFile>, SubmitError> {
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

    /// The whole value of a text field.
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
    async fn fields_come_first_and_an_input_left_empty_is_no_file() {
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
    async fn a_part_of_the_field_for_files_is_a_file_whatever_names_it() {
        let extended = FILE_PART.replace("filename=\"x.txt\"", "filename*=utf-8''re%C3%A7u.txt");
        let unnamed = FILE_PART.replace("; filename=\"x.txt\"", "");
        let capital = FILE_PART.replace("filename=", "FileName=");
        let (_, files) =
            read_form(body(&[TEXT_PART, &extended, &unnamed, &capital])).await.unwrap();
        let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["reçu.txt", "file-2", "x.txt"]);
        assert!(files.iter().all(|(_, content)| content == b"content"));
        // Under a name of no field of ours: ignored, before a file and behind it.
        let foreign = TEXT_PART.replace("a.story", "gtranslate");
        assert_eq!(
            read_form(body(&[TEXT_PART, FILE_PART, &foreign, FILE_PART])).await.unwrap().1.len(),
            2
        );
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
                assert!(line.contains(&format!(" {MAX_FILES} ")), "{line}");
            }
        }
    }

    #[tokio::test]
    async fn what_is_broken_is_refused() {
        assert_eq!(read_form(body(&[FILE_PART, TEXT_PART])).await, Err(SubmitError::BadForm));
        assert_eq!(read_form(body(&[FILE_PART; MAX_FILES + 1])).await, Err(SubmitError::TooLarge));
        assert_eq!(read_form(body(&[FILE_PART; MAX_FILES])).await.unwrap().1.len(), MAX_FILES);
        let whole = body(&[TEXT_PART, FILE_PART]);
        for cut in 0..whole.len() - 4 {
            let cut: &'static str = &whole[..cut];
            assert_eq!(read_form(cut).await, Err(SubmitError::BadForm), "{cut:?}");
        }
        let long =
            Box::leak(TEXT_PART.replace("hello", &"x".repeat(MAX_FORM_BYTES + 1)).into_boxed_str());
        assert_eq!(read_form(body(&[long])).await, Err(SubmitError::TooLarge));
    }

    /// The same bytes as the network may bring them.
    fn chunked_body(body: &[u8], size: usize) -> Body {
        let pieces: Vec<_> = body
            .chunks(size)
            .map(|piece| Ok::<_, std::io::Error>(Bytes::copy_from_slice(piece)))
            .collect();
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
                let read = read_as(&content_type, chunked_body(body.as_bytes(), size)).await;
                assert_eq!(read.as_ref(), Ok(&expected), "{content_type} in pieces of {size}");
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

    /// A body without an end, and how much of it was taken.
    fn endless_body(
        first: &'static str,
        then: &'static [u8],
    ) -> (Body, std::sync::Arc<std::sync::atomic::AtomicUsize>) {
        let taken = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
        let counter = taken.clone();
        let more = std::iter::repeat(Bytes::from_static(then)).inspect(move |piece| {
            counter.fetch_add(piece.len(), std::sync::atomic::Ordering::Relaxed);
        });
        let pieces = std::iter::once(Bytes::from_static(first.as_bytes())).chain(more);
        let body =
            Body::from_stream(futures_util::stream::iter(pieces.map(Ok::<_, std::io::Error>)));
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
