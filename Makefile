.PHONY: setup dev test shuffle test-web coverage lint lint-web audit format docs fit reference bench lock

setup:  ## Install everything, and the commit hook that strips the lock
	uv sync
	uv run pre-commit install

dev:  ## Open the platform
	uv run dagster dev

test:
	uv run pytest -n 2

shuffle:  ## The tests in three random orders, in one, two and three processes
	uv run pytest -p randomly --randomly-seed=1 -n 1
	uv run pytest -p randomly --randomly-seed=2 -n 2
	uv run pytest -p randomly --randomly-seed=3 -n 3

test-web:  ## The tests of the report page's scripts alone, by Node
	node --test bachata_assets_tests/report/web/*.test.mjs

coverage:  ## The tests, and which lines of the package they do not reach
	uv run pytest --cov=bachata_assets --cov-report=term-missing:skip-covered --cov-fail-under=90

lint:
	uv run ruff check
	uv run ruff format --check
	uv run mypy
	uv run lint-imports
	uv run bandit --quiet --configfile pyproject.toml --recursive bachata_assets

lint-web:  ## ESLint over the report page's scripts; needs npm
	cd bachata_assets_tests/report/web && npm ci --no-progress --loglevel=error && npm run --silent lint

audit:  ## Known vulnerabilities of what the lock names; needs a network
	awk -F'"' '/^name = /{name = $$2} /^version = "/{print name "==" $$2}' uv.lock | grep -v '^bachata-assets==' \
		| uvx pip-audit --disable-pip --no-deps --requirement /dev/stdin

format:
	uv run ruff check --fix
	uv run ruff format

docs:  ## Build the documentation into site/, without a network
	NO_MKDOCS_2_WARNING=1 uv run mkdocs build --quiet --strict

fit:  ## Fit the constants of the embeddings anew, from the videos beside the repository
	uv run python -m training.fit

reference:  ## Write the pages of the docs that are made from the code
	uv run python -m scripts.make_settings_and_cli_pages
	uv run python -m scripts.make_data_dictionary

bench:  ## Every measurement of the docs, on an idle machine: hours. `make bench ONLY="search report"` for some
	uv run --group bench python -m benchmarks $(ONLY)

lock:  ## Take newer versions, then leave no address in the lock
	uv lock --upgrade
	uv run python scripts/strip_lock.py
