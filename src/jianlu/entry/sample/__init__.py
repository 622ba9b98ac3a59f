"""The sample session: a counter sale that is put together from small clips, lawful by default and sabotaged on request."""

from jianlu.entry.sample.assemble import assemble
from jianlu.entry.sample.recipe import DEFAULT, Encoding, Line, Mute, Recipe, Span
from jianlu.entry.sample.remux import remux
from jianlu.entry.sample.schedule import PlacedLine, Timeline, schedule
from jianlu.entry.sample.script import Utterance, utterances
from jianlu.entry.sample.write import write_sample

__all__ = [
    "DEFAULT",
    "Encoding",
    "Line",
    "Mute",
    "PlacedLine",
    "Recipe",
    "Span",
    "Timeline",
    "Utterance",
    "assemble",
    "remux",
    "schedule",
    "utterances",
    "write_sample",
]
