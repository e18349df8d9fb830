"""Training of the pose models on a GPU, with the augmentation on the GPU too."""
