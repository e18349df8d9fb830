"""The error for an unusable state; every command reports it like a wrong setting."""

from bachata_assets.settings import SettingsError


class StateError(SettingsError):
    """Dagster's state in PostgreSQL cannot be used; the message names the setting and the remedy."""
