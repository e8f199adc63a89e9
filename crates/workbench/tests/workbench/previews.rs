//! Previews of images from untrusted senders.
#![cfg(target_os = "linux")]

use std::{io::Cursor, path::Path};

use image::{DynamicImage, ImageFormat, RgbImage, RgbaImage};
use workbench::preview::{self, MAX_PREVIEW_SIDE, PreviewError, WORKER_ARG};

use crate::sandboxed_worker::decode_without_permissions;

const METADATA_CANARY: &[u8] = b"12.3714N 1.5197W phone of Awa";

fn render_preview(bytes: &[u8]) -> Result<Vec<u8>, PreviewError> {
    let program = Path::new(env!("CARGO_BIN_EXE_burkindi"));
    preview::render_sandboxed(program, bytes.to_vec().into()).map(|png| png.to_vec())
}

/// Pixels that no compression reduces.
fn noise(width: u32, height: u32) -> RgbImage {
    let mut state = 0x2545_f491_u32;
    RgbImage::from_fn(width, height, |_, _| {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        image::Rgb([state.to_be_bytes()[0], state.to_be_bytes()[1], state.to_be_bytes()[2]])
    })
}

fn encode(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

/// A rotated JPEG with a comment and an Exif segment that name its author.
fn jpeg_with_metadata(image: &DynamicImage) -> Vec<u8> {
    let jpeg = encode(image, ImageFormat::Jpeg);
    let segment = |marker: u8, content: &[u8]| {
        let len = u16::try_from(content.len() + 2).unwrap().to_be_bytes();
        [&[0xff, marker][..], &len, content].concat()
    };
    // One entry: orientation 6, a quarter turn clockwise.
    let exif = [
        &b"Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"[..],
        METADATA_CANARY,
    ]
    .concat();
    [
        &jpeg[..2],
        &segment(0xe1, &exif),
        &segment(0xfe, METADATA_CANARY),
        &jpeg[2..],
        METADATA_CANARY,
    ]
    .concat()
}

fn contains_bytes(bytes: &[u8], what: &[u8]) -> bool {
    bytes.windows(what.len()).any(|window| window == what)
}

#[test]
fn a_preview_is_small_upright_and_without_metadata() {
    let wide = DynamicImage::from(noise(2400, 1200));
    let telling = jpeg_with_metadata(&wide);
    assert!(contains_bytes(&telling, METADATA_CANARY));
    let png = render_preview(&telling).unwrap();
    assert!(!contains_bytes(&png, METADATA_CANARY));
    let shown = image::load_from_memory_with_format(&png, ImageFormat::Png).unwrap();
    assert_eq!(
        (shown.width(), shown.height()),
        (MAX_PREVIEW_SIDE / 2, MAX_PREVIEW_SIDE),
        "turned upright"
    );

    let small = DynamicImage::from(RgbaImage::from_pixel(3, 2, image::Rgba([1, 2, 3, 128])));
    for format in [ImageFormat::Png, ImageFormat::WebP, ImageFormat::Gif] {
        let shown =
            image::load_from_memory(&render_preview(&encode(&small, format)).unwrap()).unwrap();
        assert_eq!((shown.width(), shown.height()), (3, 2), "{format:?}");
    }
}

#[test]
fn unsupported_formats_are_reported() {
    for bytes in [
        &b""[..],
        b"%PDF-1.7\n1 0 obj<</OpenAction<</S/JavaScript/JS(app.alert(1))>>>>endobj",
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>",
        b"PK\x03\x04 a document",
        b"II*\0 a kind that is not shown",
    ] {
        assert!(matches!(render_preview(bytes), Err(PreviewError::NotAnImage)));
    }
}

#[test]
fn malicious_images_are_rejected() {
    let good = encode(&DynamicImage::from(noise(64, 64)), ImageFormat::Jpeg);
    let png = encode(&DynamicImage::from(noise(8, 8)), ImageFormat::Png);
    // A header that claims 60,000 by 60,000 pixels. Its checksum is also wrong; either fault may be
    // found first.
    let mut claims = png.clone();
    claims[16..24].copy_from_slice(&[0, 0, 0xea, 0x60, 0, 0, 0xea, 0x60]);
    // 400 million black pixels in a few hundred kilobytes.
    let bomb = encode(&DynamicImage::new_luma8(19_999, 19_999), ImageFormat::Png);
    assert!(bomb.len() < 4 * 1024 * 1024);
    for bytes in [
        &good[..20],
        &png[..40],
        &claims,
        &bomb,
        b"\xff\xd8\xff\xff\xff\xff",
        b"GIF89a\xff\xff\xff\xff\xf7\0\0",
    ] {
        assert!(
            matches!(render_preview(bytes), Err(PreviewError::Refused)),
            "{} bytes",
            bytes.len()
        );
    }
    assert!(matches!(
        render_preview(&vec![0; preview::MAX_INPUT_BYTES + 1]),
        Err(PreviewError::Refused)
    ));
    // A valid file with each byte changed in turn: the result is a picture or an error, within the
    // limits.
    for at in (0..good.len()).step_by(good.len() / 40) {
        let mut damaged = good.clone();
        damaged[at] ^= 0xff;
        drop(render_preview(&damaged));
    }
}

#[test]
fn the_decoding_process_has_no_other_permissions() {
    let image = encode(&DynamicImage::from(noise(800, 800)), ImageFormat::Png);
    let png = decode_without_permissions(WORKER_ARG, &image);
    assert!(image::load_from_memory(&png).is_ok());
}
