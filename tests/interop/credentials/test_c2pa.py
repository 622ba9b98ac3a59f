"""Content credentials of a package's recording, as the readers of others see them: the library's own, and `encypher-c2pa`.

Both let a box `free` behind the recording pass; the verifier of packages refuses what they let pass.
The faults: a changed byte, a box that is too much, moved, cut or made for another recording, a key that is not its certificate's.
"""

from __future__ import annotations

import io
import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import av
import c2pa
import encypher_c2pa
import pytest

from jianlu.backends.credentials.c2pa import ASSERTION, C2paCredentials, _WithBox
from jianlu.core.errors import IntegrityError, InvalidError, UnavailableError
from jianlu.core.formats.checkpoint import claimed_checkpoint
from jianlu.core.formats.credentials import BOX_BYTES_MAX, credentials_place
from jianlu.core.formats.package import CHECKPOINT, MEDIA
from jianlu.verify.check import check_package
from jianlu.verify.problems import Code
from tests.e2e.sabotage.forge import Entries, forge, read_entries
from tests.fakes.quiet_home import Sealed, jianlu, make_media_and_case, make_quiet_home

FREE = (16).to_bytes(4, "big") + b"free" + bytes(8)


def make_chain(folder: Path, name: str = "house") -> tuple[Path, Path, Path]:
    """Root, key, and chain (leaf, root) of a signer of content credentials, made by openssl as an institution would."""
    root_key, root, key, asked, leaf, chain = (
        folder / f"{name}.{kind}" for kind in ("root.key", "root.pem", "key", "csr", "pem", "chain.pem")
    )
    extensions = folder / "extensions"
    extensions.write_text(
        "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=emailProtection\n"
        "subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n"
    )
    fresh = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    lasting = ["-days", "400", "-extfile", extensions]
    ours = ["-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign,cRLSign"]
    for command in (
        ["req", "-x509", *fresh, "-keyout", root_key, "-out", root, "-days", "900", "-subj", f"/O={name}/CN=Root", *ours],
        ["req", *fresh, "-keyout", key, "-out", asked, "-subj", f"/O={name}/CN=Recordings"],
        ["x509", "-req", "-in", asked, "-CA", root, "-CAkey", root_key, "-CAcreateserial", *lasting, "-out", leaf],
    ):
        subprocess.run(["openssl", *map(str, command)], check=True, capture_output=True, timeout=60)
    chain.write_bytes(leaf.read_bytes() + root.read_bytes())
    return root, key, chain


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_chain(tmp_path_factory.mktemp("house"))[0]


@pytest.fixture(scope="module")
def sealed(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Sealed:
    """A home with content credentials, and a package of it."""
    folder = tmp_path_factory.mktemp("sealed")
    home = make_quiet_home(folder / "home")
    for name in ("house.key", "house.chain.pem"):
        (home / "secrets" / name).write_bytes((root.parent / name).read_bytes())
    settings = home / "jianlu.toml"
    text = settings.read_text(encoding="utf-8")
    for name, file in (("credentials_key", "house.key"), ("credentials_chain", "house.chain.pem")):
        assert f'{name} = ""' in text
        text = text.replace(f'{name} = ""', f'{name} = "secrets/{file}"')
    settings.write_text(text, encoding="utf-8")
    media, case = make_media_and_case(folder)
    answer = jianlu("seal", media, "--case", case, "-o", folder / "session.jlp", "--home", home)
    assert answer.code == 0, answer.err
    return Sealed(home, media, case, folder / "session.jlp")


def box_of(recording: bytes) -> tuple[int, int]:
    return credentials_place(lambda at, length: recording[at : at + length])


def seen_by_another(recording: bytes, folder: Path, root: Path | None = None) -> Mapping[str, Any]:
    """What the second reader says; with `root` as the one authority that it trusts."""
    file = folder / "session.mp4"
    file.write_bytes(recording)
    trusted = root.read_text() if root is not None else None
    return encypher_c2pa.verify(file, trust_pem=trusted, no_default_trust=True, telemetry=False)


def seen_by_its_own(recording: bytes, root: Path | None = None) -> c2pa.Reader:
    settings: dict[str, Any] = {"verify": {"verify_trust": root is not None}}
    if root is not None:
        settings["trust"] = {"trust_anchors": root.read_text()}
    return c2pa.Reader("video/mp4", io.BytesIO(recording), context=c2pa.Context(c2pa.Settings.from_dict(settings)))


def test_a_package_with_content_credentials_is_whole_for_us_and_trusted_by_others(
    sealed: Sealed, root: Path, tmp_path: Path
) -> None:
    assert check_package(sealed.package).is_intact
    entries = read_entries(sealed.package)
    recording = entries[MEDIA]
    assert box_of(recording)[1] > 1000
    reader = seen_by_its_own(recording, root)
    assert reader.get_validation_state() == "Trusted"
    said = json.loads(reader.json())
    manifest = said["manifests"][said["active_manifest"]]
    ours = next(each["data"] for each in manifest["assertions"] if each["label"] == ASSERTION)
    checkpoint = claimed_checkpoint(entries[CHECKPOINT])
    assert (ours["ledger"], ours["entries"], ours["root"]) == (checkpoint.origin, checkpoint.size, checkpoint.root.hex())
    other = seen_by_another(recording, tmp_path, root)
    assert (other["integrity"], other["signature"], other["hard_binding"]) == ("valid", "valid", "match")
    trusted = "valid_for_supplied_material"
    assert other["trust"]["status"] == trusted
    assert seen_by_another(recording, tmp_path)["trust"]["status"] != trusted, "nobody trusts a root that they were not given"


def test_the_recording_plays_with_its_box(sealed: Sealed) -> None:
    with av.open(io.BytesIO(read_entries(sealed.package)[MEDIA]), "r") as played:
        assert len(list(played.decode(video=0))) > 30


def test_a_changed_byte_is_seen_by_everybody(sealed: Sealed, root: Path, tmp_path: Path) -> None:
    def change(entries: Entries) -> None:
        content = bytearray(entries[MEDIA])
        content[-20] ^= 1
        entries[MEDIA] = bytes(content)

    forged = forge(sealed.package, tmp_path / "forged.jlp", change, signer=sealed.package_signer)
    recording = read_entries(forged)[MEDIA]
    assert seen_by_its_own(recording, root).get_validation_state() == "Invalid"
    assert seen_by_another(recording, tmp_path, root)["integrity"] != "valid"
    assert Code.MEDIA_ALTERED in {each.what for each in check_package(forged).problems}


def _with_free_box(recording: bytes) -> bytes:
    return recording + FREE


def _with_box_twice(recording: bytes) -> bytes:
    at, size = box_of(recording)
    return recording[: at + size] + recording[at:]


def _with_box_moved(recording: bytes) -> bytes:
    at, size = box_of(recording)
    return recording[:at] + recording[at + size :] + recording[at : at + size]


def _with_box_cut(recording: bytes) -> bytes:
    at, size = box_of(recording)
    return recording[: at + size - 10] + recording[at + size :]


def _with_box_longer_than_allowed(recording: bytes) -> bytes:
    at, size = box_of(recording)
    length = BOX_BYTES_MAX + 1
    box = length.to_bytes(4, "big") + recording[at + 4 : at + size]
    return recording[:at] + box + bytes(length - len(box)) + recording[at + size :]


@pytest.mark.parametrize(
    "change", [_with_free_box, _with_box_twice, _with_box_moved, _with_box_cut, _with_box_longer_than_allowed]
)
def test_boxes_that_are_none_of_the_recordings_are_refused(change: Any, sealed: Sealed, tmp_path: Path) -> None:
    """By whoever signs packages, too: the ledger says how long the recording is."""

    def changed(entries: Entries) -> None:
        entries[MEDIA] = change(entries[MEDIA])

    result = check_package(forge(sealed.package, tmp_path / "forged.jlp", changed, signer=sealed.package_signer))
    assert not result.is_intact
    assert {each.what for each in result.problems} & {Code.MEDIA_LENGTH, Code.MEDIA_ALTERED}


def test_the_other_readers_let_a_free_box_pass(sealed: Sealed, root: Path, tmp_path: Path) -> None:
    """Why a package says the digest of the whole file beside its content credentials."""
    recording = _with_free_box(read_entries(sealed.package)[MEDIA])
    assert seen_by_its_own(recording, root).get_validation_state() == "Trusted"
    assert seen_by_another(recording, tmp_path, root)["integrity"] == "valid"


def test_a_recording_without_its_box_is_whole_all_the_same(sealed: Sealed, tmp_path: Path) -> None:
    """Content credentials are an extra for other people's tools: no evidence hangs on them."""

    def without(entries: Entries) -> None:
        at, size = box_of(entries[MEDIA])
        entries[MEDIA] = entries[MEDIA][:at] + entries[MEDIA][at + size :]

    assert check_package(forge(sealed.package, tmp_path / "plain.jlp", without, signer=sealed.package_signer)).is_intact


def test_keys_and_certificates_that_do_not_fit_are_said(root: Path, tmp_path: Path) -> None:
    folder = root.parent
    other = make_chain(tmp_path, "other")
    with pytest.raises(InvalidError, match="not that of the first certificate"):
        C2paCredentials(folder / "house.chain.pem", other[1])
    with pytest.raises(UnavailableError, match="cannot be read"):
        C2paCredentials(folder / "house.chain.pem", tmp_path / "absent")
    with pytest.raises(InvalidError, match="both PEM"):
        C2paCredentials(folder / "house.key", folder / "house.key")
    with pytest.raises(InvalidError, match="MP4"):
        C2paCredentials(folder / "house.chain.pem", folder / "house.key").credentials(io.BytesIO(b"no recording"), {})


def test_what_would_change_the_recording_is_refused(sealed: Sealed) -> None:
    """A later version of the library that moved or mended boxes would break the comparison with the ledger."""
    recording = read_entries(sealed.package)[MEDIA]
    at, size = box_of(recording)
    plain, box = recording[:at] + recording[at + size :], recording[at : at + size]
    view = _WithBox(io.BytesIO(plain))
    view.write(recording)
    assert view.finished() == box
    view.seek(0)
    assert view.readall() == recording
    altered = _WithBox(io.BytesIO(plain))
    with pytest.raises(IntegrityError, match="change the recording"):
        altered.write(recording[:-1] + b"x")
    with pytest.raises(IntegrityError, match="change the recording"):
        altered.finished()
    short = _WithBox(io.BytesIO(plain))
    short.write(recording[:-1])
    with pytest.raises(IntegrityError, match="one box"):
        short.finished()
