"""The commands that look after what a data dir holds: `prune`, `repair`, `verify`, `annotate`."""
