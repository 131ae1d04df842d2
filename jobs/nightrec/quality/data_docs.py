"""Great Expectations' own storage: suites, results of past nights and the Data Docs site, in plain files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import great_expectations as gx
from great_expectations.data_context.types.base import DataContextConfig, ProgressBarsConfig

if TYPE_CHECKING:
    from great_expectations.data_context import AbstractDataContext

RESULTS_KEPT = 600
"""Newest results that stay on the site: about fifty nights of two gates with four and eight batches."""
RESULTS, SUITES = "results", "suites"


def open_context(folder: Path, domain: str) -> AbstractDataContext:
    """Return a context whose site is `<folder>/<domain>` and whose stores lie beside it in `<folder>/.store`."""
    stores = folder / ".store" / domain
    config = DataContextConfig(
        analytics_enabled=False,
        expectations_store_name=SUITES,
        validation_results_store_name=RESULTS,
        checkpoint_store_name="checkpoints",
        stores={
            SUITES: {"class_name": "ExpectationsStore", "store_backend": _files(stores / SUITES)},
            RESULTS: {"class_name": "ValidationResultsStore", "store_backend": _files(stores / RESULTS)},
            # Definitions hold this night's frame; kept on disk they would be in the way of the next night's.
            "checkpoints": {"class_name": "CheckpointStore", "store_backend": _memory()},
            "validation_definition_store": {"class_name": "ValidationDefinitionStore", "store_backend": _memory()},
        },
        data_docs_sites={
            domain: {
                "class_name": "SiteBuilder",
                "show_how_to_buttons": False,
                "store_backend": _files(folder / domain),
                "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
            }
        },
        progress_bars=ProgressBarsConfig(globally=False),
    )
    return gx.get_context(mode="ephemeral", project_config=config)


def publish_results(context: AbstractDataContext, run_name: str, suites: Sequence[str]) -> None:
    """Add one run's pages and its suites' pages to the site, and drop results beyond `RESULTS_KEPT`.

    Pages of other runs are left alone, so that a night costs the same after a year.
    """
    results = context.stores[RESULTS]
    newest_first = sorted(results.list_keys(), key=lambda key: key.run_id.run_time, reverse=True)
    for key in newest_first[RESULTS_KEPT:]:
        results.remove_key(key)
    mine = [key for key in newest_first if key.run_id.run_name == run_name]
    described = [key for key in context.stores[SUITES].list_keys() if key.name in suites]
    context.build_data_docs(resource_identifiers=[*mine, *described])


def _files(folder: Path) -> dict[str, Any]:
    return {"class_name": "TupleFilesystemStoreBackend", "base_directory": str(folder)}


def _memory() -> dict[str, Any]:
    return {"class_name": "InMemoryStoreBackend"}
