"""What the bytes of a stream say of missing and damaged pictures that FFmpeg says nothing of."""
