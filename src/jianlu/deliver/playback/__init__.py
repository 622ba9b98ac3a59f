"""Playback of a sealed case: one role's media out of the segments that hold all, and the manifest that puts them on one time line."""
