"""Opens a media file with the media library, narrowly: the demuxer is named, only files are read, and only our errors leave.

What the containers promise is read by the layout modules, without the library. Nothing is decoded here.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import av
from av.container import InputContainer

from jianlu.capture.uploads._matroska_layout import matroska_layout
from jianlu.capture.uploads._mp4_layout import mp4_layout
from jianlu.capture.uploads.model import Layout
from jianlu.core.errors import InvalidError, NotFoundError, UnavailableError
from jianlu.core.limits import MEDIA_BYTES_MAX

_DEMUXERS = {"mp4": "mov", "mov": "mov", "matroska": "matroska", "webm": "matroska"}
_MP4_FIRST = {b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"}
_DAMAGED = "the media cannot be read to its end: it is damaged or truncated; copy it again from the recorder"
_MACHINE = "the media file could not be read because of the machine: check disk and memory, then try again"
_MACHINE_ERRORS = {errno.EIO, errno.EMFILE, errno.ENFILE, errno.ESTALE}
"""Not ENOMEM: the library says it of a damaged file that claims more than any memory holds, which no second try mends."""


def read_layout(path: Path) -> tuple[Layout, int]:
    """Layout and size of the media at `path`; raises NotFoundError, or InvalidError for anything but a whole MP4, MOV, MKV or WebM."""
    with media_errors():
        try:
            # Without O_NONBLOCK, opening a pipe would wait for its writer.
            stream = os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb")
        except (FileNotFoundError, NotADirectoryError) as error:
            raise NotFoundError("there is no media file of this name: check the path") from error
        except (IsADirectoryError, PermissionError) as error:
            raise InvalidError("the media file cannot be read: name a readable file") from error
        with stream:
            if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
                raise InvalidError("the media must be an ordinary file: save the stream to a file first")
            file_bytes = os.fstat(stream.fileno()).st_size
            if file_bytes == 0:
                raise InvalidError("the media file is empty: the recorder wrote nothing; record it again")
            if file_bytes > MEDIA_BYTES_MAX:
                raise InvalidError("the media file is larger than any package may be: split it into sessions")
            head = stream.read(8)
            if head[:4] == b"\x1a\x45\xdf\xa3":
                return matroska_layout(stream, file_bytes), file_bytes
            if head[4:] in _MP4_FIRST:
                return mp4_layout(stream, file_bytes), file_bytes
    raise InvalidError("the file is no MP4, MOV, MKV or WebM: export the recording in one of these")


@contextmanager
def opened(path: Path, layout: Layout) -> Iterator[InputContainer]:
    """The media at `path`, open for demuxing, whose structure was found sound; leaves no error but ours."""
    options = {"protocol_whitelist": "file", "probesize": "5000000", "analyzeduration": "3000000"}
    if layout.container in ("mp4", "mov"):
        # Edit lists were judged by the walk; each sample then comes once, with its own time.
        options["advanced_editlist"] = "0"
    demuxer, name = _DEMUXERS[layout.container], f"file:{path.absolute()}"
    with media_errors(), av.open(name, format=demuxer, options=options, metadata_errors="replace") as container:
        yield container


@contextmanager
def media_errors() -> Iterator[None]:
    """Turn the media library's and the system's errors into ours."""
    try:
        yield
    except av.error.FFmpegError as error:
        if error.errno in _MACHINE_ERRORS:
            raise UnavailableError(_MACHINE) from error
        raise InvalidError(_DAMAGED) from error
    except OSError as error:
        raise UnavailableError(_MACHINE) from error
