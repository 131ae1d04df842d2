import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from unit.encoder.conftest import NIGHT
from unit.encoder.tiny import WORDS

from nightrec.encoder.embed_job import embed_texts
from nightrec.encoder.embedding import embed_all as real_embed_all
from nightrec.encoder.evaluate import measure as real_measure
from nightrec.encoder.model import embed, find_model, load_encoder
from nightrec.encoder.tune_job import fine_tune_llm
from nightrec.encoder.versions import model_version
from nightrec.errors import ConfigError, InputError, MissingPartitionError
from nightrec.schemas import contract

NEXT = NIGHT.replace(month=2, day=1)
GOOD = {"epochs": 40, "train_batch_size": 64, "seed": 5}
"""The gain over the base is ten standard errors: other processors round otherwise, and the verdict must not change."""


def row(lake, day=NIGHT):
    return lake.read_arrow("encoders", day).to_pylist()[0]


def vectors(lake, kind="item", day=NIGHT):
    table = lake.read_arrow(f"{kind}_embeddings", day).filter(pc.field("fold") == "all")
    return dict(zip(table[f"{kind}_id"].to_pylist(), table["vector"].to_pylist(), strict=True))


@pytest.fixture
def worse(monkeypatch):
    """Make every measure fall short of the one before, so that the base wins."""
    falling = iter([0.5, 0.4])

    def measure(vectors, study, config):
        head, gains = real_measure(vectors, study, config)
        return head, np.full_like(gains, next(falling))

    monkeypatch.setattr("nightrec.encoder.tune_job.measure", measure)


def test_a_better_model_is_kept_registered_and_used(delivered, night, bert):
    ctx = night(**GOOD)
    fine_tune_llm(ctx)

    got = row(delivered)
    assert got["is_tuned"]
    assert got["tuned_ndcg"] > got["base_ndcg"]
    assert (ctx.run.metrics["base_ndcg"], ctx.run.metrics["tuned_ndcg"]) == (got["base_ndcg"], got["tuned_ndcg"])
    assert [step for step, _ in ctx.run.curves["loss"]] == list(range(1, 41))
    assert got["base_version"] == model_version(bert) != got["model_version"]
    folder = delivered.path(f"models/encoder/run_date={NIGHT}")
    assert got["path"] == folder
    assert {"model.safetensors", "config.json", "tokenizer.json"} <= set(ctx.run.files)
    tags = {"model_version": got["model_version"], "base_version": got["base_version"], "run_date": str(NIGHT)}
    assert ctx.run.registered == [("nightrec-movielens-encoder", "encoder", tags)]

    embed_texts(ctx := night(**GOOD))
    assert ctx.run.tags == {"encoder_version": got["model_version"]}
    same = vectors(delivered)
    want = embed(load_encoder(folder, ctx.config.encoder), WORDS, 4)
    np.testing.assert_allclose([same[word] for word in WORDS], want, atol=1e-5)


def test_a_worse_model_is_dropped_and_the_base_embeds(delivered, night, bert, worse, tmp_path):
    ctx = night()
    fine_tune_llm(ctx)
    got = row(delivered)
    assert (got["is_tuned"], got["path"], got["model_version"]) == (False, str(bert), model_version(bert))
    assert (got["base_ndcg"], got["tuned_ndcg"]) == pytest.approx((0.5, 0.4))
    assert ctx.run.registered == []
    assert not list((tmp_path / "lake/movielens/models/encoder").iterdir())
    embed_texts(ctx := night())
    assert ctx.run.tags == {"encoder_version": model_version(bert)}


def test_a_repeat_gives_the_same_model(delivered, night):
    fine_tune_llm(night(**GOOD))
    first = row(delivered)
    fine_tune_llm(night(**GOOD))
    assert row(delivered) == first


def test_too_few_interactions_keep_the_base_and_say_so(delivered, night, caplog):
    ctx = night(min_pairs=9999)
    fine_tune_llm(ctx)
    got = row(delivered)
    assert (got["is_tuned"], got["base_ndcg"], got["tuned_ndcg"]) == (False, None, None)
    n_learnt, n_asked = ctx.run.metrics["n_pairs"], ctx.run.metrics["n_eval_pairs"]
    assert n_learnt + n_asked == 300 * 8  # each interaction is learnt from or asked for
    assert (
        f"untrained: {n_learnt} interactions (encoder.min_pairs is 9999), {n_asked} with held-out texts" in caplog.text
    )


def test_what_the_ranker_learns_on_is_kept_from_the_encoder(delivered, night):
    fine_tune_llm(ctx := night(min_pairs=9999))
    everything = ctx.run.metrics["n_pairs"]
    rows = delivered.read_arrow("interactions", NIGHT)
    columns = {"user_id": "user_id", "item_id": "item_id", "last_at": "cut_at"}
    held = rows.slice(0, 80).select(list(columns)).rename_columns(columns)
    delivered.write_arrow("held_out", NIGHT, pa.Table.from_pylist(held.to_pylist(), contract("held_out").arrow()))
    fine_tune_llm(ctx := night(min_pairs=9999))
    assert ctx.run.metrics["n_pairs"] + ctx.run.metrics["n_eval_pairs"] == 300 * 8 - 80
    assert ctx.run.metrics["n_pairs"] < everything


def test_a_domain_without_texts_keeps_the_base_and_embeds_nothing(delivered, night, texts_table):
    delivered.write_arrow("item_texts", NIGHT, texts_table("item", {}))
    fine_tune_llm(night())
    assert not row(delivered)["is_tuned"]
    embed_texts(ctx := night())
    assert delivered.count("item_embeddings", NIGHT) == delivered.count("user_embeddings", NIGHT) == 0
    assert ctx.run.metrics["n_embedded"] == 0


def test_only_new_and_changed_texts_are_embedded(delivered, night, texts_table):
    delivered.write_arrow("item_texts", NIGHT, texts_table("item", {word: word for word in WORDS}))
    embed_texts(first := night())
    assert first.run.metrics["n_embedded"] == 12
    assert first.run.metrics["reused_frac"] == 0
    tonight = {word: word for word in WORDS} | {"redcar": "redcar redsea", "twin": "redcar redsea"}
    delivered.write_arrow("item_texts", NEXT, texts_table("item", tonight))
    delivered.write_arrow("user_texts", NEXT, texts_table("user", {"u1": "", "u2": "bluehat"}))
    embed_texts(ctx := night(NEXT))
    # Of 13 items and 2 users: eleven old texts, one that two items share, an empty one; the other user's is an item's.
    assert (ctx.run.metrics["n_texts"], ctx.run.metrics["n_embedded"]) == (13, 2)
    assert ctx.run.metrics["reused_frac"] == pytest.approx(11 / 13)
    got = vectors(delivered, day=NEXT)
    assert got["bluecar"] == vectors(delivered)["bluecar"]
    assert got["redcar"] == got["twin"] != vectors(delivered)["redcar"]
    users = vectors(delivered, "user", NEXT)
    np.testing.assert_allclose(np.linalg.norm(list(users.values()), axis=1), 1, atol=1e-6)


def test_changed_encoder_settings_embed_all_again(delivered, night, texts_table, caplog):
    delivered.write_arrow("item_texts", NIGHT, texts_table("item", {"a": "redcar bluehat", "b": "redcup"}))
    delivered.write_arrow("item_texts", NEXT, texts_table("item", {"a": "redcar bluehat", "b": "redcup"}))
    delivered.write_arrow("user_texts", NEXT, texts_table("user", {}))
    embed_texts(night())
    embed_texts(ctx := night(NEXT, pooling="last"))
    assert ctx.run.metrics["reused_frac"] == 0
    assert "earlier vectors differ" in caplog.text


def test_vectors_lie_in_parquet_as_fixed_size_lists(delivered, night):
    embed_texts(night())
    schema = pq.read_schema(delivered.path(f"item_embeddings.v1/run_date={NIGHT}/part-00000.parquet"))
    assert str(schema.field("vector").type) == "fixed_size_list<element: float>[16]"


@pytest.fixture
def n_read(monkeypatch):
    """Record how many texts each pass over texts reads."""
    found = []

    def counted(encoder, texts, batch_size):
        found.append(len(texts))
        return real_embed_all(encoder, texts, batch_size)

    for module in ("embedding", "tune_job"):
        monkeypatch.setattr(f"nightrec.encoder.{module}.embed_all", counted)
    return found


def copy_night(lake, day=NEXT):
    for table in ("interactions", "held_out", "user_index", "item_index", "item_texts", "user_texts"):
        lake.write_arrow(table, day, lake.read_arrow(table, NIGHT))


def test_texts_that_tuning_read_are_not_embedded_again(delivered, night, n_read):
    delivered.write_arrow("user_texts", NIGHT, delivered.read_arrow("user_texts", NIGHT).slice(0, 0))
    fine_tune_llm(night(**GOOD))
    embed_texts(ctx := night(**GOOD))
    n_texts = int(ctx.run.metrics["n_texts"])
    assert row(delivered)["is_tuned"]
    assert n_read == [n_texts, n_texts, 0]  # with the base, with the tuned model, and none of them once more
    tuned = load_encoder(delivered.path(f"models/encoder/run_date={NIGHT}"), ctx.config.encoder)
    found = vectors(delivered)
    np.testing.assert_allclose([found[word] for word in WORDS], embed(tuned, WORDS, 4), atol=1e-5)


def test_the_next_night_reads_with_the_tuned_model_alone(delivered, night, n_read):
    fine_tune_llm(night(**GOOD))
    copy_night(delivered)
    first_read = n_read[0]
    n_read.clear()
    fine_tune_llm(night(NEXT, **GOOD))
    assert n_read == [0, first_read]
    first, second = row(delivered), row(delivered, NEXT)
    assert (second["base_ndcg"], second["model_version"]) == (first["base_ndcg"], first["model_version"])


def test_vectors_of_other_settings_are_left_out_whichever_table_holds_them(delivered, night, texts_table, monkeypatch):
    monkeypatch.setattr("nightrec.encoder.tune_job.is_better", lambda *_: False)  # the same model on all nights
    long, short = texts_table("user", {"u": " ".join(WORDS)}), texts_table("user", {"u": "redcar bluesea redhat"})
    nights = [NIGHT, NEXT, NEXT.replace(day=2)]
    for day in nights[1:]:
        copy_night(delivered, day)
    delivered.write_arrow("user_texts", NIGHT, short)
    fine_tune_llm(night())
    embed_texts(night())
    # Tonight's items are read anew for the comparison; what users wrote is still known by the other pooling alone.
    delivered.write_arrow("user_texts", NEXT, short)
    fine_tune_llm(night(NEXT, pooling="last"))
    embed_texts(ctx := night(NEXT, pooling="last"))
    assert ctx.run.metrics["n_embedded"] == 1
    # And now the other way round: the newest comparison is of yesterday's settings, the longest text of today's.
    for day in (NEXT, nights[2]):
        delivered.write_arrow("user_texts", day, long)
    embed_texts(night(NEXT, pooling="mean"))
    embed_texts(ctx := night(nights[2], pooling="mean"))
    found = vectors(delivered, day=nights[2])
    want = embed(load_encoder(find_model(ctx.config.encoder.model), ctx.config.encoder), WORDS, 4)
    np.testing.assert_allclose([found[word] for word in WORDS], want, atol=1e-5)


def test_a_dropped_model_leaves_no_vectors(delivered, night, worse, bert):
    fine_tune_llm(night())
    assert set(delivered.read_arrow("study_vectors", NIGHT)["model_version"].to_pylist()) == {model_version(bert)}


def test_an_untrained_night_compares_nothing(delivered, night):
    fine_tune_llm(night(min_pairs=9999))
    assert delivered.count("study_vectors", NIGHT) == 0


def test_a_night_without_training_uses_the_newest_earlier_encoder(delivered, night, texts_table, llama, caplog):
    fine_tune_llm(night(**GOOD))
    delivered.write_arrow("item_texts", NEXT, texts_table("item", {"a": "redcar"}))
    delivered.write_arrow("user_texts", NEXT, texts_table("user", {}))
    embed_texts(ctx := night(NEXT))
    assert ctx.run.tags == {"encoder_version": row(delivered)["model_version"]}
    assert "stands on another" not in caplog.text
    embed_texts(ctx := night(NEXT, model=str(llama)))
    assert ctx.run.tags == {"encoder_version": row(delivered)["model_version"]}
    assert f"encoder.model is {llama}, but the newest model stands on another" in caplog.text


def test_damaged_weights_are_refused(delivered, night, tmp_path):
    fine_tune_llm(night(**GOOD))
    weights = tmp_path / f"lake/movielens/models/encoder/run_date={NIGHT}/model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\1")
    with pytest.raises(
        InputError, match=rf"names model_version .*fine_tune_llm\.py --domain movielens --run-date {NIGHT}"
    ):
        embed_texts(night())


def test_missing_inputs_and_models_are_named(night, delivered):
    with pytest.raises(MissingPartitionError, match=r"user_index/run_date=2026-02-01 not found"):
        fine_tune_llm(night(NEXT))
    with pytest.raises(MissingPartitionError, match=r"item_texts/run_date=2026-02-01 not found"):
        embed_texts(night(NEXT))
    with pytest.raises(ConfigError, match="'package:nowhere'"):
        fine_tune_llm(night(model="package:nowhere"))
