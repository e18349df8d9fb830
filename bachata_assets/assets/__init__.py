"""The stages of a clip's life, one module a domain, and the two tables over all clips. Thin: load, call, return."""
