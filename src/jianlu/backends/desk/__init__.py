"""The desk of another process: where recorders hand in what they sealed."""
