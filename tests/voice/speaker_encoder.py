"""Speaker embeddings with the model of resemblyzer (GE2E, 3 LSTM layers), computed with numpy.

The package resemblyzer contains the weights. Its own code needs PyTorch, which is larger than
everything else that this measurement needs. The spectrogram, the length of the partial utterances
and the mean of their embeddings are those of resemblyzer.
"""

import collections
import importlib.util
import pickle
from pathlib import Path

import librosa
import numpy as np

RATE = 16_000
FRAMES = 160  # of one partial utterance: 1.6 s
STEP = 77


class _Checkpoint(pickle.Unpickler):
    """Reads a checkpoint of PyTorch in its old format. Creates no object but lists of numbers."""

    def find_class(self, module, name):
        if name == "_rebuild_tensor_v2":
            return lambda storage, offset, size, *_: (storage, offset, size)
        if (module, name) == ("collections", "OrderedDict"):
            return collections.OrderedDict
        return lambda *_, **__: None

    def persistent_load(self, pid):
        return pid[2]


def _weights():
    package = importlib.util.find_spec("resemblyzer").submodule_search_locations[0]
    with open(Path(package, "pretrained.pt"), "rb") as file:
        for _ in range(3):  # magic number, version, system
            _Checkpoint(file).load()
        tensors = _Checkpoint(file).load()["model_state"]
        storages = {}
        for key in _Checkpoint(file).load():
            count = int.from_bytes(file.read(8), "little")
            storages[key] = np.frombuffer(file.read(4 * count), "<f4")
    return {
        name: storages[key][offset : offset + int(np.prod(size))].reshape(size)
        for name, (key, offset, size) in tensors.items()
    }


class SpeakerEncoder:
    """Turns speech into a vector. Vectors of one speaker have a small angle."""

    def __init__(self):
        self.weights = _weights()

    def embed(self, samples, rate):
        """Returns a vector of length one. `samples` is a numpy array of one channel."""
        samples = librosa.resample(samples.astype(np.float32), orig_sr=rate, target_sr=RATE)
        level = 20 * np.log10(np.sqrt(np.mean(samples**2)) + 1e-9)
        samples *= 10 ** ((-30 - level) / 20)
        mel = librosa.feature.melspectrogram(
            y=samples, sr=RATE, n_fft=400, hop_length=160, n_mels=40
        ).T.astype(np.float32)
        mel = np.pad(mel, ((0, max(0, FRAMES - len(mel))), (0, 0)))
        starts = range(0, len(mel) - FRAMES + 1, STEP)
        vectors = self._forward(np.stack([mel[start : start + FRAMES] for start in starts]))
        mean = vectors.mean(axis=0)
        return mean / np.linalg.norm(mean)

    def _forward(self, batch):
        layer = batch
        for number in range(3):
            layer = self._lstm(layer, number)
        raw = layer[:, -1] @ self.weights["linear.weight"].T + self.weights["linear.bias"]
        raw = np.maximum(raw, 0)
        return raw / (np.linalg.norm(raw, axis=1, keepdims=True) + 1e-9)

    def _lstm(self, batch, number):
        def named(kind):
            return self.weights[f"lstm.{kind}_l{number}"]

        inputs = batch @ named("weight_ih").T + named("bias_ih") + named("bias_hh")
        recurrent = named("weight_hh").T
        hidden = np.zeros((len(batch), 256), np.float32)
        cell = np.zeros_like(hidden)
        outputs = np.empty((len(batch), batch.shape[1], 256), np.float32)
        for time in range(batch.shape[1]):
            gates = inputs[:, time] + hidden @ recurrent
            enter, forget, candidate, leave = np.split(gates, 4, axis=1)
            cell = _sigmoid(forget) * cell + _sigmoid(enter) * np.tanh(candidate)
            hidden = _sigmoid(leave) * np.tanh(cell)
            outputs[:, time] = hidden
        return outputs


def _sigmoid(values):
    return 1 / (1 + np.exp(-values))
