"""From a clip's sound to beats, tempo and the audio embedding. A plain library: imports no Dagster."""
