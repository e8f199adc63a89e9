//! Reading a form with files as it comes: text fields first, then files, each in its turn.

use axum::{
    body::{Body, Bytes},
    extract::Request,
};
use envelope::ladder;
use http::{HeaderMap, header};
use multer::{Constraints, Field, Multipart, SizeLimit};
use zeroize::Zeroizing;

use super::NotSent;
use crate::form::FieldError;

/// Most files in one form.
const FILES: usize = 20;
/// Longest value of a text field, in bytes.
const VALUE_BYTES: usize = 64 * 1024;
/// What a form may have beside the content of its files.
const BESIDE_FILES: u64 = 512 * 1024;
/// A body that is too large is read to its end so far, or a browser would show a broken connection and not our page.
const READ_AT_MOST: u64 = 4 * ladder::TOP;
/// Longest name of a file, in characters.
const NAME_CHARS: usize = 120;
/// Longest media type, in characters: RFC 6838 allows 127 on each side of the slash, nobody uses that.
const TYPE_CHARS: usize = 100;

/// A form that is being read.
pub(super) struct Form {
    multipart: Multipart<'static>,
    announced: u64,
    files: usize,
}

/// One file of a form, its first bytes read already.
pub(super) struct File {
    /// As the sender's device called it, without folders.
    pub(super) name: String,
    /// As the sender's device called it.
    pub(super) media_type: String,
    first: Option<Bytes>,
    rest: Field<'static>,
}

impl Form {
    /// A body of `multipart/form-data`.
    pub(super) fn of(request: Request) -> Result<Self, NotSent> {
        let (parts, body) = request.into_parts();
        let content_type = text(&parts.headers, &header::CONTENT_TYPE);
        let boundary = multer::parse_boundary(content_type).map_err(|_| NotSent::BadForm)?;
        let announced = text(&parts.headers, &header::CONTENT_LENGTH).parse().unwrap_or(0);
        Ok(Self::new(body, boundary, announced))
    }

    fn new(body: Body, boundary: String, announced: u64) -> Self {
        let limit = SizeLimit::new().whole_stream(READ_AT_MOST);
        let constraints = Constraints::new().size_limit(limit);
        Self {
            multipart: Multipart::with_constraints(body.into_data_stream(), boundary, constraints),
            announced,
            files: 0,
        }
    }

    /// Is it certain before all of it has come that it cannot be taken?
    pub(super) fn is_too_large(&self) -> bool {
        self.announced > ladder::TOP + BESIDE_FILES
    }

    /// Hands over text fields up to the first file, which is returned; `None` if there is no file.
    pub(super) async fn fields(
        &mut self,
        mut take: impl FnMut(&str, &[u8]) -> Result<(), FieldError>,
    ) -> Result<Option<File>, NotSent> {
        while let Some(field) = self.next().await? {
            if field.file_name().is_some() {
                if let Some(file) = self.file(field).await? {
                    return Ok(Some(file));
                }
                continue;
            }
            let name = field.name().unwrap_or_default().to_owned();
            let value = value(field).await?;
            take(&name, &value).map_err(|_| NotSent::BadForm)?;
        }
        Ok(None)
    }

    /// The next file. A text field after files is no form of ours: it would come too late to be sealed.
    pub(super) async fn next_file(&mut self) -> Result<Option<File>, NotSent> {
        while let Some(field) = self.next().await? {
            if field.file_name().is_none() {
                return Err(NotSent::BadForm);
            }
            if let Some(file) = self.file(field).await? {
                return Ok(Some(file));
            }
        }
        Ok(None)
    }

    /// Reads what is left, so that the sender gets to see the answer.
    pub(super) async fn drain(mut self) {
        while let Ok(Some(_)) = self.multipart.next_field().await {}
    }

    async fn next(&mut self) -> Result<Option<Field<'static>>, NotSent> {
        self.multipart.next_field().await.map_err(|error| not_sent(&error))
    }

    /// `None` for a file input that was left empty.
    async fn file(&mut self, mut field: Field<'static>) -> Result<Option<File>, NotSent> {
        let name = field.file_name().unwrap_or_default().to_owned();
        let first = chunk(&mut field).await?;
        if name.is_empty() && first.is_none() {
            return Ok(None);
        }
        self.files += 1;
        if self.files > FILES {
            return Err(NotSent::TooLarge);
        }
        let media_type = field.content_type().map_or("", |mime| mime.essence_str());
        let media_type = if media_type.is_empty() || media_type.len() > TYPE_CHARS {
            "application/octet-stream".to_owned()
        } else {
            media_type.to_owned()
        };
        Ok(Some(File { name: plain_name(&name, self.files), media_type, first, rest: field }))
    }
}

impl File {
    /// The next bytes; `None` at the end.
    pub(super) async fn chunk(&mut self) -> Result<Option<Bytes>, NotSent> {
        match self.first.take() {
            Some(first) => Ok(Some(first)),
            None => chunk(&mut self.rest).await,
        }
    }
}

/// The next bytes, never none: an empty field comes as one empty chunk.
async fn chunk(field: &mut Field<'static>) -> Result<Option<Bytes>, NotSent> {
    loop {
        match field.chunk().await.map_err(|error| not_sent(&error))? {
            Some(bytes) if bytes.is_empty() => {}
            other => return Ok(other),
        }
    }
}

async fn value(mut field: Field<'static>) -> Result<Zeroizing<Vec<u8>>, NotSent> {
    let mut value = Zeroizing::new(Vec::new());
    while let Some(chunk) = chunk(&mut field).await? {
        if value.len() + chunk.len() > VALUE_BYTES {
            return Err(NotSent::BadForm);
        }
        value.extend_from_slice(&chunk);
    }
    Ok(value)
}

fn not_sent(error: &multer::Error) -> NotSent {
    match error {
        multer::Error::StreamSizeExceeded { .. } => NotSent::TooLarge,
        _ => NotSent::BadForm,
    }
}

fn text<'h>(headers: &'h HeaderMap, name: &header::HeaderName) -> &'h str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// A name without folders and control characters; its place in the form where nothing is left.
fn plain_name(name: &str, place: usize) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let plain: String = last.chars().filter(|c| !c.is_control()).take(NAME_CHARS).collect();
    let plain = plain.trim();
    if plain.trim_matches('.').is_empty() { format!("file-{place}") } else { plain.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_keeps_no_folder() {
        assert_eq!(plain_name("C:\\Users\\awa\\photo 1.jpg", 1), "photo 1.jpg");
        assert_eq!(plain_name("../../etc/passwd", 1), "passwd");
        assert_eq!(plain_name("a\u{0}b\n.pdf", 1), "ab.pdf");
        for nothing in ["", "..", "/", " ", "x/.."] {
            assert_eq!(plain_name(nothing, 3), "file-3");
        }
        assert_eq!(plain_name(&"é".repeat(500), 1).chars().count(), NAME_CHARS);
    }

    async fn read(body: &'static str) -> Result<(Vec<(String, Vec<u8>)>, Vec<(String, Vec<u8>)>), NotSent> {
        let mut form = Form::new(Body::from(body), "b".into(), body.len() as u64);
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
            while let Some(chunk) = file.chunk().await? {
                content.extend_from_slice(&chunk);
            }
            files.push((file.name.clone(), content));
            drop(file);
            next = form.next_file().await?;
        }
        Ok((fields, files))
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
    async fn what_is_broken_is_refused() {
        assert_eq!(read(body(&[FILE, FIELD])).await, Err(NotSent::BadForm));
        assert_eq!(read(body(&[FILE; FILES + 1])).await, Err(NotSent::TooLarge));
        assert_eq!(read(body(&[FILE; FILES])).await.unwrap().1.len(), FILES);
        let whole = body(&[FIELD, FILE]);
        for cut in 0..whole.len() - 4 {
            let cut: &'static str = &whole[..cut];
            assert_eq!(read(cut).await, Err(NotSent::BadForm), "{cut:?}");
        }
        let long = Box::leak(FIELD.replace("hello", &"x".repeat(VALUE_BYTES + 1)).into_boxed_str());
        assert_eq!(read(body(&[long])).await, Err(NotSent::BadForm));
    }
}
