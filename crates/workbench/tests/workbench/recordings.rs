//! Recordings from untrusted senders.
#![cfg(target_os = "linux")]

use std::path::Path;

use workbench::recording::{self, MAX_DURATION, RecordingError, WORKER_ARG};

use crate::sandboxed_worker::decode_without_permissions;

const METADATA_CANARY: &[u8] = b"recorded on the phone of Awa";

fn decode(bytes: &[u8]) -> Result<Vec<u8>, RecordingError> {
    let program = Path::new(env!("CARGO_BIN_EXE_burkindi"));
    recording::decode_sandboxed(program, bytes.to_vec().into()).map(|wav| wav.to_vec())
}

fn riff(chunks: &[(&[u8; 4], Vec<u8>)]) -> Vec<u8> {
    let mut content = b"WAVE".to_vec();
    for (name, data) in chunks {
        content.extend_from_slice(*name);
        content.extend_from_slice(&u32::try_from(data.len()).unwrap().to_le_bytes());
        content.extend_from_slice(data);
    }
    let len = u32::try_from(content.len()).unwrap().to_le_bytes();
    [&b"RIFF"[..], &len, &content].concat()
}

fn format(codec: u16, channels: u16, rate: u32, block: u16, bits: u16, extra: &[u8]) -> Vec<u8> {
    let mut chunk = Vec::new();
    chunk.extend_from_slice(&codec.to_le_bytes());
    chunk.extend_from_slice(&channels.to_le_bytes());
    chunk.extend_from_slice(&rate.to_le_bytes());
    chunk.extend_from_slice(&(rate * u32::from(block)).to_le_bytes());
    chunk.extend_from_slice(&block.to_le_bytes());
    chunk.extend_from_slice(&bits.to_le_bytes());
    chunk.extend_from_slice(extra);
    chunk
}

/// A recording as the browser makes it (`recording_file.ts`): IMA ADPCM of two blocks, and padding.
/// The codes are zeros at the smallest step, so that each block is constant.
pub(crate) fn browser_recording() -> Vec<u8> {
    let block = |value: i16| [&value.to_le_bytes()[..], &[0; 254]].concat();
    let samples = 2 * 505_u32;
    riff(&[
        (b"fmt ", format(0x11, 1, 8000, 256, 4, &[2, 0, 0xf9, 1])),
        (b"fact", samples.to_le_bytes().to_vec()),
        (b"data", [block(12_000), block(-6_000)].concat()),
        (b"JUNK", vec![0; 4096]),
    ])
}

/// Stereo at 48 kHz with metadata, as programs make it. The channels have different values.
fn stereo_with_metadata(seconds: usize) -> Vec<u8> {
    let frame = [8_000_i16.to_le_bytes(), 4_000_i16.to_le_bytes()].concat();
    let info = [b"INFOIART", &28_u32.to_le_bytes()[..], METADATA_CANARY].concat();
    riff(&[
        (b"fmt ", format(1, 2, 48_000, 4, 16, &[])),
        (b"LIST", info),
        (b"data", frame.repeat(48_000 * seconds)),
    ])
}

/// Returns the rate and the samples of a WAV file with the header that the workbench writes.
fn samples(wav: &[u8]) -> (u32, Vec<i16>) {
    assert_eq!((&wav[..4], &wav[8..16]), (&b"RIFF"[..], &b"WAVEfmt "[..]));
    assert_eq!(&wav[36..40], b"data");
    let word = |at: usize| u32::from_le_bytes(wav[at..at + 4].try_into().unwrap());
    assert_eq!(word(40) as usize, wav.len() - 44);
    let samples =
        wav[44..].chunks_exact(2).map(|two| i16::from_le_bytes([two[0], two[1]])).collect();
    (word(24), samples)
}

#[test]
fn a_recording_of_the_browser_is_decoded() {
    let (rate, samples) = samples(&decode(&browser_recording()).unwrap());
    assert_eq!((rate, samples.len()), (8000, 1010));
    assert!(samples[..505].iter().all(|sample| sample.abs_diff(12_000) < 8), "{:?}", &samples[..9]);
    assert!(samples[505..].iter().all(|sample| sample.abs_diff(-6_000) < 8));
}

#[test]
fn only_the_samples_of_a_recording_remain() {
    let telling = stereo_with_metadata(1);
    let contains =
        |bytes: &[u8]| bytes.windows(METADATA_CANARY.len()).any(|window| window == METADATA_CANARY);
    assert!(contains(&telling));
    let wav = decode(&telling).unwrap();
    assert!(!contains(&wav));
    let (rate, samples) = samples(&wav);
    assert_eq!((rate, samples.len()), (24_000, 24_000));
    assert!(samples.iter().all(|sample| sample.abs_diff(6_000) < 4), "the mean of both channels");
}

#[test]
fn unsupported_formats_are_reported() {
    for bytes in [
        &b""[..],
        b"#!AMR\n\x3c\x91\x17\x16\xbe\x66",
        b"%PDF-1.7\n1 0 obj<</OpenAction<</S/JavaScript/JS(app.alert(1))>>>>endobj",
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>",
        &[0; 4096],
    ] {
        let result = decode(bytes);
        assert!(matches!(result, Err(RecordingError::NotARecording)), "{result:?}");
    }
}

#[test]
fn damaged_and_oversized_recordings_are_errors_within_the_limits() {
    let good = browser_recording();
    // Each byte of the headers changed in turn, and each cut: a recording or an error.
    for at in (0..72).step_by(3) {
        let mut damaged = good.clone();
        damaged[at] ^= 0xff;
        drop(decode(&damaged));
        drop(decode(&good[..at]));
    }
    // A header that claims 65,535 channels at 4 billion samples a second.
    let claims =
        riff(&[(b"fmt ", format(1, u16::MAX, u32::MAX / 4, 4, 16, &[])), (b"data", vec![0; 64])]);
    assert!(decode(&claims).is_err());
    let too_large = decode(&vec![0; recording::MAX_INPUT_BYTES + 1]);
    assert!(matches!(too_large, Err(RecordingError::Refused)));
}

#[test]
fn a_long_recording_ends_at_the_limit() {
    // One byte for each sample: the longest recording for its size.
    let hours =
        riff(&[(b"fmt ", format(1, 1, 8000, 1, 8, &[])), (b"data", vec![0x80; 8000 * 3600])]);
    let (rate, samples) = samples(&decode(&hours).unwrap());
    assert_eq!(samples.len() as u64, u64::from(rate) * MAX_DURATION.as_secs());
}

#[test]
fn the_decoding_process_has_no_other_permissions() {
    let wav = decode_without_permissions(WORKER_ARG, &stereo_with_metadata(10));
    assert_eq!(samples(&wav).1.len(), 240_000);
}
