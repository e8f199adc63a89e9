"""Measures how well a speaker verification model recognises altered voices. See README.md."""

import argparse
import itertools
import subprocess
import wave
from pathlib import Path

import numpy as np

from speaker_encoder import SpeakerEncoder

HERE = Path(__file__).parent
BROWSER = HERE.parent.parent / "crates/intake/browser"

ESPEAK = (
    "adam Alicia Andrea Andy belinda benjamin boris david Denis Diogo edward Gene Henrique linda "
    "Marco victor"
).split()
FLITE = ["awb", "kal16", "rms", "slt"]
FESTIVAL = ["cmu_us_slt_arctic_hts", "kal_diphone"]

TEXTS = [
    "I crossed the border on a Monday morning with a truck of cement. The officer at the gate asked "
    "me for money before he would look at the papers. I waited for three hours and then I paid.",
    "The scale at the warehouse shows less than the real weight. Everybody at the office knows it. "
    "The difference is shared at the end of the week between four people in the back room.",
    "My shipment was held for eleven days without any reason. A man called my brother and said that "
    "a gift would help. He gave the name of a shop where we should leave the envelope.",
    "There is a second price list in the drawer. When a trader does not pay, the inspection takes "
    "until the evening. When the trader pays, the stamp comes in five minutes without a look.",
]
DRAWS = 3  # altered versions of each recording


def synthesise(folder):
    """Returns for each voice the paths of its recordings, one for each text."""
    voices = {}
    for engine, names in [("espeak", ESPEAK), ("flite", FLITE), ("festival", FESTIVAL)]:
        for name in names:
            paths = []
            for number, text in enumerate(TEXTS):
                path = folder / f"{engine}-{name}-{number}.wav"
                if not path.exists():
                    speak(engine, name, text, path)
                paths.append(path)
            voices[f"{engine}-{name}"] = paths
    return voices


def speak(engine, voice, text, path):
    if engine == "espeak":
        command = ["espeak-ng", "-v", f"en-us+{voice}", "-w", path, text]
    elif engine == "flite":
        command = ["flite", "-voice", voice, "-t", text, "-o", path]
    else:
        command = ["text2wave", "-eval", f"(voice_{voice})", "-o", path]
    subprocess.run(command, input=text.encode(), check=True, capture_output=True)


def alter(voices, folder):
    """Returns for each voice and recording the paths of its altered versions."""
    script = folder / "alter.mjs"
    bundle = ["npx", "esbuild", HERE / "alter.ts", "--bundle", "--platform=node", "--format=esm"]
    subprocess.run([*bundle, f"--outfile={script}", "--log-level=warning"], cwd=BROWSER, check=True)
    lines, altered, seed = [], {}, 1
    for voice, paths in voices.items():
        for path in paths:
            for draw in range(DRAWS):
                result = folder / f"{path.stem}-{draw}.wav"
                altered.setdefault(voice, []).append(result)
                lines.append(f"{path}\t{result}\t{seed}")
                seed += 1
    missing = "\n".join(line for line in lines if not Path(line.split("\t")[1]).exists())
    subprocess.run(["node", script], input=missing.encode(), check=True)
    return {voice: np.array(paths).reshape(-1, DRAWS) for voice, paths in altered.items()}


def read(path):
    with wave.open(str(path)) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2")
        return samples / 32768, file.getframerate()


def embed(encoder, path, prepare=lambda *sound: sound):
    """Returns the vector of a recording. It is stored beside the recording."""
    stored = Path(f"{path}.npy")
    if not stored.exists():
        np.save(stored, encoder.embed(*prepare(*read(path))))
    return np.load(stored)


def telephone(samples, rate):
    """Returns the samples at 8 kHz, so that the band alone makes no difference between the two."""
    import librosa

    return librosa.resample(samples, orig_sr=rate, target_sr=8000), 8000


def equal_error_rate(same, other):
    """Returns the rate at which as many speakers are taken for another as are not recognised."""
    scores = np.concatenate([same, other])
    is_same = np.concatenate([np.ones(len(same)), np.zeros(len(other))])[np.argsort(scores)]
    missed = np.cumsum(is_same) / len(same)
    accepted = 1 - np.cumsum(1 - is_same) / len(other)
    at = np.argmin(np.abs(missed - accepted))
    return (missed[at] + accepted[at]) / 2


def compare(known, unknown):
    """Compares recordings of known speakers with others of a different text.

    Both have the shape (voice, text, vector). Returns the EER, the rank-1 rate (how often the true
    voice has the highest score of all), and the mean scores of same and of different voices.
    """
    same, other, first = [], [], []
    texts = range(known.shape[1])
    for one, two in itertools.product(texts, texts):
        if one == two:
            continue
        scores = unknown[:, two] @ known[:, one].T
        same.extend(np.diag(scores))
        other.extend(scores[~np.eye(len(scores), dtype=bool)])
        first.extend(scores.argmax(axis=1) == np.arange(len(scores)))
    same, other = np.array(same), np.array(other)
    return equal_error_rate(same, other), np.mean(first), same.mean(), other.mean()


def normalised(vectors):
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def whitened(train, *sets):
    """Removes what varies within a voice, as learnt from other voices (WCCN)."""
    within = (train - train.mean(axis=1, keepdims=True)).reshape(-1, train.shape[-1])
    covariance = np.cov(within.T) + 1e-4 * np.eye(train.shape[-1])
    transform = np.linalg.cholesky(np.linalg.inv(covariance))
    center = train.mean(axis=(0, 1))
    return [normalised((one - center) @ transform) for one in sets]


def report(what, result):
    eer, first, same, other = result
    print(f"| {what} | {eer:.1%} | {first:.1%} | {same:.3f} | {other:.3f} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="for recordings, a new folder")
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    voices = synthesise(folder)
    altered = alter(voices, folder)
    encoder = SpeakerEncoder()
    before = np.array([[embed(encoder, path, telephone) for path in paths] for paths in voices.values()])
    after = np.array([[[embed(encoder, path) for path in row] for row in rows] for rows in altered.values()])
    count = len(voices)
    print(f"{count} voices, {len(TEXTS)} texts, {DRAWS} alterations of each recording\n")
    print("| known recordings | unknown recordings | EER | rank 1 | same | other |")
    print("| --- | --- | --- | --- | --- | --- |")
    report("original | original", compare(before, before))
    report("original | altered", compare(before, after[:, :, 0]))
    report("altered once | altered", compare(after[:, :, 1], after[:, :, 0]))
    mean = normalised(after[:, :, 1:].mean(axis=2))
    report(f"altered {DRAWS - 1} times, mean | altered", compare(mean, after[:, :, 0]))
    learnt = []
    for start in (0, 1):
        train, test = np.arange(start, count, 2), np.arange(1 - start, count, 2)
        trained = after[train].reshape(len(train), -1, after.shape[-1])
        learnt.append(compare(*whitened(trained, mean[test], after[test][:, :, 0])))
    report("the same, learnt on other altered voices | altered", np.mean(learnt, axis=0))
    print(f"\nguessing: EER 50 %, rank 1 {1 / count:.1%} (in the last row {2 / count:.1%})")


if __name__ == "__main__":
    main()
