"""Missing and damaged pictures that FFmpeg does not report, found in the bytes of a stream."""
