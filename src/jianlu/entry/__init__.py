"""Processes, split by trust: the command line, the sample it writes, the demonstration."""
