"""Machines that look and listen: media decoding, inspectors and the models they use."""
