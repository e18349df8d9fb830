"""Run launchers of clusters, for dagster.yaml: each batch of clips is a run on any machine with free capacity."""
