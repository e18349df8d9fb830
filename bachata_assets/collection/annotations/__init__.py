"""The annotation file: what people wrote about the clips."""
