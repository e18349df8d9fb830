"""Versions of an index in Elasticsearch, and the alias that names the live version.

`backend.py` handles their documents. The client's errors pass through unchanged.
"""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from bachata_assets.search.elasticsearch import mapping as elasticsearch_mapping
from bachata_assets.search.errors import AliasTakenError, SearchError
from bachata_assets.search.kind import Kind
from bachata_assets.search.results import IndexVersion

if TYPE_CHECKING:
    from elasticsearch import Elasticsearch


def create(client: "Elasticsearch", name: str, fingerprint: str, kind: Kind[Any], *, source_vectors: bool) -> None:
    """Create the index of a version, unless it exists."""
    from elasticsearch import AuthorizationException, BadRequestError

    try:
        if client.indices.exists(index=name):
            return
    except AuthorizationException:
        return  # a user who may only read and write needs an index that somebody else made
    settings = elasticsearch_mapping.index_settings(source_vectors=source_vectors)
    mappings = elasticsearch_mapping.mapping(fingerprint, kind)
    try:
        client.indices.create(index=name, mappings=mappings, settings=settings)
    except BadRequestError as error:
        if error.error == "resource_already_exists_exception":  # another writer was faster
            return
        if elasticsearch_mapping.SOURCE_VECTORS_SETTING not in str(error.body):
            raise
        # 9.1 does not know the setting: there, vectors are always in _source.
        del settings[elasticsearch_mapping.SOURCE_VECTORS_SETTING]
        client.options(ignore_status=400).indices.create(index=name, mappings=mappings, settings=settings)


def alias_target(client: "Elasticsearch", alias: str) -> str | None:
    """Return the index that the alias names, or None if there is no such alias.

    Raises
    ------
    AliasTakenError
        A plain index has the alias's name.
    SearchError
        The alias names several indices.
    """
    from elasticsearch import NotFoundError

    try:
        found: list[str] = sorted(client.indices.get_alias(index=alias).body)
    except NotFoundError:
        return None
    if found == [alias]:
        raise AliasTakenError(
            f"{alias} is a plain index, but must be an alias: `bachata-assets index adopt` keeps its "
            "documents under another name behind the alias; or set ELASTICSEARCH_INDEX to another name"
        )
    if len(found) > 1:
        raise SearchError(f"the alias {alias} names several indices ({', '.join(found)}): it must name only one")
    return found[0]


def point_alias(client: "Elasticsearch", alias: str, name: str, replaced: str | None) -> None:
    """Let the alias name one index instead of another, in one atomic step."""
    actions: list[dict[str, Any]] = [{"add": {"index": name, "alias": alias}}]
    if replaced is not None:
        actions.insert(0, {"remove": {"index": replaced, "alias": alias}})
    client.indices.update_aliases(actions=actions)


def versions(client: "Elasticsearch", alias: str, current: str | None) -> list[IndexVersion]:
    """Return every version of the alias, the live one first."""
    pattern = f"{alias}-*"
    aliases = client.indices.get_alias(index=pattern, allow_no_indices=True).body
    mappings = client.indices.get_mapping(index=pattern, allow_no_indices=True).body
    stats = client.indices.stats(index=pattern, metric=["docs", "store"])["indices"]
    found = []
    for name, mapping in mappings.items():
        meta = mapping["mappings"].get("_meta", {})
        if not (meta.get("made_by") == "bachata_assets" or _adopted(alias, name)):
            continue
        primaries = stats[name]["primaries"]
        version = IndexVersion(
            name=name,
            fingerprint=meta.get("fingerprint"),
            documents=primaries["docs"]["count"],
            bytes=primaries["store"]["size_in_bytes"],
            aliases=tuple(sorted(aliases[name]["aliases"])),
            live=alias in aliases[name]["aliases"],
            current=name == current,
        )
        found.append(version)
    return sorted(found, key=lambda version: (not version.live, version.name))


def adopt(client: "Elasticsearch", alias: str) -> str:
    """Replace a plain index that has the alias's name by a copy, which the alias names.

    The copy shares the files on disk, so it takes neither time nor space. Writes are blocked meanwhile.

    Returns
    -------
    Name of the copy

    Raises
    ------
    SearchError
        There is no plain index of this name.
    """
    from elasticsearch import ApiError, TransportError

    if not _is_plain_index(client, alias):
        raise SearchError(f"nothing to adopt: there is no plain index {alias}")
    name = f"{alias}-adopted-{datetime.now(UTC):%Y%m%d%H%M%S}"
    writable = {"index.blocks.write": None}
    client.indices.add_block(index=alias, block="write")
    try:
        client.indices.clone(index=alias, target=name, settings=writable, wait_for_active_shards=1)
        actions = [{"remove_index": {"index": alias}}, {"add": {"index": name, "alias": alias}}]
        client.indices.update_aliases(actions=actions)
    except (ApiError, TransportError):
        client.indices.put_settings(index=alias, settings=writable)
        raise
    return name


def _is_plain_index(client: "Elasticsearch", alias: str) -> bool:
    from elasticsearch import NotFoundError

    try:
        return list(client.indices.get(index=alias, features="aliases").body) == [alias]
    except NotFoundError:
        return False


def _adopted(alias: str, name: str) -> bool:
    return name.startswith(f"{alias}-adopted-")
