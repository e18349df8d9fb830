.PHONY: setup dev test lint format bench lock

setup:  ## Install everything, and the commit hook that strips the lock
	uv sync
	uv run pre-commit install

dev:  ## Open the platform
	uv run dagster dev

test:
	uv run pytest

lint:
	uv run ruff check
	uv run ruff format --check
	uv run mypy

format:
	uv run ruff check --fix
	uv run ruff format

bench:
	for benchmark in benchmarks/*.py; do uv run python $$benchmark; done

lock:  ## Take newer versions, then leave no address in the lock
	uv lock --upgrade
	uv run python scripts/strip_lock.py
