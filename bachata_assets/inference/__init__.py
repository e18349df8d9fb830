"""How a network runs on this machine: cores, precision, export cache.

This folder has what applies to any network, without Dagster and without any knowledge of dancing. `pose/models/` and
`language/` have the networks and their outputs.
"""
