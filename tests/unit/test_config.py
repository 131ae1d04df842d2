"""Which layer wins, and what a wrong setting looks like."""

import pytest

from nightrec import config as config_module
from nightrec.config import list_domains, load_config
from nightrec.errors import ConfigError
from nightrec.places import resource


@pytest.fixture(autouse=True)
def no_environment(monkeypatch):
    for name in config_module._environment():
        monkeypatch.delenv(name)


@pytest.fixture
def conf(tmp_path, monkeypatch):
    """Return a copy of `conf/` with a domain `shop` and an environment `test` to fill."""
    for folder in ("domains", "env"):
        (tmp_path / folder).mkdir()
    (tmp_path / "base.yaml").write_text((resource("conf") / "base.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "domains/shop.yaml").write_text("")
    (tmp_path / "env/test.yaml").write_text("")
    monkeypatch.setattr(config_module, "resource", lambda _: tmp_path)
    return tmp_path


def test_each_layer_wins_over_the_one_before(conf, monkeypatch):
    def top_n(*overrides):
        return load_config("shop", "test", overrides).scoring.top_n

    seen = [top_n()]
    (conf / "domains/shop.yaml").write_text("scoring: {top_n: 21}")
    seen.append(top_n())
    (conf / "env/test.yaml").write_text("scoring: {top_n: 22}")
    seen.append(top_n())
    monkeypatch.setenv("NIGHTREC__SCORING__TOP_N", "23")
    seen.append(top_n())
    seen.append(top_n("scoring.top_n=24"))
    seen.append(top_n("scoring.top_n=24", "scoring.top_n=25"))

    assert seen == [20, 21, 22, 23, 24, 25]


def test_a_layer_leaves_the_neighbours_of_what_it_sets(conf):
    (conf / "domains/shop.yaml").write_text("matrix: {goal: {min_value: 4}}")

    matrix = load_config("shop", "test").matrix

    assert (matrix.goal.min_value, matrix.goal.event_types, matrix.half_life_days) == (4, ["purchase", "play"], 180)


def test_a_file_that_weighs_one_kind_of_event_leaves_out_the_others(conf):
    (conf / "domains/shop.yaml").write_text(
        "matrix: {event_weights: {review: {value_weight: 0.2}}, goal: {event_types: [review]}}"
    )

    def weights(*overrides):
        found = load_config("shop", "test", overrides).matrix.event_weights
        return {kind: (worth.weight, worth.value_weight) for kind, worth in found.items()}

    assert weights() == {"review": (0.0, 0.2)}
    one_more = ["matrix.event_weights.view.weight=0.1", "matrix.event_weights.review.weight=1"]
    assert weights(*one_more) == {"review": (1.0, 0.2), "view": (0.1, 0.0)}


def test_goals_that_are_worth_nothing_are_refused(conf):
    (conf / "domains/shop.yaml").write_text("matrix: {event_weights: {view: {weight: 0.2}, play: {weight: 0}}}")
    with pytest.raises(ConfigError, match=r"matrix: .*goal\.event_types \['purchase', 'play'\] are worth nothing"):
        load_config("shop", "test")


def test_a_list_is_replaced_whole(conf):
    assert load_config("shop", "test", ["evaluation.ks=[5]"]).evaluation.ks == [5]


@pytest.mark.parametrize(
    ("text", "want"), [("null", None), ("", None), ("0", 0), ("7", 7)], ids=["null", "empty", "zero", "seven"]
)
def test_override_values_are_yaml(conf, text, want):
    assert load_config("shop", "test", [f"scoring.exclude_seen_days={text}"]).scoring.exclude_seen_days == want


def test_override_keeps_equals_signs_and_spaces_of_its_value(conf):
    uri = "sqlite:////tmp/a b.db?mode=rw"

    assert load_config("shop", "test", [f"tracking.uri={uri}"]).tracking.uri == uri


def test_domain_and_environment_are_those_asked_for(conf):
    (conf / "domains/shop.yaml").write_text("domain: other\nenv: other")

    config = load_config("shop", "test")

    assert (config.domain, config.env) == ("shop", "test")


def test_all_mistakes_are_named_at_once(conf):
    with pytest.raises(ConfigError) as caught:
        load_config("shop", "test", ["scoring.top_n=0", "scoring.top_m=3", "matrix.half_life_days=soon"])

    assert str(caught.value).splitlines() == [
        "3 bad setting(s) for domain 'shop', env 'test':",
        "  matrix.half_life_days: Input should be a valid number, unable to parse string as a number (got 'soon')",
        "  scoring.top_n: Input should be greater than or equal to 1 (got 0)",
        "  scoring.top_m: Extra inputs are not permitted (got 3); did you mean top_n?",
    ]


def test_mistakes_from_the_environment_and_a_file_are_named_together(conf, monkeypatch):
    (conf / "domains/shop.yaml").write_text("quality: {min_coverage_frac: 1.5}")
    monkeypatch.setenv("NIGHTREC__SPARK__SHUFFLE_PARTITIONS", "0")

    with pytest.raises(ConfigError, match=r"(?s)2 bad .*spark\.shuffle_partitions.*quality\.min_coverage_frac"):
        load_config("shop", "test")


@pytest.mark.parametrize(("domain", "env", "kind"), [("toys", "test", "domain"), ("shop", "prod", "env")])
def test_unknown_names_are_refused_with_the_known_ones(conf, domain, env, kind):
    with pytest.raises(ConfigError, match=rf"no {kind} '(toys|prod)' in conf/.*; known: (shop|test)$"):
        load_config(domain, env)


def test_names_are_no_paths(conf):
    with pytest.raises(ConfigError, match=r"no domain '\.\./base'"):
        load_config("../base", "test")


@pytest.mark.parametrize("text", ["top_n=3", "scoring.top_n", "scoring..top_n=3", "Scoring.top_n=3", "=3", ""])
def test_malformed_overrides_are_refused(conf, text):
    with pytest.raises(ConfigError, match=r"--set takes section\.key=value, got "):
        load_config("shop", "test", [text])


def test_override_that_is_no_yaml_is_refused(conf):
    with pytest.raises(ConfigError, match=r"evaluation\.ks is not YAML: .* \(got '\[1'\)"):
        load_config("shop", "test", ["evaluation.ks=[1"])


def test_variable_that_is_no_yaml_is_refused(conf, monkeypatch):
    monkeypatch.setenv("NIGHTREC__EVALUATION__KS", "[1")

    with pytest.raises(ConfigError, match=r"evaluation\.ks is not YAML: .* \(got '\[1'\)"):
        load_config("shop", "test")


def test_variable_that_names_no_section_is_refused(conf, monkeypatch):
    monkeypatch.setenv("NIGHTREC__ENV", "prod")

    with pytest.raises(ConfigError, match=r"NIGHTREC__ENV names no setting; expected .* or --env and --domain"):
        load_config("shop", "test")


@pytest.mark.parametrize("setting", ["paths.lake=a/{domain}", "paths.home=/{x}", "tracking.experiment='{shop}'"])
def test_place_with_an_unknown_name_in_braces_is_refused(conf, setting):
    with pytest.raises(ConfigError, match=r"1 bad .*\n.*should match pattern"):
        load_config("shop", "test", [setting])


def test_file_that_is_no_yaml_is_refused(conf):
    (conf / "domains/shop.yaml").write_text("scoring: [1")

    with pytest.raises(ConfigError, match=r"shop\.yaml is not YAML: .*line 1"):
        load_config("shop", "test")


def test_file_without_sections_is_refused(conf):
    (conf / "env/test.yaml").write_text("- scoring")

    with pytest.raises(ConfigError, match=r"test\.yaml must hold sections, got list"):
        load_config("shop", "test")


def test_value_in_the_place_of_a_section_is_refused(conf):
    (conf / "env/test.yaml").write_text("scoring: 3")

    with pytest.raises(ConfigError, match=r"1 bad setting.*\n  scoring: .*\(got 3\)"):
        load_config("shop", "test")


def test_domains_are_listed_by_name(conf):
    (conf / "domains/art.yaml").write_text("")

    assert list_domains() == ["art", "shop"]
