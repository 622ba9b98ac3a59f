"""One module a revision, `v<number>_<what>.py`; a revision that was released is never edited."""
