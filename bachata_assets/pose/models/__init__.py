"""The networks: model sets and their download, weights, OpenMMLab's classes and their export, inference on OpenVINO."""
