"""The model registry: what is registered is there, matches its digest, and a swapped file is refused."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from jianlu.core.errors import IntegrityError, InvalidError, NotFoundError, UnavailableError
from jianlu.process.models.registry import Model, find_model, path_of_model_file, read_model_file, read_registry

WEIGHTS = b"weights of an operator's own model"


def own_registry(folder: Path, content: bytes = WEIGHTS, packages: str = "") -> dict[str, Model]:
    """A registry with one model in two parts on disk."""
    (folder / "a.bin").write_bytes(content[:10])
    (folder / "b.bin").write_bytes(content[10:])
    digest = hashlib.sha256(WEIGHTS).hexdigest()
    (folder / "own.toml").write_text(
        f"""
        [own]
        role = "faces"
        title = "Own"
        source = "https://models.example"
        licence = "MIT"
        threshold = 600
        digest = "{digest}"
        languages = []
        packages = {{ {packages} }}
        [own.files."weights.bin"]
        sha256 = "{digest}"
        parts = ["{folder}/a.bin", "{folder}/b.bin"]
        """
    )
    return read_registry(folder / "own.toml")


@pytest.mark.parametrize("name", ["whisper-base", "silero-vad", "yunet"])
def test_every_file_of_a_registered_model_is_installed_and_is_the_registered_one(name: str) -> None:
    model = find_model(name)
    for file in model.files:
        assert hashlib.sha256(read_model_file(model, file)).hexdigest() == model.files[file].sha256


def test_every_registered_model_states_its_licence_and_source() -> None:
    for model in read_registry().values():
        assert model.licence == "MIT"
        assert model.source.startswith("https://")


def test_an_operators_model_is_joined_from_its_parts(tmp_path: Path) -> None:
    assert read_model_file(find_model("own", own_registry(tmp_path)), "weights.bin") == WEIGHTS


def test_a_swapped_weight_file_is_refused(tmp_path: Path) -> None:
    model = find_model("own", own_registry(tmp_path, WEIGHTS.replace(b"own", b"bad")))
    with pytest.raises(IntegrityError, match="not what is registered"):
        read_model_file(model, "weights.bin")


def test_a_missing_weight_file_says_what_to_do(tmp_path: Path) -> None:
    models = own_registry(tmp_path)
    (tmp_path / "b.bin").unlink()
    with pytest.raises(UnavailableError, match="reinstall"):
        read_model_file(models["own"], "weights.bin")


@pytest.mark.parametrize(("packages", "words"), [('nobody-has-this = "1"', "install it"), ('numpy = "0.1"', "install that")])
def test_a_package_that_is_absent_or_of_another_version_is_named(tmp_path: Path, packages: str, words: str) -> None:
    models = own_registry(tmp_path, packages=packages)
    with pytest.raises(UnavailableError, match=words):
        read_model_file(models["own"], "weights.bin")


def test_an_unknown_model_is_answered_with_those_that_exist() -> None:
    with pytest.raises(NotFoundError, match="silero-vad, whisper-base, yunet"):
        find_model("whisper-large")


def test_a_file_of_several_parts_has_no_path(tmp_path: Path) -> None:
    with pytest.raises(InvalidError, match="several parts"):
        path_of_model_file(own_registry(tmp_path)["own"], "weights.bin")


def test_the_path_of_a_file_is_given_after_its_check() -> None:
    model = find_model("silero-vad")
    assert path_of_model_file(model, "silero_vad.onnx").read_bytes() == read_model_file(model, "silero_vad.onnx")


@pytest.mark.parametrize(
    "change",
    [("role", '"nose"'), ("threshold", "1001"), ("threshold", '"high"'), ("digest", '"abc"'), ("unknown", "1"), ("files", "3")],
)
def test_a_malformed_registry_is_refused(tmp_path: Path, change: tuple[str, str]) -> None:
    own_registry(tmp_path)
    lines = (tmp_path / "own.toml").read_text().splitlines()
    key, value = change
    kept = [line for line in lines if not line.strip().startswith(f"{key} =")]
    (tmp_path / "own.toml").write_text("\n".join([*kept[:2], f"{key} = {value}", *kept[2:]]))
    with pytest.raises(InvalidError):
        read_registry(tmp_path / "own.toml")


def test_a_registry_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidError, match="cannot be read"):
        read_registry(tmp_path / "none.toml")
