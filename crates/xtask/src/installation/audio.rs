//! Audio packs of silent clips, for tests of the spoken help.

use std::{fs, path::Path};

use anyhow::{Result, bail};

use super::Installation;

/// A frame of MPEG-2 layer III in mono with 16 kbit/s and 16,000 samples a second: its header. All
/// other bytes are zero. It plays 36 ms of silence.
const FRAME_HEADER: [u8; 4] = [0xFF, 0xF3, 0x28, 0xC4];
const FRAME_LEN: usize = 72;
/// Frames of a clip, which plays a little more than a second.
const CLIP_FRAMES: usize = 30;

impl Installation {
    /// Builds a pack in French with every clip, and one in Mooré with the subjects only.
    pub(super) fn make_audio_packs(&self) -> Result<()> {
        fs::create_dir_all(self.root.join("audio"))?;
        let texts = self.run_audio_command(&["texts"])?;
        for (lang, name, only) in [("fr", "Français", ""), ("mos", "Mooré", "families.")] {
            let clips = self.root.join(format!("clips-{lang}"));
            write_clips(&clips, &texts, only)?;
            let (clips, out) =
                (clips.display().to_string(), self.path(&format!("audio/{lang}.pack")));
            let pack = ["pack", &clips, "--language", lang, "--name", name, "--out", &out];
            self.run_audio_command(&pack)?;
        }
        Ok(())
    }

    fn run_audio_command(&self, arguments: &[&str]) -> Result<String> {
        let mut intake = self.intake_command()?;
        let output = intake.arg("audio").args(arguments).output()?;
        if !output.status.success() {
            bail!("{intake:?}: {}", String::from_utf8_lossy(&output.stderr));
        }
        Ok(String::from_utf8(output.stdout)?)
    }
}

/// Writes the texts, and a silent clip for each key that begins with `only`.
fn write_clips(folder: &Path, texts: &str, only: &str) -> Result<()> {
    fs::create_dir_all(folder)?;
    fs::write(folder.join("texts.tsv"), texts)?;
    let frame = [&FRAME_HEADER[..], &[0; FRAME_LEN - FRAME_HEADER.len()]].concat();
    for (key, _) in texts.lines().filter_map(|line| line.split_once('\t')) {
        if key.starts_with(only) {
            fs::write(folder.join(format!("{key}.mp3")), frame.repeat(CLIP_FRAMES))?;
        }
    }
    Ok(())
}
