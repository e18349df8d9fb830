"""The annotation file: what people said of the clips."""
