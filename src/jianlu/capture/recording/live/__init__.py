"""The live recorder, sans-I/O: RTP packets in, fragmented MP4 segments, declared gaps and alarms out."""
