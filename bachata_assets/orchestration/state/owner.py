"""The owner of a schema's state: two collections in one schema would mistake each other's clips for their own."""

import json
from pathlib import Path
from uuid import uuid4

from dagster import DagsterInstance

from bachata_assets.collection.dataset import Dataset
from bachata_assets.collection.whole_files import DamagedError
from bachata_assets.orchestration.state.errors import StateError
from bachata_assets.orchestration.state.storage import server_of

_KEY = "bachata_assets/collection"
"""Key of the owner in Dagster's key-value store."""
_FACT = "state"
"""Key of the owner in `collection.json`."""


def require_own(instance: DagsterInstance, dataset: Dataset) -> None:
    """Refuse a schema with the state of another data dir, or of the data dir of which this is a copy.

    Data dir and schema hold the same random name, so a data dir may be moved, or mounted elsewhere on another machine.
    State in files needs no name: it is in the data dir.

    Raises
    ------
    StateError
    """
    if server_of(instance) is None:
        return
    try:
        own = dataset.collection().get(_FACT)
    except DamagedError:
        return  # code that needs it reports it; `repair` continues
    place = _place(dataset.url)
    kept = instance.run_storage.get_cursor_values({_KEY}).get(_KEY)
    recorded = json.loads(kept) if kept else None
    if recorded is None:
        name = own or uuid4().hex
    elif own != recorded["name"] and (own or place != recorded["data_dir"]):
        raise _refusal(instance, dataset, f"another collection, that of {recorded['data_dir']}")
    elif place != recorded["data_dir"] and _holds(recorded["data_dir"], recorded["name"], place):
        raise _refusal(instance, dataset, f"{recorded['data_dir']}, of which this data dir is a copy")
    else:
        name = recorded["name"]
    if own != name:
        dataset.remember(**{_FACT: name})
    if recorded != {"name": name, "data_dir": place}:
        instance.run_storage.set_cursor_values({_KEY: json.dumps({"name": name, "data_dir": place})})


def _refusal(instance: DagsterInstance, dataset: Dataset, whose: str) -> StateError:
    server = server_of(instance)
    assert server is not None
    return StateError(
        f"BACHATA_POSTGRES_SCHEMA: the schema {server.schema} of {server.place} holds the state of {whose}: give "
        f"{dataset.url} its own schema, such as BACHATA_POSTGRES_SCHEMA={server.schema}_2"
    )


def _place(url: str) -> str:
    return url if "://" in url else str(Path(url).resolve())


def _holds(data_dir: str, name: str, place: str) -> bool:
    """Tell whether another data dir has this name, too; one that cannot be read from here counts as having none."""
    if "://" not in data_dir and Path(data_dir).exists() and Path(data_dir).samefile(place):
        return False
    try:
        return Dataset(data_dir).collection().get(_FACT) == name
    except (OSError, DamagedError, ValueError):
        return False
