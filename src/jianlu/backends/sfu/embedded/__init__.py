"""The SFU that needs only pip: aiortc for DTLS-SRTP, our own forwarder of raw RTP; nothing is decoded."""
