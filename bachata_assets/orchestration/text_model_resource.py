"""The sentence encoder as a resource, loaded once a process at the first sentence."""

from typing import TYPE_CHECKING

import dagster as dg

if TYPE_CHECKING:
    from bachata_assets.language.encoder import TextEncoder


class TextModelResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """all-MiniLM-L6-v2."""

    def encoder(self) -> "TextEncoder":
        """Return the encoder."""
        from bachata_assets.language.encoder import text_encoder

        return text_encoder()
