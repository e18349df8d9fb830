"""The networks: where they are from, how they are run, what they give.

Belongs here: model sets and their download, checked weights, OpenMMLab's classes and their export, running on OpenVINO
"""
