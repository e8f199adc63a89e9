//! The text fields of a complete form, in either encoding.

use axum::body::{Body, Bytes};

use super::multipart_reader::MultipartReader;
use crate::form::parse_urlencoded;

/// Returns the names and raw values of the text fields, in order. Files are skipped. If the body
/// ends early, returns the complete fields.
pub(crate) async fn text_fields(content_type: &str, body: Bytes) -> Vec<(String, Vec<u8>)> {
    let limit = body.len() as u64;
    let Ok(mut parts) =
        MultipartReader::new(content_type.as_bytes(), Body::from(body.clone()), limit)
    else {
        return parse_urlencoded(&body).collect();
    };
    let mut fields = Vec::new();
    while let Ok(Some(part)) = parts.next_part().await {
        let mut value = Vec::new();
        loop {
            match parts.next_chunk().await {
                Ok(Some(bytes)) => value.extend_from_slice(&bytes),
                Ok(None) => break,
                Err(_) => return fields,
            }
        }
        if !part.is_file() {
            fields.push((part.name, value));
        }
    }
    fields
}
