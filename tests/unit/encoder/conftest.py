"""Tiny models, and a domain in a temporary lake whose users each keep to one colour."""

import argparse
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from itertools import combinations

import numpy as np
import pyarrow as pa
import pytest

pytest.importorskip("torch", reason="needs the jobs' environment (.venv)")

from unit.encoder.tiny import WORDS, write_bert, write_llama

from nightrec.config import load_config
from nightrec.context import Context
from nightrec.encoder.model import load_encoder
from nightrec.lake import Lake
from nightrec.schemas import contract

NIGHT = date(2026, 1, 31)


@pytest.fixture(scope="session")
def bert(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bert")
    write_bert(folder)
    return folder


@pytest.fixture(scope="session")
def llama(tmp_path_factory):
    folder = tmp_path_factory.mktemp("llama")
    write_llama(folder)
    return folder


@pytest.fixture
def settings(bert):
    """Return a function from overrides of the encoder section to the whole settings."""

    def make(**overrides):
        base = {
            "model": bert, "train_batch_size": 16, "learning_rate": 0.01, "epochs": 2, "eval_items": 6, "min_pairs": 5,
        }  # fmt: skip
        sets = [f"encoder.{k}={v}" for k, v in (base | overrides).items()]
        projection = {"batch_size": 256, "learning_rate": 0.002, "dim": 8}
        sets += [f"projection.{k}={v}" for k, v in projection.items()]
        return load_config("movielens", overrides=sets)

    return make


@pytest.fixture
def encoder(bert, settings):
    return load_encoder(bert, settings().encoder)


@pytest.fixture
def decoder(llama, settings):
    return load_encoder(llama, settings(pooling="last").encoder)


class Recorder:
    """Stands for the MLflow run and remembers what it was told."""

    def __init__(self):
        self.metrics, self.curves, self.tags, self.registered, self.files = {}, {}, {}, [], []

    def log_metrics(self, metrics, step=None):
        for key, value in metrics.items():
            if step is None:
                self.metrics[key] = value
            else:
                self.curves.setdefault(key, []).append((step, value))

    def set_tags(self, tags):
        self.tags |= tags

    def log_artifacts(self, folder, name):
        self.files = sorted(path.name for path in folder.iterdir())

    def register_model(self, name, artifact, version_tags):
        self.registered.append((name, artifact, version_tags))
        return str(len(self.registered))


@pytest.fixture
def night(tmp_path, settings):
    """Return a function that opens the context of a job on this test's lake."""

    def make(run_date=NIGHT, **overrides):
        config = settings(**overrides)
        config = config.model_copy(update={"paths": config.paths.model_copy(update={"lake": str(tmp_path / "lake")})})
        lake = Lake(config.place(config.paths.lake), config.domain)
        return Context(config, run_date, Recorder(), lake, argparse.Namespace())

    return make


@pytest.fixture
def texts_table():
    """Return a function from {key: text} to the rows of item_texts or user_texts."""

    def make(kind, texts):
        same = {"place": 0, "event_type": "review", "is_held_out": False}
        rows = [
            same | {f"{kind}_id": key, "text": text, "text_hash": sha256(text.encode()).hexdigest()}
            for key, text in texts.items()
        ]
        return pa.Table.from_pylist(rows, contract(f"{kind}_texts").arrow())

    return make


@pytest.fixture
def delivered(night, texts_table):
    """Write the inputs of one night: 300 users with eight items each, whose texts name things of one colour alone."""
    lake = night().lake
    of_colour = [
        [" ".join(things) for n in (1, 2, 3) for things in combinations(WORDS[4 * colour : 4 * colour + 4], n)]
        for colour in range(3)
    ]
    texts = sorted(text for colour in of_colour for text in colour)
    lake.write_arrow("item_texts", NIGHT, texts_table("item", dict(zip(texts, texts, strict=True))))
    lake.write_arrow("user_texts", NIGHT, texts_table("user", {}))
    noon, rng = datetime(2026, 1, 1, 12, tzinfo=UTC), np.random.default_rng(1)
    rows = [
        {"user_id": f"u{user:03}", "item_id": item, "weight": 1.0, "n_events": 1, "n_goals": 1, "first_at": noon,
         "last_at": noon + timedelta(hours=turn), "last_goal_at": noon + timedelta(hours=turn), "last_value": None}
        for user in range(300) for turn, item in enumerate(rng.permutation(of_colour[user % 3])[:8].tolist())
    ]  # fmt: skip
    tables = {
        "interactions": rows,
        "held_out": [],
        "user_index": [{"user_id": f"u{user:03}", "user_idx": user} for user in range(300)],
        "item_index": [{"item_id": item, "item_idx": i} for i, item in enumerate(texts)],
    }
    for name, found in tables.items():
        lake.write_arrow(name, NIGHT, pa.Table.from_pylist(found, contract(name).arrow()))
    return lake
