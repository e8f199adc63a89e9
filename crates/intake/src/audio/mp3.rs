//! The frames of an MP3 file, without the tags around them.

use std::time::Duration;

/// The bytes of a frame header.
const HEADER_LEN: usize = 4;
/// The bit rates in kbit/s of MPEG-1 layer III, by the number in the header.
const BIT_RATES_1: [usize; 14] = [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
/// The bit rates in kbit/s of MPEG-2 layer III, by the number in the header.
const BIT_RATES_2: [usize; 14] = [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];
/// The sample rates of MPEG-1. Those of MPEG-2 are half of them.
const SAMPLE_RATES: [usize; 3] = [44_100, 48_000, 32_000];
/// Where the side information of a mono frame ends, and an encoder writes its own information.
const INFO_OFFSETS: [usize; 2] = [HEADER_LEN + 9, HEADER_LEN + 17];

/// The audio of an MP3 file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mp3Frames {
    /// The frames, one after the other.
    pub bytes: Vec<u8>,
    /// How long they play.
    pub duration: Duration,
}

/// Why a file cannot be a clip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Mp3Error {
    /// There is no frame at this position.
    #[error("this is not MP3: there is no frame at byte {0}")]
    NoFrame(usize),
    /// The last frame is incomplete.
    #[error("the file is cut: its last frame is incomplete")]
    Cut,
    /// The file has more than one channel.
    #[error("the file has two channels: encode it in mono")]
    Stereo,
    /// The sample rate is one of MPEG-2.5, which some telephones do not play.
    #[error("the sample rate is below 16,000 Hz: encode it with 16,000 Hz or more")]
    SampleRate,
}

struct FrameHeader {
    len: usize,
    samples: u32,
    sample_rate: u32,
}

/// Returns the frames of an MP3 file. Leaves out tags before and after them, and the frame in which
/// an encoder describes itself.
///
/// # Errors
/// If the file is not MP3 in mono with at least 16,000 samples a second.
pub fn parse_mp3(file: &[u8]) -> Result<Mp3Frames, Mp3Error> {
    let mut at = leading_tag_len(file);
    let mut frames = Mp3Frames { bytes: Vec::new(), duration: Duration::ZERO };
    while at < file.len() && !is_trailing_tag(&file[at..]) {
        let header = parse_header(&file[at..]).ok_or(Mp3Error::NoFrame(at))??;
        let frame = file.get(at..at + header.len).ok_or(Mp3Error::Cut)?;
        if !(frames.bytes.is_empty() && is_encoder_info(frame)) {
            frames.bytes.extend_from_slice(frame);
            frames.duration += Duration::from_secs(header.samples.into()) / header.sample_rate;
        }
        at += header.len;
    }
    if frames.bytes.is_empty() { Err(Mp3Error::NoFrame(at)) } else { Ok(frames) }
}

/// Returns the header of a frame, `None` if these bytes begin no frame, or an error for audio that
/// a clip must not have.
fn parse_header(bytes: &[u8]) -> Option<Result<FrameHeader, Mp3Error>> {
    let header = bytes.first_chunk::<HEADER_LEN>()?;
    let [_, kind, rates, mode] = header.map(usize::from);
    let is_layer_3 = kind & 0b110 == 0b010;
    if header[0] != 0xFF || kind & 0xE0 != 0xE0 || !is_layer_3 {
        return None;
    }
    let bit_rate_number = (rates >> 4).checked_sub(1)?;
    let mpeg_1_rate = *SAMPLE_RATES.get(rates >> 2 & 0b11)?;
    let (bit_rates, sample_rate, samples) = match kind >> 3 & 0b11 {
        0b11 => (BIT_RATES_1, mpeg_1_rate, 1152),
        0b10 => (BIT_RATES_2, mpeg_1_rate / 2, 576),
        0b00 => return Some(Err(Mp3Error::SampleRate)),
        _ => return None,
    };
    let bit_rate = *bit_rates.get(bit_rate_number)? * 1000;
    if mode >> 6 != 0b11 {
        return Some(Err(Mp3Error::Stereo));
    }
    let len = samples / 8 * bit_rate / sample_rate + (rates >> 1 & 1);
    let in_u32 = |number: usize| u32::try_from(number).ok();
    Some(Ok(FrameHeader { len, samples: in_u32(samples)?, sample_rate: in_u32(sample_rate)? }))
}

/// Returns the length of the ID3 tag at the beginning of a file.
fn leading_tag_len(file: &[u8]) -> usize {
    match file.first_chunk::<10>() {
        Some(tag) if tag.starts_with(b"ID3") => {
            // The length has seven bits in each byte.
            let len = tag[6..].iter().fold(0, |len, byte| len << 7 | usize::from(byte & 0x7F));
            10 + len
        }
        _ => 0,
    }
}

fn is_trailing_tag(rest: &[u8]) -> bool {
    [&b"TAG"[..], b"APETAGEX", b"LYRICSBEGIN"].iter().any(|tag| rest.starts_with(tag))
}

fn is_encoder_info(frame: &[u8]) -> bool {
    INFO_OFFSETS.iter().any(|offset| {
        frame.get(*offset..offset + 4).is_some_and(|name| name == b"Info" || name == b"Xing")
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Returns silent frames of MPEG-2 with 16 kbit/s and 16,000 samples a second, each of 36 ms.
    pub(crate) fn silence(frames: usize) -> Vec<u8> {
        let frame = [&[0xFF, 0xF3, 0x28, 0xC4][..], &[0; 68]].concat();
        frame.repeat(frames)
    }

    #[test]
    fn frames_are_found_and_their_duration_is_known() {
        let parsed = parse_mp3(&silence(50)).unwrap();
        assert_eq!(parsed.bytes, silence(50));
        assert_eq!(parsed.duration, Duration::from_millis(1800));
        // MPEG-1 with 64 kbit/s and 44,100 samples a second, with and without a byte of padding.
        let padded = [&[0xFF, 0xFB, 0x52, 0xC4][..], &[0; 205]].concat();
        let plain = [&[0xFF, 0xFB, 0x50, 0xC4][..], &[0; 204]].concat();
        let parsed = parse_mp3(&[padded, plain].concat()).unwrap();
        assert_eq!((parsed.bytes.len(), parsed.duration.as_millis()), (417, 52));
    }

    #[test]
    fn tags_and_the_information_of_the_encoder_are_left_out() {
        let id3 = [&b"ID3\x04\0\0\0\0\x01\x02"[..], &[7; 130]].concat();
        let mut info = silence(1);
        info[HEADER_LEN + 9..HEADER_LEN + 13].copy_from_slice(b"Info");
        for end in [&b"TAG and a name"[..], b"APETAGEX", b"LYRICSBEGIN", b""] {
            let file = [&id3[..], &info, &silence(3), end].concat();
            assert_eq!(parse_mp3(&file).unwrap().bytes, silence(3));
        }
    }

    #[test]
    fn other_files_are_refused_with_the_reason() {
        let stereo = [&[0xFF, 0xF3, 0x28, 0x04][..], &[0; 68]].concat();
        let slow = [&[0xFF, 0xE3, 0x28, 0xC4][..], &[0; 68]].concat();
        let layer_2 = [&[0xFF, 0xF5, 0x28, 0xC4][..], &[0; 68]].concat();
        let free_rate = [&[0xFF, 0xF3, 0x08, 0xC4][..], &[0; 68]].concat();
        for (file, error) in [
            (stereo, Mp3Error::Stereo),
            (slow, Mp3Error::SampleRate),
            (layer_2, Mp3Error::NoFrame(0)),
            (free_rate, Mp3Error::NoFrame(0)),
            (b"RIFF....WAVE".to_vec(), Mp3Error::NoFrame(0)),
            (Vec::new(), Mp3Error::NoFrame(0)),
            (silence(2)[..143].to_vec(), Mp3Error::Cut),
            ([silence(2), b"page".to_vec()].concat(), Mp3Error::NoFrame(144)),
            (b"ID3\x04\0\0\x7F\x7F\x7F\x7F".to_vec(), Mp3Error::NoFrame(10 + (1 << 28) - 1)),
        ] {
            assert_eq!(parse_mp3(&file), Err(error), "{file:?}");
        }
    }
}
