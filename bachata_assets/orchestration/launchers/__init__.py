"""Run launchers of clusters, for dagster.yaml: a batch of clips is a run, on whichever machine has room."""
