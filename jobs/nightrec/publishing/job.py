"""publish_top_n: make tonight's gated lists the ones that a shop reads.

Reads   topn/D, fallback/D, similar_items/D, popular_items/D, query_results/D, topn_checks/D; reason_texts/D where
        reasons.writer.model is set; for the page also interactions/D, item_index/D, items/D
Writes  published/run_date=D/<version>/, then published/run_date=D.json, then published/latest.json
        and <paths.explorer>/<domain>/index.html, the page on which the newest night is looked up; lists are out before
        it, and stay out should it fail
Fails   3 if the lists are missing or no gate has judged them since they were written, 4 if they have not passed it

Publishing the same lists again changes nothing. Publishing an older night again leaves `latest` at the newest one.
"""

import hashlib
import logging
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import fs

from nightrec.context import Context, run_job
from nightrec.errors import GateError, PipelineError
from nightrec.explorer.write import write_page
from nightrec.lake import MARKER, Lake
from nightrec.published import FOLDER, TABLES, published_dates, write_pointer
from nightrec.schemas import contract
from nightrec.writer.replace import has_texts, replace_reasons

log = logging.getLogger(__name__)


def main(argv: Sequence[str]) -> int:
    """Run the job from a command line."""
    return run_job(publish_top_n, __doc__ or "", argv)


def publish_top_n(ctx: Context) -> None:
    """Copy the staged lists to a folder of their own and point to it."""
    lake, day = ctx.lake, ctx.run_date
    checks = lake.read_arrow("topn_checks", day).to_pylist()
    failed = [check["rule"] for check in checks if not check["is_passed"]]
    if failed:
        raise GateError(f"topn/run_date={day} failed its gate ({', '.join(failed)}); the lists published before stay")
    for name in TABLES:
        lake.require(name, day)
    run_id = lake.read_arrow("topn", day, ["run_id"])["run_id"][0].as_py()
    sources = {name: lake.folder(name, day) for name in TABLES}
    texts = lake.read_arrow("reason_texts", day) if has_texts(ctx) else None
    content = [*sources.values(), *([lake.folder("reason_texts", day)] if texts is not None else [])]
    version = f"{run_id}-{_content_hash(lake, content)}"
    folder = f"{FOLDER}/run_date={day}/{version}"
    for name, source in sources.items():
        _copy_whole(lake, source, f"{folder}/{contract(name).folder}", texts if name == "topn" else None)
    paths = {name: f"{lake.root}/{folder}/{contract(name).folder}" for name in TABLES}
    pointer = {"run_date": str(day), "run_id": run_id, "version": version, **paths}
    write_pointer(lake, f"run_date={day}", pointer)
    if day == max(published_dates(lake)):
        write_pointer(lake, "latest", pointer)
        _write_explorer(ctx, texts)
    log.info("published %s", paths["topn"])
    ctx.run.set_tags({"published_version": version})
    ctx.run.log_metrics({"rows_in": lake.count("topn", day), "rows_out": lake.count("topn", day)})


def _write_explorer(ctx: Context, texts: pa.Table | None) -> None:
    folder = Path(ctx.config.place(ctx.config.paths.explorer)) / ctx.config.domain
    try:
        n_bytes = write_page(ctx.lake, ctx.run_date, folder, ctx.config.explorer.max_users, texts)
    except (PipelineError, OSError, ValueError, pa.ArrowException):
        # The lists are out and right; a page for looking must not make the night look failed.
        log.exception("no new page at %s; the lists are published, repeat this job for the page alone", folder)
        n_bytes = 0
    ctx.run.log_metrics({"explorer_bytes": n_bytes})


def _content_hash(lake: Lake, folders: list[str]) -> str:
    """Hash the rows' files, whatever Spark called them."""
    files = [f.path for folder in folders for f in _parquet(lake, folder)]
    hashes = []
    for path in files:
        with lake.fs.open_input_stream(path) as file:
            hashes.append(hashlib.file_digest(file, "sha256").hexdigest())
    return hashlib.sha256("".join(sorted(hashes)).encode()).hexdigest()[:12]


def _copy_whole(lake: Lake, source: str, relative: str, texts: pa.Table | None) -> None:
    """Copy a partition, with rewritten reasons, unless a finished copy is there; the folder is named by its content."""
    target = lake.path(relative)
    if lake.fs.get_file_info(f"{target}/{MARKER}").type != fs.FileType.NotFound:
        return
    lake.fs.create_dir(target, recursive=True)
    lake.fs.delete_dir_contents(target)
    for part in _parquet(lake, source):
        if texts is None:
            fs.copy_files(part.path, f"{target}/{part.base_name}", lake.fs, lake.fs)
        else:
            lists = replace_reasons(pq.read_table(part.path, filesystem=lake.fs), texts)
            pq.write_table(lists, f"{target}/{part.base_name}", filesystem=lake.fs)
    fs.copy_files(f"{source}/{MARKER}", f"{target}/{MARKER}", lake.fs, lake.fs)


def _parquet(lake: Lake, folder: str) -> list[fs.FileInfo]:
    return [f for f in lake.fs.get_file_info(fs.FileSelector(folder)) if f.base_name.endswith(".parquet")]
