"""Load the settings: the one module that reads `conf/` and the process environment.

Precedence, lowest first: `conf/base.yaml`, `conf/domains/<domain>.yaml`, `conf/env/<env>.yaml`, variables named
`NIGHTREC__SECTION__KEY`, `--set section.key=value`. A file replaces lists and mappings whole; a variable or `--set` may
name one entry of a mapping.
"""

import os
import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from nightrec.errors import ConfigError
from nightrec.places import resource
from nightrec.settings import Config

ENV_PREFIX = "NIGHTREC__"


def list_domains() -> list[str]:
    """Return the names of all domains that have a file in `conf/domains/`."""
    return sorted(path.stem for path in (resource("conf") / "domains").glob("*.yaml"))


def load_config(domain: str, env: str = "local", overrides: Sequence[str] = ()) -> Config:
    """Merge all layers and type them.

    Args:
        domain: A name from `list_domains`.
        env: Stem of a file in `conf/env/`.
        overrides: `section.key=value` strings; values are read as YAML.

    Raises:
        ConfigError: If a file is missing or any setting is wrong; all wrong settings are named at once.
    """
    conf = resource("conf")
    files = conf / "base.yaml", _named(conf / "domains", domain, "domain"), _named(conf / "env", env, "env")
    merged: dict[str, Any] = {}
    for file in files:
        merged = _merge(merged, read_yaml(file), Config)
    single = [
        *(_nested(k.removeprefix(ENV_PREFIX).lower().split("__"), v) for k, v in _environment().items()),
        *(_parse_override(text) for text in overrides),
        {"domain": domain, "env": env},
    ]
    for setting in single:
        merged = _merge(merged, setting)
    try:
        return Config.model_validate(merged)
    except ValidationError as err:
        raise ConfigError(_explain(err, domain, env)) from None


def _environment() -> dict[str, str]:
    found = {k: v for k, v in sorted(os.environ.items()) if k.startswith(ENV_PREFIX)}
    if short := [k for k in found if "__" not in k.removeprefix(ENV_PREFIX)]:
        raise ConfigError(f"{short[0]} names no setting; expected {ENV_PREFIX}SECTION__KEY, or --env and --domain")
    return found


def _named(folder: Path, name: str, kind: str) -> Path:
    known = sorted(path.stem for path in folder.glob("*.yaml"))
    if name not in known:
        raise ConfigError(f"no {kind} {name!r} in conf/{folder.name}/; known: {', '.join(known)}")
    return folder / f"{name}.yaml"


def read_yaml(path: Path) -> dict[str, Any]:
    """Read a file of sections.

    Raises:
        ConfigError: If it is not YAML, or no mapping.
    """
    try:
        loaded = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except yaml.YAMLError as err:
        raise ConfigError(f"{path.name} is not YAML: {' '.join(str(err).split())}") from None
    if not isinstance(loaded, dict):
        raise ConfigError(f"{path.name} must hold sections, got {type(loaded).__name__}")
    return loaded


def _parse_override(text: str) -> dict[str, Any]:
    match = re.fullmatch(r"([a-z0-9_]+(?:\.[a-z0-9_]+)+)=(.*)", text, flags=re.DOTALL)
    if match is None:
        raise ConfigError(f"--set takes section.key=value, got {text!r}")
    return _nested(match[1].split("."), match[2])


def _nested(keys: Sequence[str], text: str) -> dict[str, Any]:
    try:
        value: Any = yaml.safe_load(text)
    except yaml.YAMLError as err:
        raise ConfigError(f"{'.'.join(keys)} is not YAML: {' '.join(str(err).split())} (got {text!r})") from None
    for key in reversed(keys):
        value = {key: value}
    return dict(value)


def _merge(base: Mapping[str, Any], top: Mapping[str, Any], model: type[BaseModel] | None = None) -> dict[str, Any]:
    """Put `top` over `base`, key by key.

    Args:
        base: What holds so far.
        top: What is said of it.
        model: Where given, only what it declares as a section is merged: other mappings, such as the worth by event
            type, are values like lists, so that a file can leave out what the one before has.
    """
    merged = dict(base)
    for key, value in top.items():
        old = merged.get(key)
        section = _section(model, key)
        is_deep = isinstance(old, dict) and isinstance(value, dict) and (model is None or section is not None)
        merged[key] = _merge(old or {}, value, section) if is_deep else value
    return merged


def _section(model: type[BaseModel] | None, key: str) -> type[BaseModel] | None:
    field = model.model_fields.get(key) if model else None
    kind = field.annotation if field else None
    return kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None


def _explain(err: ValidationError, domain: str, env: str) -> str:
    lines = [
        f"  {'.'.join(map(str, e['loc'])) or 'config'}: {e['msg']} (got {_shown(e['input'])}){_near(e)}"
        for e in err.errors()
    ]
    return f"{len(lines)} bad setting(s) for domain {domain!r}, env {env!r}:\n" + "\n".join(lines)


def _near(error: ErrorDetails) -> str:
    """Return the name that was probably meant."""
    model: type[BaseModel] | None = Config
    *sections, name = map(str, error["loc"] or [""])
    for section in sections:
        model = _section(model, section)
    known = model.model_fields if model and error["type"] == "extra_forbidden" else {}
    near = get_close_matches(name, known, n=1)
    return f"; did you mean {near[0]}?" if near else ""


def _shown(value: object) -> str:
    return repr(value) if not isinstance(value, dict | BaseModel) else "a section"
