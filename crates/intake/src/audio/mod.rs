//! Audio packs: the clips of the spoken help in one language, as one file.

mod mp3;
mod pack;

#[cfg(test)]
pub(crate) use mp3::tests::silence;
pub use mp3::{Mp3Error, Mp3Frames, parse_mp3};
pub use pack::{
    AudioPack, MAX_CLIP_SECONDS, MAX_PACK_BYTES, PACK_STEP, PackError, PackHeader, load_packs,
};
