"""Copies a media file packet by packet into another container, as a converter would: nothing is decoded or encoded.

It makes the harmless variant "re-muxed before sealing". The product's own segmenter is elsewhere and shares nothing with it.
"""

from __future__ import annotations

from pathlib import Path

import av

from jianlu.entry.sample.recipe import CONTAINER_FORMATS


def remux(source: Path, target: Path, *, container: str) -> None:
    """Writes every packet of `source` to `target` in the named container, times unchanged."""
    with (
        av.open(str(source)) as old,
        av.open(str(target), "w", format=CONTAINER_FORMATS[container], container_options={"fflags": "+bitexact"}) as new,
    ):
        copies = {stream.index: new.add_stream_from_template(stream) for stream in old.streams}
        for stream in old.streams:
            copies[stream.index].metadata.update(stream.metadata)
        for packet in old.demux():
            if packet.dts is None:
                continue
            packet.stream = copies[packet.stream.index]
            new.mux(packet)
