//! The text fields of a form, in either encoding.

use axum::body::{Body, Bytes};

use super::multipart_reader::{FILES_FIELD, MultipartReader};
use crate::form::parse_urlencoded;

/// The name and the raw value of a text field.
pub(crate) type TextField = (String, Vec<u8>);

/// Returns the text fields of a complete body, in order. Files are skipped. If the body ends early,
/// returns the complete fields.
pub(crate) async fn text_fields(content_type: &str, body: Bytes) -> Vec<TextField> {
    let Some(parts) = multipart_reader(content_type, &body) else {
        return parse_urlencoded(&body).collect();
    };
    read_fields(parts, false).await.0
}

/// Returns the text fields of a body of which only the beginning is known, in order. Returns `None`
/// unless the beginning reaches the field for files, which follows all text fields on our pages.
pub(crate) async fn text_fields_before_files(
    content_type: &str,
    beginning: Bytes,
) -> Option<Vec<TextField>> {
    let (fields, has_all) = read_fields(multipart_reader(content_type, &beginning)?, true).await;
    has_all.then_some(fields)
}

fn multipart_reader(content_type: &str, body: &Bytes) -> Option<MultipartReader> {
    let limit = body.len() as u64;
    MultipartReader::new(content_type.as_bytes(), Body::from(body.clone()), limit).ok()
}

/// Returns the complete text fields, and whether the field for files or the end of the form was
/// reached. With `until_files`, stops at that field.
async fn read_fields(mut parts: MultipartReader, until_files: bool) -> (Vec<TextField>, bool) {
    let mut fields = Vec::new();
    loop {
        let part = match parts.next_part().await {
            Ok(Some(part)) => part,
            Ok(None) => return (fields, true),
            Err(_) => return (fields, false),
        };
        if until_files && part.name == FILES_FIELD {
            return (fields, true);
        }
        let mut value = Vec::new();
        loop {
            match parts.next_chunk().await {
                Ok(Some(bytes)) => value.extend_from_slice(&bytes),
                Ok(None) => break,
                Err(_) => return (fields, false),
            }
        }
        if !part.is_file() {
            fields.push((part.name, value));
        }
    }
}
