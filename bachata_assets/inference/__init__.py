"""How a network runs on this machine: cores, precision, exported form.

Belongs here: what is true of any network, whatever it computes. Does not belong here: which networks there are and what
they give out (`pose/models/`, `language/`), any word of dancing, and Dagster.
"""
