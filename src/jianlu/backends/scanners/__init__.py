"""Scanners for malware: programs of others that look at what strangers put in."""
