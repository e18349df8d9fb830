"""Export the bundled models beside their weights, so that a fresh machine has them at once.

    uv run python -m scripts.export_bundled_models

To be run after new weights, another version of MMDet or MMPose, or another form of export; a test says so.
"""

from bachata_assets.pose.models.exported import export_beside_its_weights
from bachata_assets.pose.models.model_sets import load_model_set


def main() -> None:
    """Write an export beside each of the bundled weights."""
    for spec in load_model_set().specs():
        export_beside_its_weights(spec)


if __name__ == "__main__":
    main()
