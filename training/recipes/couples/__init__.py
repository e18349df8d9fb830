"""The data of the trainings in `training/recipes`: drawn couples, cut-out dancers, backgrounds, augmentation."""
