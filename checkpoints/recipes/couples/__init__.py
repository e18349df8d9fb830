"""The data of the trainings in `checkpoints/recipes`: drawn couples, cut-out dancers, backgrounds, augmentation."""
