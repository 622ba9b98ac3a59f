"""Janus behind the same port: its videoroom forwards, our recorder joins as a subscriber."""
