"""The commands that look after what a data dir holds, and take it elsewhere."""
