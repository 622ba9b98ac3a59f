"""The recorder, sans-I/O: coded samples in, fragmented MP4 segments and declared gaps out."""
