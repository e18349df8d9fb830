"""What a run made and what needs a person's eye. A plain library: imports no Dagster."""
