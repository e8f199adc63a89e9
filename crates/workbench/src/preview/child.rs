//! The confined process: bytes in, pixels out.

use std::{
    io::{Cursor, Read, Write, stdin, stdout},
    process::ExitCode,
};

use confined::{Limits as Confinement, confine};
use image::{
    DynamicImage, ImageDecoder as _, ImageError, ImageFormat, ImageReader, Limits,
    codecs::png::PngEncoder,
    error::{LimitError, LimitErrorKind},
};

use super::{MOST_IN, NO_IMAGE, SIDE};

/// The longer side of an image that is decoded at all, in pixels.
const MOST_SIDE: u32 = 20_000;
/// What decoding may take, in bytes: 100 million pixels of three bytes.
const MOST_MEMORY: u64 = 300 * 1024 * 1024;
const FAILED: u8 = 1;
/// Memory in bytes: the image as it came, its pixels, and the smaller one.
const MEMORY: u64 = 1024 * 1024 * 1024;
const CONFINEMENT: Confinement =
    Confinement { address_space: MEMORY, memory: MEMORY, seconds: 15, reads: false, yields: false };

/// Reads an image from standard input and writes a PNG to standard output. Everything is read before the process gives up what
/// it could do; no byte of the file is looked at before.
pub fn run() -> ExitCode {
    let mut bytes = Vec::new();
    if stdin().take(MOST_IN as u64 + 1).read_to_end(&mut bytes).is_err() || bytes.len() > MOST_IN {
        return ExitCode::from(FAILED);
    }
    if confine(&CONFINEMENT).is_err() {
        return ExitCode::from(FAILED);
    }
    let Ok(format) = image::guess_format(&bytes) else { return ExitCode::from(NO_IMAGE) };
    let shown = [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::Gif, ImageFormat::WebP];
    if !shown.contains(&format) {
        return ExitCode::from(NO_IMAGE);
    }
    match png(bytes, format).and_then(|png| Ok(stdout().write_all(&png)?)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::from(FAILED),
    }
}

fn png(bytes: Vec<u8>, format: ImageFormat) -> image::ImageResult<Vec<u8>> {
    let mut limits = Limits::default();
    limits.max_image_width = Some(MOST_SIDE);
    limits.max_image_height = Some(MOST_SIDE);
    limits.max_alloc = Some(MOST_MEMORY);
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    reader.limits(limits);
    let mut decoder = reader.into_decoder()?;
    // The limits bound what a decoder takes for itself, not the pixels that it gives.
    if decoder.total_bytes() > MOST_MEMORY {
        return Err(ImageError::Limits(LimitError::from_kind(LimitErrorKind::InsufficientMemory)));
    }
    let orientation = decoder.orientation()?;
    let mut image = DynamicImage::from_decoder(decoder)?;
    if image.width().max(image.height()) > SIDE {
        image = image.thumbnail(SIDE, SIDE);
    }
    image.apply_orientation(orientation);
    let mut png = Vec::new();
    // Eight bits a channel: what a screen shows.
    let image = if image.color().has_alpha() {
        DynamicImage::from(image.into_rgba8())
    } else {
        DynamicImage::from(image.into_rgb8())
    };
    image.write_with_encoder(PngEncoder::new(&mut png))?;
    Ok(png)
}
