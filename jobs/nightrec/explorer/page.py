"""The page itself: one HTML file that asks nobody for anything and runs no script but its own."""

import base64
import hashlib
import json
from collections.abc import Mapping
from importlib.resources import files
from string import Template
from typing import Any


def render(data: Mapping[str, Any]) -> str:
    """Return the page as HTML.

    What users and shops wrote is in one block of JSON without `<`, which the script alone reads and puts in as text;
    the policy lets no other script or style run, nor anything be loaded or sent.

    Args:
        data: From `data.page_data`.

    Raises:
        ValueError: If a number is not finite, which JSON cannot hold.
    """
    script, style = _part("page.js"), _part("page.css")
    block = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c")
    policy = (
        f"default-src 'none'; script-src '{_hash(script)}'; style-src '{_hash(style)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    return Template(_part("page.html")).substitute(policy=policy, style=style, script=script, data=block)


def _part(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
