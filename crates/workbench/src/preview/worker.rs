//! The sandboxed process: reads an image, writes a PNG.

use std::{
    io::{Cursor, Read, Write, stdin, stdout},
    process::ExitCode,
};

use image::{
    DynamicImage, ImageDecoder as _, ImageError, ImageFormat, ImageReader, Limits,
    codecs::png::PngEncoder,
    error::{LimitError, LimitErrorKind},
};
use sandbox::{SandboxLimits, enter_sandbox};

use super::{MAX_INPUT_BYTES, MAX_PREVIEW_SIDE};
use crate::sandboxed_decoder::EXIT_UNSUPPORTED;

/// Maximum longer side of a source image, in pixels.
const MAX_SOURCE_SIDE: u32 = 20_000;
/// Maximum memory of the decoder, in bytes: 100 million pixels of three bytes.
const MAX_DECODER_BYTES: u64 = 300 * 1024 * 1024;
const EXIT_FAILED: u8 = 1;
/// Maximum memory of the process in bytes: the source file, its pixels, and the smaller image.
const SANDBOX_MEMORY_BYTES: u64 = 1024 * 1024 * 1024;
const SANDBOX_LIMITS: SandboxLimits = SandboxLimits {
    address_space: SANDBOX_MEMORY_BYTES,
    private_memory: SANDBOX_MEMORY_BYTES,
    cpu_seconds: 15,
    may_read_stdin: false,
    low_priority: false,
};

/// Reads an image from standard input and writes a PNG to standard output. The input is read
/// completely before the process enters the sandbox; no byte is parsed before that.
pub fn run() -> ExitCode {
    let mut bytes = Vec::new();
    if stdin().take(MAX_INPUT_BYTES as u64 + 1).read_to_end(&mut bytes).is_err()
        || bytes.len() > MAX_INPUT_BYTES
    {
        return ExitCode::from(EXIT_FAILED);
    }
    if enter_sandbox(&SANDBOX_LIMITS).is_err() {
        return ExitCode::from(EXIT_FAILED);
    }
    let Ok(format) = image::guess_format(&bytes) else { return ExitCode::from(EXIT_UNSUPPORTED) };
    let supported = [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::Gif, ImageFormat::WebP];
    if !supported.contains(&format) {
        return ExitCode::from(EXIT_UNSUPPORTED);
    }
    match render_png(bytes, format).and_then(|png| Ok(stdout().write_all(&png)?)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::from(EXIT_FAILED),
    }
}

fn render_png(bytes: Vec<u8>, format: ImageFormat) -> image::ImageResult<Vec<u8>> {
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SOURCE_SIDE);
    limits.max_image_height = Some(MAX_SOURCE_SIDE);
    limits.max_alloc = Some(MAX_DECODER_BYTES);
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    reader.limits(limits);
    let mut decoder = reader.into_decoder()?;
    // The limits apply to a decoder's own allocations, not to the pixels that it returns.
    if decoder.total_bytes() > MAX_DECODER_BYTES {
        return Err(ImageError::Limits(LimitError::from_kind(LimitErrorKind::InsufficientMemory)));
    }
    let orientation = decoder.orientation()?;
    let mut image = DynamicImage::from_decoder(decoder)?;
    if image.width().max(image.height()) > MAX_PREVIEW_SIDE {
        image = image.thumbnail(MAX_PREVIEW_SIDE, MAX_PREVIEW_SIDE);
    }
    image.apply_orientation(orientation);
    let mut png = Vec::new();
    // Eight bits per channel, which is what a screen displays.
    let image = if image.color().has_alpha() {
        DynamicImage::from(image.into_rgba8())
    } else {
        DynamicImage::from(image.into_rgb8())
    };
    image.write_with_encoder(PngEncoder::new(&mut png))?;
    Ok(png)
}
