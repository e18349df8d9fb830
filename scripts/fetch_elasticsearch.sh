#!/usr/bin/env bash
# Download the Elasticsearch distributions that the tests start (by Maven, into the user's cache). The tests do it
# themselves when they need one; a machine that is offline later runs this before.
set -euo pipefail
cd "$(dirname "$0")/.."
uv run python -m bachata_assets_tests.support.elasticsearch_node "$@"
