"""Measuring LanceDB and an Elasticsearch node of its own in one run, and printing the table of what was measured."""

import tempfile
from collections.abc import Callable

import psutil

from bachata_assets.settings import Settings
from bachata_assets_tests.support.elasticsearch_node import OLDEST, Node

Row = dict[str, str]
Measure = Callable[[str, Settings, Node | None], list[Row]]


def print_table(measure: Measure, *, embedded_only: bool) -> None:
    """Print the rows of both backends.

    Parameters
    ----------
    measure : given the backend's name, its settings and its node, which LanceDB has not
    embedded_only : leave Elasticsearch out
    """
    with tempfile.TemporaryDirectory() as folder:
        rows = measure("LanceDB", Settings(data_dir=folder, elasticsearch_host=None), None)
    if not embedded_only:
        node = Node(OLDEST, java_options="").start()
        try:
            rows += measure(f"Elasticsearch {OLDEST}", node.settings(), node)
        finally:
            node.close()
    print("| " + " | ".join(rows[0]) + " |\n|" + "---|" * len(rows[0]))
    for row in rows:
        print("| " + " | ".join(row.values()) + " |")
    print(f"\nLoad of the machine: {psutil.getloadavg()[0]:.1f} on {psutil.cpu_count()} cores")
