"""Reviews in the web process: their ports over the home, and the hour's turn, in which records end, rolls are drawn, passed days alarmed.

What is drawn and what is late is `judge/review/`; here are only the thread and the ledger's tree.
"""

from __future__ import annotations

import threading
from types import TracebackType

from jianlu.capture.sessions.ports import SessionPorts
from jianlu.core.errors import JianluError
from jianlu.deliver.api.reader import CaseReader
from jianlu.judge.review.deadlines import alarm_overdue
from jianlu.judge.review.drawing import draw_due
from jianlu.judge.review.ending import end_reviews
from jianlu.judge.review.model import Tree
from jianlu.judge.review.ports import ReviewPorts
from jianlu.judge.review.redoing import follow_redos
from jianlu.ledger.read import open_tree, read_claims
from jianlu.runtime.logging import logger
from jianlu.wiring import Home

TURN_S, ENDING_S = 3_600, 60
"""Rolls are of days; an hour later is soon enough, and a day that passed is told within the hour. A destruction waits for the records."""


def review_ports(home: Home, sessions: SessionPorts, reader: CaseReader) -> ReviewPorts:
    """The ports of reviews over this home."""
    return ReviewPorts(sessions, home.vault, lambda size: tree_at(home, size), reader.log)


def tree_at(home: Home, size: int) -> Tree:
    """The home's ledger when it had `size` entries, from its tiles; publishes first where they are not there yet."""
    if home.ledger.published.size < size:
        home.ledger.publish()
    note, tree = open_tree(home.ledger_directory)
    return Tree(read_claims(note).origin, size, tree.root_at(size).hex())


class Reviewing:
    """One thread from `with` to its end: ends records each minute, draws and alarms each hour; what fails is logged and tried again."""

    def __init__(self, using: ReviewPorts) -> None:
        """Take the ports; nothing runs before `with`."""
        self._using = using
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="reviews", daemon=True)
        self._log = logger("web")

    def __enter__(self) -> Reviewing:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stop.set()
        self._thread.join()

    def end(self) -> None:
        """End the records of what was destroyed."""
        try:
            for case in end_reviews(self._using):
                self._log.info("review_ended", case=case)
        except (JianluError, OSError) as error:
            self._log.error("reviews_failed", error=error)

    def turn(self) -> None:
        """Draw what is due, alarm what is late."""
        try:
            for sample in draw_due(self._using):
                self._log.info(
                    "reviews_drawn", plan=sample.plan, no=sample.no, grouped=len(sample.grouped), drawn=len(sample.drawn)
                )
            for task in alarm_overdue(self._using):
                self._log.error("review_late", case=task.case, stage=task.stage, due=task.due_on)
            for redo in follow_redos(self._using):
                self._log.error("redo_late", case=redo.case, due=redo.due_on)
        except (JianluError, OSError) as error:
            self._log.error("reviews_failed", error=error)

    def _run(self) -> None:
        turns = 0
        while not self._stop.is_set():
            self.end()
            if turns % (TURN_S // ENDING_S) == 0:
                self.turn()
            turns += 1
            self._stop.wait(ENDING_S)
