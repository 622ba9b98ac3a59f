"""Recorder processes as ports of the sessions: calls over their sockets."""
