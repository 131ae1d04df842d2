"""The lake through Arrow: where partitions lie, which are finished, and how one is replaced.

A partition is finished when it holds `_SUCCESS`, which is written last and removed first, so that a killed job leaves
nothing that reads as finished. Spark jobs use `tables.Tables`, which adds frames to this.
"""

import json
import re
from contextlib import suppress
from datetime import date

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import fs

from nightrec.errors import EmptyOutputError, InputError, MissingPartitionError
from nightrec.schemas import contract

MARKER = "_SUCCESS"
PRODUCER = {
    "events": "ingest_logs.py",
    "items": "ingest_logs.py",
    "rejects": "ingest_logs.py",
    "deliveries": "ingest_logs.py",
    "events_checks": "validate_table.py --table events",
    "interactions": "build_matrix.py",
    "matrix_inputs": "build_matrix.py",
    "user_index": "build_matrix.py",
    "item_index": "build_matrix.py",
    "user_texts": "build_matrix.py",
    "item_texts": "build_matrix.py",
    "item_aspects": "build_matrix.py",
    "held_out": "build_matrix.py",
    "encoders": "fine_tune_llm.py",
    "study_vectors": "fine_tune_llm.py",
    "text_vectors": "embed_texts.py",
    "user_embeddings": "embed_texts.py",
    "item_embeddings": "embed_texts.py",
    "user_factors": "train_collaborative.py",
    "item_factors": "train_collaborative.py",
    "user_ratings": "train_collaborative.py",
    "item_ratings": "train_collaborative.py",
    "user_sequences": "train_sequence.py",
    "item_sequences": "train_sequence.py",
    "user_projections": "train_projection.py",
    "item_projections": "train_projection.py",
    "rankers": "fit_ranker.py",
    "feature_importance": "fit_ranker.py",
    "behaviour": "predict_behaviour.py",
    "user_outlook": "predict_behaviour.py",
    "user_interests": "predict_behaviour.py",
    "behaviour_metrics": "predict_behaviour.py",
    "behaviour_importance": "predict_behaviour.py",
    "topn": "score_top_n.py",
    "fallback": "score_top_n.py",
    "similar_items": "score_top_n.py",
    "popular_items": "score_top_n.py",
    "query_results": "score_top_n.py",
    "reason_texts": "write_reasons.py",
    "topn_checks": "validate_table.py --table topn",
    "metrics": "evaluate_night.py",
}

VERDICTS = {
    "events_checks": ("events", "items", "deliveries"),
    "topn_checks": ("topn", "fallback", "similar_items", "popular_items", "query_results", "reason_texts"),
}
"""Gates by what they judge: a verdict on rows that are replaced holds no longer."""


class Lake:
    """Tables of one domain under `root`, a local path or a URI that Arrow opens."""

    def __init__(self, root: str, domain: str) -> None:
        self.domain = domain
        self.root = f"{root.rstrip('/')}/{domain}"
        self.fs, self._fs_root = fs.FileSystem.from_uri(arrow_uri(self.root))

    def partition(self, name: str, run_date: date) -> str:
        """Return where a partition lies, as Spark and a person name it."""
        return f"{self.root}/{contract(name).folder}/run_date={run_date}"

    def path(self, relative: str) -> str:
        """Return a path below the domain's folder in the form that `self.fs` takes."""
        return f"{self._fs_root}/{relative}"

    def is_finished(self, name: str, run_date: date) -> bool:
        """Tell whether a partition can be read."""
        return self._exists(f"{self.folder(name, run_date)}/{MARKER}")

    def finished_dates(self, name: str) -> list[date]:
        """Return the run dates of all finished partitions, oldest first."""
        table = self.path(contract(name).folder)
        found = self.fs.get_file_info(fs.FileSelector(table, allow_not_found=True))
        dates = [date.fromisoformat(m[1]) for f in found if (m := re.fullmatch(r"run_date=([\d-]{10})", f.base_name))]
        return sorted(day for day in dates if self.is_finished(name, day))

    def newest(self, name: str, before: date) -> date | None:
        """Return the newest finished partition strictly before a date."""
        return max((day for day in self.finished_dates(name) if day < before), default=None)

    def has_passed(self, run_date: date) -> bool:
        """Tell whether a delivery passed its gate; one that was not checked has not."""
        return self.is_finished("events_checks", run_date) and not self.has_failed(run_date)

    def has_failed(self, run_date: date) -> bool:
        """Tell whether a delivery failed its gate; one that was not checked has not."""
        if not self.is_finished("events_checks", run_date):
            return False
        return not all(self.read_arrow("events_checks", run_date, ["is_passed"])["is_passed"].to_pylist())

    def require(self, name: str, run_date: date) -> None:
        """Refuse a partition that is not finished.

        Raises:
            MissingPartitionError: With the newest finished one and the command that makes this one.
        """
        if self.is_finished(name, run_date):
            return
        newest = max(self.finished_dates(name), default="none")
        raise MissingPartitionError(
            f"{name}/run_date={run_date} not found or unfinished under {self.root} (newest finished: {newest}); "
            f"{self._advice(name, run_date)}"
        )

    def _advice(self, name: str, run_date: date) -> str:
        return f"produce it with: jobs/{PRODUCER[name]} --domain {self.domain} --run-date {run_date}"

    def count(self, name: str, run_date: date) -> int:
        """Return the rows of a finished partition without reading them."""
        self.require(name, run_date)
        with self.fs.open_input_stream(f"{self.folder(name, run_date)}/{MARKER}") as marker:
            return int(json.loads(marker.read())["rows"])

    def read_arrow(self, name: str, run_date: date, columns: list[str] | None = None) -> pa.Table:
        """Read a finished partition; vectors come back as plain lists.

        Raises:
            InputError: If it lacks a column, as one of an earlier release may.
        """
        self.require(name, run_date)
        schema = contract(name).arrow()
        if columns is not None:
            schema = pa.schema([schema.field(column) for column in columns])
        try:
            return pq.read_table(self.folder(name, run_date), filesystem=self.fs, columns=schema.names).cast(schema)
        except ValueError as err:  # pa.ArrowInvalid is one
            where, why = f"{name}/run_date={run_date} under {self.root}", str(err).splitlines()[0]
            raise InputError(f"{where} is not what its contract says: {why}; {self._advice(name, run_date)}") from err

    def write_arrow(self, name: str, run_date: date, table: pa.Table) -> int:
        """Replace one partition with an Arrow table in the contract's schema and return its row count.

        Raises:
            EmptyOutputError: If there are no rows and the contract wants some.
        """
        staging = self._staging(name, run_date)
        self._clear(staging)
        pq.write_table(table.select(contract(name).names), f"{staging}/part-00000.parquet", filesystem=self.fs)
        return self._commit(name, run_date, table.num_rows)

    def folder(self, name: str, run_date: date) -> str:
        """Return where a partition lies, as `self.fs` names it."""
        return self.path(f"{contract(name).folder}/run_date={run_date}")

    def _staging(self, name: str, run_date: date) -> str:
        # The underscore hides it from Spark and Arrow; staying beside the table makes the move a rename.
        return self.path(f"{contract(name).folder}/_writing-{run_date}")

    def _commit(self, name: str, run_date: date, rows: int) -> int:
        staging, final = self._staging(name, run_date), self.folder(name, run_date)
        if rows == 0 and not contract(name).allow_empty:
            self.fs.delete_dir(staging)
            raise EmptyOutputError(f"{name}: no rows for {run_date}; kept what was at {self.partition(name, run_date)}")
        for old in [final, *(self.folder(verdict, run_date) for verdict in VERDICTS if name in VERDICTS[verdict])]:
            with suppress(FileNotFoundError):  # tables that share a verdict are written at once
                self.fs.delete_file(f"{old}/{MARKER}")
        self._clear(final)
        for part in self.fs.get_file_info(fs.FileSelector(staging)):
            if part.base_name.endswith(".parquet"):
                self.fs.move(part.path, f"{final}/{part.base_name}")
        self.fs.delete_dir(staging)
        with self.fs.open_output_stream(f"{final}/{MARKER}") as marker:
            marker.write(json.dumps({"rows": rows}).encode())
        return rows

    def _clear(self, folder: str) -> None:
        self.fs.create_dir(folder, recursive=True)
        self.fs.delete_dir_contents(folder)

    def _exists(self, path: str) -> bool:
        return bool(self.fs.get_file_info(path).type != fs.FileType.NotFound)


def arrow_uri(uri: str) -> str:
    """Return a URI in Arrow's spelling; Hadoop's `s3a` and `s3n` are Arrow's `s3`."""
    return re.sub(r"^s3[an]://", "s3://", uri)
