"""Documents, indices and nearest neighbours. A plain library: imports no Dagster."""
