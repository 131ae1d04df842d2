"""Where the repository, its settings and its contracts lie; no other module builds such a path."""

from pathlib import Path
from typing import Literal

PACKAGE = Path(__file__).parent
REPOSITORY = PACKAGE.parent.parent


def root() -> Path:
    """Return the folder that relative paths start from: the repository, or the working folder of an installed wheel."""
    return REPOSITORY if (REPOSITORY / "conf").is_dir() else Path.cwd()


def resource(kind: Literal["conf", "schemas"]) -> Path:
    """Return the folder of settings or contracts; the wheel carries its own copy."""
    packed = PACKAGE / f"_{kind}"
    return packed if packed.is_dir() else REPOSITORY / kind
