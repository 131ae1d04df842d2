"""The landing folder: which files a delivery has, and what else has been delivered."""

import re
from pathlib import PurePosixPath

from pyarrow import fs

from nightrec.errors import InputError
from nightrec.ingest.readers import FORMATS, file_format
from nightrec.ingest.streams import CODECS
from nightrec.lake import arrow_uri


def list_files(folder: str) -> list[str]:
    """Return the files of a feed below its folder, sorted; names that start with `_` or `.` are left out.

    Args:
        folder: Path or URI; it may be absent.

    Raises:
        InputError: If a file's format is unknown; all such files are counted.
    """
    filesystem, root = fs.FileSystem.from_uri(arrow_uri(folder))
    found = filesystem.get_file_info(fs.FileSelector(root, recursive=True, allow_not_found=True))
    inside = (PurePosixPath(info.path).relative_to(root) for info in found if info.type == fs.FileType.File)
    names = sorted(str(name) for name in inside if not any(part.startswith(("_", ".")) for part in name.parts))
    unknown = [name for name in names if file_format(name) is None]
    if unknown:
        raise InputError(
            f"{len(unknown)} of {len(names)} files under {folder} have an unknown format: {', '.join(unknown[:5])}; "
            f"expected {' '.join(FORMATS)}, plain or with {' '.join(CODECS)}; rename them, or have them "
            "skipped by names that start with '_'"
        )
    return names


def newest_delivery(folder: str) -> str:
    """Return the newest run date that has a folder beside the delivery of this feed's folder, or `none`."""
    filesystem, root = fs.FileSystem.from_uri(arrow_uri(folder))
    landing = str(PurePosixPath(root).parent.parent)
    found = filesystem.get_file_info(fs.FileSelector(landing, allow_not_found=True))
    dates = [match[1] for info in found if (match := re.fullmatch(r"run_date=(\d{4}-\d{2}-\d{2})", info.base_name))]
    return max(dates, default="none")
