//! The sandboxed process: reads an audio file, writes a WAV file.

use std::{
    io::{Cursor, Read, Write, stdin, stdout},
    process::ExitCode,
};

use sandbox::{SandboxLimits, enter_sandbox};
use symphonia::core::{
    audio::GenericAudioBufferRef,
    codecs::audio::{AudioDecoder, AudioDecoderOptions},
    errors::Error,
    formats::{FormatOptions, FormatReader, TrackType, probe::Hint},
    io::{MediaSourceStream, MediaSourceStreamOptions},
    meta::MetadataOptions,
};

use super::{HEADER_LEN, MAX_DURATION, MAX_INPUT_BYTES, MAX_SAMPLE_RATE};
use crate::sandboxed_decoder::EXIT_UNSUPPORTED;

const EXIT_FAILED: u8 = 1;
/// Maximum memory of the process in bytes: the file, a copy of it, and the result.
const SANDBOX_MEMORY_BYTES: u64 = 512 * 1024 * 1024;
const SANDBOX_LIMITS: SandboxLimits = SandboxLimits {
    address_space: SANDBOX_MEMORY_BYTES,
    private_memory: SANDBOX_MEMORY_BYTES,
    cpu_seconds: 30,
    may_read_stdin: false,
    low_priority: false,
};
/// The rates that recordings have, in samples per second.
const SAMPLE_RATES: std::ops::RangeInclusive<u32> = 4_000..=192_000;

/// Reads an audio file from standard input and writes a WAV file to standard output. The input is
/// read completely before the process enters the sandbox; no byte is parsed before that.
pub fn run() -> ExitCode {
    let mut bytes = Vec::new();
    if stdin().take(MAX_INPUT_BYTES as u64 + 1).read_to_end(&mut bytes).is_err()
        || bytes.len() > MAX_INPUT_BYTES
        || enter_sandbox(&SANDBOX_LIMITS).is_err()
    {
        return ExitCode::from(EXIT_FAILED);
    }
    match decode(bytes) {
        Ok(sound) if sound.samples.is_empty() => ExitCode::from(EXIT_FAILED),
        Ok(sound) => match stdout().write_all(&sound.to_wav()) {
            Ok(()) => ExitCode::SUCCESS,
            Err(_) => ExitCode::from(EXIT_FAILED),
        },
        Err(Error::Unsupported(_)) => ExitCode::from(EXIT_UNSUPPORTED),
        Err(_) => ExitCode::from(EXIT_FAILED),
    }
}

fn decode(file: Vec<u8>) -> Result<DecodedSound, Error> {
    let stream =
        MediaSourceStream::new(Box::new(Cursor::new(file)), MediaSourceStreamOptions::default());
    let probe = symphonia::default::get_probe();
    let mut format = probe
        .probe(&Hint::new(), stream, FormatOptions::default(), MetadataOptions::default())
        // The probe reads to the end of a file of another kind.
        .map_err(|_| Error::Unsupported("format"))?;
    let (track, mut decoder) = audio_decoder(&*format)?;
    let mut sound = DecodedSound::default();
    while let Some(packet) = format.next_packet().or_else(end_of_file)? {
        if packet.track_id != track {
            continue;
        }
        match decoder.decode(&packet) {
            Ok(buffer) => sound.add(&buffer)?,
            // A damaged packet is left out, as players do.
            Err(Error::DecodeError(_)) => {}
            Err(error) => return Err(error),
        }
        if sound.is_full() {
            break;
        }
    }
    Ok(sound)
}

/// Returns the id of the first audio track, and its decoder.
fn audio_decoder(format: &dyn FormatReader) -> Result<(u32, Box<dyn AudioDecoder>), Error> {
    const UNSUPPORTED: Error = Error::Unsupported("track");
    let track = format.default_track(TrackType::Audio).ok_or(UNSUPPORTED)?;
    let parameters = track.codec_params.as_ref().and_then(|parameters| parameters.audio());
    let decoder = symphonia::default::get_codecs()
        .make_audio_decoder(parameters.ok_or(UNSUPPORTED)?, &AudioDecoderOptions::default())?;
    Ok((track.id, decoder))
}

/// A file that ends too early is decoded as far as it goes.
fn end_of_file<T>(error: Error) -> Result<Option<T>, Error> {
    match error {
        Error::IoError(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => Ok(None),
        error => Err(error),
    }
}

/// Samples of one channel.
#[derive(Default)]
struct DecodedSound {
    rate: u32,
    samples: Vec<i16>,
    interleaved: Vec<f32>,
}

impl DecodedSound {
    /// Adds the mean of all channels. A rate above the maximum is divided by a whole number.
    fn add(&mut self, buffer: &GenericAudioBufferRef<'_>) -> Result<(), Error> {
        let (rate, channels) = (buffer.spec().rate(), buffer.num_planes());
        if !SAMPLE_RATES.contains(&rate) || channels == 0 {
            return Err(Error::Unsupported("sample rate"));
        }
        let divisor = rate.div_ceil(MAX_SAMPLE_RATE);
        let rate = rate / divisor;
        if self.rate != rate && !self.samples.is_empty() {
            return Err(Error::Unsupported("change of the sample rate"));
        }
        self.rate = rate;
        buffer.copy_to_vec_interleaved(&mut self.interleaved);
        let group = channels * divisor as usize;
        #[expect(clippy::cast_precision_loss, reason = "at most a few hundred samples")]
        let mean = |group: &[f32]| group.iter().sum::<f32>() / group.len() as f32;
        #[expect(clippy::cast_possible_truncation, reason = "within the range of 16 bits")]
        let to_sample = |value: f32| (value.clamp(-1.0, 1.0) * f32::from(i16::MAX)) as i16;
        let samples = self.interleaved.chunks_exact(group).map(|group| to_sample(mean(group)));
        let left = self.capacity() - self.samples.len();
        self.samples.extend(samples.take(left));
        Ok(())
    }

    fn capacity(&self) -> usize {
        usize::try_from(u64::from(self.rate) * MAX_DURATION.as_secs()).unwrap_or(usize::MAX)
    }

    fn is_full(&self) -> bool {
        self.rate > 0 && self.samples.len() >= self.capacity()
    }

    /// Returns a WAV file with a header of our own.
    fn to_wav(&self) -> Vec<u8> {
        const BYTES_PER_SAMPLE: u16 = 2;
        let len = u32::try_from(2 * self.samples.len()).expect("limited by MAX_OUTPUT_BYTES");
        let mut wav = Vec::with_capacity(HEADER_LEN as usize + 2 * self.samples.len());
        wav.extend_from_slice(b"RIFF");
        wav.extend_from_slice(&(len + HEADER_LEN - 8).to_le_bytes());
        wav.extend_from_slice(b"WAVEfmt ");
        wav.extend_from_slice(&16_u32.to_le_bytes());
        // PCM in one channel.
        wav.extend_from_slice(&[1, 0, 1, 0]);
        wav.extend_from_slice(&self.rate.to_le_bytes());
        wav.extend_from_slice(&(self.rate * u32::from(BYTES_PER_SAMPLE)).to_le_bytes());
        wav.extend_from_slice(&BYTES_PER_SAMPLE.to_le_bytes());
        wav.extend_from_slice(&(8 * BYTES_PER_SAMPLE).to_le_bytes());
        wav.extend_from_slice(b"data");
        wav.extend_from_slice(&len.to_le_bytes());
        wav.extend(self.samples.iter().flat_map(|sample| sample.to_le_bytes()));
        wav
    }
}
