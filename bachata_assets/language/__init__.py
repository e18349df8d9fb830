"""From an annotation to a sentence and its embedding. A plain library: imports no Dagster."""
