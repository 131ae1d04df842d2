"""Passwords of the local Airflow and MLflow: made once, kept in a file that only its owner can read."""

import json
import os
import secrets
from pathlib import Path

from pydantic import BaseModel, Field

from nightrec.settings import Config


def _password() -> str:
    return secrets.token_urlsafe(24)


class Secrets(BaseModel):
    """Everything that must not stand in `conf/`; names are those of `secrets.json`."""

    airflow_username: str = "nightrec"
    airflow_password: str = Field(default_factory=_password)
    airflow_jwt_secret: str = Field(default_factory=lambda: secrets.token_urlsafe(64))
    airflow_secret_key: str = Field(default_factory=_password)
    mlflow_username: str = "nightrec"
    mlflow_password: str = Field(default_factory=_password)
    mlflow_secret_key: str = Field(default_factory=_password)


def ensure_secrets(config: Config) -> Secrets:
    """Return the installation's secrets; the first call makes them."""
    path = Path(config.place(config.paths.secrets))
    if not path.exists():
        write_private(path, Secrets().model_dump_json(indent=2))
    return Secrets.model_validate(json.loads(path.read_text(encoding="utf-8")))


def write_private(path: Path, text: str) -> None:
    """Write a file that is of mode 600 from its first byte on."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
