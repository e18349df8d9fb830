"""A job without any work, for tests that need runs."""

import dagster as dg


@dg.job
def nothing() -> None:
    """A job to have runs of."""
