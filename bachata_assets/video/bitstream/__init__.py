"""Missing and damaged frames that FFmpeg does not report, found in the bytes of a stream."""
