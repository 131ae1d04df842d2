"""The model of the settings and `conf/base.yaml` are two views of one list."""

from pathlib import Path

import pytest
import yaml
from pydantic import BaseModel

from nightrec.config import list_domains, load_config
from nightrec.errors import ConfigError
from nightrec.places import resource, root
from nightrec.settings import Config, EventWeight, Section

FROM_COMMAND_LINE = {"domain", "env"}


def settings_of(model, prefix=""):
    """Return the dotted names of all settings of a model and of its sections."""
    names = set()
    for name, field in model.model_fields.items():
        kind = field.annotation
        is_section = isinstance(kind, type) and issubclass(kind, BaseModel)
        names |= settings_of(kind, f"{prefix}{name}.") if is_section else {prefix + name}
    return names


def keys_of(section, known, prefix=""):
    """Return the dotted keys of a YAML section, down to settings that the model takes as one value."""
    names = set()
    for key, value in section.items():
        name = prefix + key
        names |= keys_of(value, known, f"{name}.") if isinstance(value, dict) and name not in known else {name}
    return names


def base():
    return yaml.safe_load((resource("conf") / "base.yaml").read_text(encoding="utf-8"))


def sections(model=Config):
    yield model
    for field in model.model_fields.values():
        if isinstance(field.annotation, type) and issubclass(field.annotation, Section):
            yield from sections(field.annotation)


def test_base_yaml_and_model_list_the_same_settings():
    known = settings_of(Config) - FROM_COMMAND_LINE

    assert keys_of(base(), known) == known


def test_no_default_hides_in_code():
    hidden = [
        f"{model.__name__}.{name}"
        for model in sections()
        for name, field in model.model_fields.items()
        if not field.is_required()
    ]

    assert hidden == []
    assert all(not field.is_required() for field in EventWeight.model_fields.values())  # the one exception


def test_every_setting_says_what_it_means():
    mute = [
        f"{model.__name__}.{name}"
        for model in [*sections(), EventWeight]
        for name, field in model.model_fields.items()
        if not field.description and not (isinstance(field.annotation, type) and issubclass(field.annotation, Section))
    ]

    assert mute == []


def test_settings_do_not_change_after_loading():
    with pytest.raises(ValueError, match="frozen"):
        load_config("movielens").scoring.top_n = 5


@pytest.mark.parametrize("domain", list_domains())
@pytest.mark.parametrize("env", sorted(path.stem for path in (resource("conf") / "env").glob("*.yaml")))
def test_every_domain_loads_in_every_environment(domain, env):
    config = load_config(domain, env)

    assert (config.domain, config.env) == (domain, env)


def test_explored_places_need_room_below_the_first_three():
    assert load_config("tiny", overrides=["scoring.top_n=5", "rules.explore_slots=2"]).rules.explore_slots == 2
    for top_n, room in ((5, 2), (2, 0)):
        said = rf"explore_slots 3 needs .* scoring\.top_n {top_n} leaves {room} places below the first 3"
        with pytest.raises(ConfigError, match=said):
            load_config("tiny", overrides=[f"scoring.top_n={top_n}", "rules.explore_slots=3"])


def test_explored_places_need_as_many_items_to_draw_from():
    assert load_config("tiny", overrides=["rules.explore_pool=3", "rules.explore_slots=3"]).rules.explore_pool == 3
    with pytest.raises(ConfigError, match=r"rules\.explore_slots: .*rules\.explore_pool is 2 \(got 3\)"):
        load_config("tiny", overrides=["rules.explore_pool=2", "rules.explore_slots=3"])


def test_attention_heads_share_the_vector_equally():
    assert load_config("tiny", overrides=["sequence.dim=12", "sequence.heads=3"]).sequence.heads == 3
    with pytest.raises(ConfigError, match=r"sequence\.heads: .*sequence\.dim 16 is no multiple of it \(got 3\)"):
        load_config("tiny", overrides=["sequence.heads=3"])
    with pytest.raises(ConfigError, match=r"1 bad setting.*\n  sequence\.dim: "):
        load_config("tiny", overrides=["sequence.dim=0"])


@pytest.mark.parametrize("text", ["scoring.top_n=yes", "evaluation.ks=[on]", "texts.recent_texts=false"])
def test_yes_and_no_are_no_numbers(text):
    with pytest.raises(ConfigError, match=rf"  {text.split('=')[0]}: .*true and false, which YAML makes of yes"):
        load_config("tiny", overrides=[text])
    assert load_config("tiny", overrides=["behaviour.zero_shot=yes"]).behaviour.zero_shot


def test_place_fills_in_home_and_keeps_uris():
    config = load_config("movielens", overrides=["paths.home=/srv/nightrec"])

    assert config.place("{home}/lake") == "/srv/nightrec/lake"
    assert config.place("relative") == str(root() / "relative")
    assert config.place("s3a://bucket/lake") == "s3a://bucket/lake"
    assert config.home == Path("/srv/nightrec")


def test_landing_names_domain_date_and_feed():
    from datetime import date

    config = load_config("movielens", overrides=["paths.landing=s3a://in"])

    assert config.landing(date(2026, 1, 31), "events") == "s3a://in/movielens/run_date=2026-01-31/events"


def test_tracking_uri_defaults_to_the_local_server():
    assert load_config("movielens", overrides=["services.mlflow_port=5050"]).tracking_uri == "http://127.0.0.1:5050"
    assert load_config("movielens", overrides=["tracking.uri=sqlite:///m.db"]).tracking_uri == "sqlite:///m.db"
