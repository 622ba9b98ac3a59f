"""A real PostgreSQL of its own for a test session: a cluster in a temporary folder, reachable by a unix socket alone."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

_SETTINGS = (
    "-c listen_addresses= -c fsync=off -c shared_buffers=16MB -c max_connections=30 -c wal_level=minimal -c max_wal_senders=0 "
    "-c max_wal_size=128MB -c min_wal_size=32MB -c unix_socket_directories="
)
_MEMORY = Path("/dev/shm")
_MEMORY_BYTES_MIN = 1 << 30


def find_postgres() -> Path | None:
    """The folder of `initdb` and `pg_ctl`: on PATH, or where Debian keeps versioned servers."""
    on_path = shutil.which("pg_ctl")
    candidates = [Path(on_path).resolve().parent] if on_path else []
    candidates += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((folder for folder in candidates if (folder / "initdb").exists() and (folder / "pg_ctl").exists()), None)


@contextmanager
def start_postgres(programs: Path) -> Iterator[str]:
    """Run a cluster; yields the URL of its maintenance database. As root it runs as the user `postgres`, as it must."""
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir=_place()))
    owner = "postgres" if os.geteuid() == 0 else None
    if owner:
        shutil.chown(folder, owner)

    def run(*command: str) -> None:
        done = subprocess.run(
            command, user=owner, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120
        )
        if done.returncode:
            raise RuntimeError(f"{command[0]} failed: {done.stdout}{done.stderr}")

    cluster = folder / "cluster"
    try:
        run(str(programs / "initdb"), "-D", str(cluster), "-A", "trust", "-U", "postgres", "-N", "-E", "UTF8", "--locale=C")
        # The server must not inherit our pipes, or pg_ctl's would never end: its log goes to a file.
        run(str(programs / "pg_ctl"), "-D", str(cluster), "-w", "-l", str(folder / "log"), "-o", f"{_SETTINGS}{folder}", "start")
        try:
            yield f"postgresql://postgres@/postgres?host={folder}"
        finally:
            run(str(programs / "pg_ctl"), "-D", str(cluster), "-w", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder)


def _place() -> Path | None:
    """In memory where there is room: a database is three hundred files, and each test makes and drops its own."""
    has_room = _MEMORY.is_dir() and os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free >= _MEMORY_BYTES_MIN
    return _MEMORY if has_room else None


def create_database(cluster_url: str, name: str) -> str:
    """A fresh, empty database in the cluster; returns its URL."""
    with psycopg.connect(cluster_url, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    return cluster_url.replace("/postgres?", f"/{name}?")


def copy_database(cluster_url: str, source: str, name: str) -> None:
    """The database `name`, in which nobody is, becomes a copy of `source`."""
    with psycopg.connect(cluster_url, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}"')
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{source}"')


def drop_database(cluster_url: str, name: str) -> None:
    """Take the database away, whoever is still in it."""
    with psycopg.connect(cluster_url, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
