// SFrame (RFC 9605, AES_128_GCM_SHA256_128) over encoded frames, in a worker. A few first bytes stay readable: packetisers and the recorder look at them.

export {};
