"""S3 buckets as blob stores: connection, blobs, locks in compliance mode, and the probe that finds out which locks only pretend."""
