"""Model folders in the lake: flat folders that are whole once they hold `_SUCCESS`, like a table's partitions."""

from pathlib import Path

from pyarrow import fs

from nightrec.errors import MissingPartitionError
from nightrec.lake import MARKER, Lake


def put_folder(lake: Lake, local: Path, relative: str) -> None:
    """Replace a folder of the lake with a local one.

    Files are copied beside it and moved in at the end; the marker leaves first and comes last, so a killed copy is
    never taken for a model.
    """
    parent, name = lake.path(relative).rsplit("/", 1)
    final, aside = f"{parent}/{name}", f"{parent}/_writing-{name}"
    drop_folder(lake, f"{relative.rsplit('/', 1)[0]}/_writing-{name}")
    lake.fs.create_dir(aside, recursive=True)
    fs.copy_files(str(local), aside, source_filesystem=fs.LocalFileSystem(), destination_filesystem=lake.fs)
    drop_folder(lake, relative)
    lake.fs.create_dir(final, recursive=True)
    for part in lake.fs.get_file_info(fs.FileSelector(aside)):
        lake.fs.move(part.path, f"{final}/{part.base_name}")
    lake.fs.delete_dir(aside)
    lake.fs.open_output_stream(f"{final}/{MARKER}").close()


def get_folder(lake: Lake, relative: str, local: Path) -> Path:
    """Copy a finished folder of the lake to a local one and return that.

    Raises:
        MissingPartitionError: If it is not there or was not finished.
    """
    if not is_whole(lake, relative):
        raise MissingPartitionError(
            f"{lake.path(relative)} not found or unfinished; run the job that trains this model again, "
            f"--domain {lake.domain} --run-date {relative.rsplit('=', 1)[-1]}"
        )
    local.mkdir(parents=True, exist_ok=True)
    fs.copy_files(
        lake.path(relative), str(local), source_filesystem=lake.fs, destination_filesystem=fs.LocalFileSystem()
    )
    return local


def is_whole(lake: Lake, relative: str) -> bool:
    """Tell whether a folder of the lake is there and finished."""
    return bool(lake.fs.get_file_info(f"{lake.path(relative)}/{MARKER}").type == fs.FileType.File)


def drop_folder(lake: Lake, relative: str) -> None:
    """Delete a folder of the lake, if it is there, its marker first."""
    folder = lake.path(relative)
    if lake.fs.get_file_info(folder).type == fs.FileType.NotFound:
        return
    if is_whole(lake, relative):
        lake.fs.delete_file(f"{folder}/{MARKER}")
    lake.fs.delete_dir(folder)
