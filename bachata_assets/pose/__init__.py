"""From frames to the couple's keypoints and their three embeddings. A plain library: imports no Dagster."""
