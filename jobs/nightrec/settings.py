"""The model of every setting: its type, its bounds and what it means. Values come from `conf/` through `config.py`."""

from datetime import date
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from nightrec.model_settings import (
    BehaviourConfig,
    CollaborativeConfig,
    Count,
    EncoderConfig,
    Fraction,
    Positive,
    ProjectionConfig,
    RankerConfig,
    Section,
    SequenceConfig,
)
from nightrec.places import root
from nightrec.reasons_settings import ReasonsConfig
from nightrec.rules_settings import FIRST_PLACES, RulesConfig

Place = Annotated[str, Field(pattern=r"^([^{}]|\{home\})+$")]
EventType = Literal["impression", "view", "click", "cart", "purchase", "play", "rating", "review", "question", "search"]


class PathsConfig(Section):
    """Where things lie. `{home}` stands for `paths.home`; relative paths start at the repository."""

    home: Annotated[str, Field(pattern=r"^[^{}]+$")]
    """Folder for everything that a local installation writes."""
    landing: Place
    """Path or URI under which deliveries arrive: `<domain>/run_date=YYYY-MM-DD/{events,items}/`."""
    lake: Place
    """Path or URI of the tables: `<domain>/<table>.v1/run_date=YYYY-MM-DD/`."""
    data_docs: Place
    """Local folder of the Great Expectations site, one folder a domain."""
    explorer: Place
    """Local folder of the page on which a night is looked up, `<domain>/index.html`."""
    secrets: Place
    """JSON file of generated passwords, mode 600. Ignored when the MLflow variables are exported."""


class ServicesConfig(Section):
    """The local Airflow and MLflow servers of `make up`."""

    host: str
    """Address that both bind to."""
    airflow_port: Annotated[int, Field(ge=1, le=65535)]
    """Port of the Airflow UI and REST API."""
    mlflow_port: Annotated[int, Field(ge=1, le=65535)]
    """Port of the MLflow UI and API."""
    schedule: Annotated[str, Field(pattern=r"^\S+( \S+){4}$")] | None
    """When the nightly DAG runs by itself, as a cron expression in UTC. Empty: only when triggered."""
    scheduled_domain: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    """The shop that it then runs for, which the trigger forms propose, too."""


class TrackingConfig(Section):
    """Where runs are recorded."""

    uri: str | None
    """MLflow tracking URI. Empty: the local server of `services`."""
    experiment: Annotated[str, Field(pattern=r"^([^{}]|\{domain\})+$")]
    """MLflow experiment; `{domain}` is replaced."""


class SparkConfig(Section):
    """Session settings that follow the size of the data; all else is in `conf/spark/*.properties`."""

    shuffle_partitions: Count
    """Tasks of a shuffle. About twice the cores on one machine, three times the executors' cores on a cluster."""


class IngestConfig(Section):
    """How a delivery becomes typed events and items."""

    max_future_hours: Annotated[float, Field(ge=0)]
    """Reject events later than this many hours after the end of the run date (UTC)."""
    max_reject_frac: Fraction
    """Stop the night (exit 4) when more than this share of the lines read is rejected."""
    deduplicate_days: Annotated[int, Field(ge=0)]
    """Drop events whose `event_id` came in a good delivery up to N days away. 0 looks at the delivery alone."""
    items_feed: Literal["changes", "full"]
    """`changes`: delivered items update the catalogue. `full`: a delivered catalogue replaces it."""
    max_text_chars: Count
    """Characters kept of one text, title or description."""
    phone_regions: list[Annotated[str, Field(pattern="^[A-Z]{2}$")]]
    """Countries (ISO 3166) whose phone numbers are masked; with `+` and country code, those of all countries are."""
    languages: Annotated[list[Annotated[str, Field(pattern="^[a-z]{2,3}$")]], Field(min_length=1)]
    """ISO 639-1 codes of the languages that users write in; a text's is one of them."""


class EventWeight(Section):
    """Worth of one event: `weight + value_weight * value`, never below 0."""

    weight: float = 0.0
    """Constant part."""
    value_weight: float = 0.0
    """Part per unit of the event's `value` (stars, seconds, amount)."""


class GoalConfig(Section):
    """The events that a list is meant to bring about; what the language model learns and evaluation counts."""

    event_types: Annotated[list[EventType], Field(min_length=1)]
    """Event types that count."""
    min_value: float | None
    """Smallest `value` that counts; events without value count only when this is empty."""


class MatrixConfig(Section):
    """How events become the user-item matrix."""

    event_weights: dict[EventType, EventWeight]
    """Worth by event type. Types left out are kept in `events` and ignored by the matrix."""
    half_life_days: Positive
    """Days after which an event counts half."""
    goal: GoalConfig
    """Which events are relevant."""

    @model_validator(mode="after")
    def _goals_have_a_worth(self) -> Self:
        worth = {kind for kind, of in self.event_weights.items() if of.weight or of.value_weight}
        if unweighed := [kind for kind in self.goal.event_types if kind not in worth]:
            raise ValueError(f"goal.event_types {unweighed} are worth nothing in event_weights, so no goal would count")
        return self


class TextsConfig(Section):
    """Which texts describe items and users."""

    max_chars: Count
    """Characters kept of one text; the encoder cuts at its own `max_tokens` besides."""
    recent_texts: Annotated[int, Field(ge=0)]
    """Newest reviews, questions and searches that describe a user or an item."""
    window_days: Count
    """Days of deliveries searched for them."""


class ScoringConfig(Section):
    """How lists are made."""

    top_n: Annotated[int, Field(ge=1, le=1000)]
    """Items a list."""
    exclude_seen_days: Annotated[int, Field(ge=0)] | None
    """Hide items the user touched in the last N days. 0 hides nothing, empty hides everything ever touched."""
    block_rows: Count
    """Users scored at once; a task holds their scores for all items from every source."""
    similar_n: Annotated[int, Field(ge=1, le=1000)]
    """Items a list of items like an item."""
    popular_windows: Annotated[list[Count], Field(min_length=1)]
    """Days, up to the run date, in which popular and trending items are counted; one list each."""
    popular_min_users: Count
    """Items with fewer users than this in a window are neither popular nor trending, nor have queries of fewer a list,
    for the users' privacy."""
    query_n: Count
    """Queries, at most, that get a list of items: those of most users in `texts.window_days`."""
    query_minutes: Count
    """What a user turns to so long after a search, or later in its session, speaks for the item."""


class QualityConfig(Section):
    """What the gate before publishing asks of the lists."""

    min_coverage_frac: Fraction
    """Smallest share of known users that must have a list."""


class EvaluationConfig(Section):
    """How last night's lists are measured against today's events."""

    ks: Annotated[list[Count], Field(min_length=1)]
    """List lengths at which metrics are taken."""
    popular_days: Count
    """Window of the popular-in-the-last-days baseline, in days."""
    min_users: Count
    """Fewer evaluated users than this and every metric is marked unreliable."""


class ExplorerConfig(Section):
    """The page on which a person looks a night up."""

    max_users: Annotated[int, Field(ge=0, le=5000)]
    """Users on it, at most, from the longest history to the shortest; each weighs some 5 KB. 0: no page."""


class Config(Section):
    """Everything a job may read. No secrets: those lie in the file that `paths.secrets` names."""

    domain: str
    """Name of the shop; the stem of its file in `conf/domains/`."""
    env: str
    """Name of the environment; the stem of its file in `conf/env/`."""
    paths: PathsConfig
    services: ServicesConfig
    tracking: TrackingConfig
    spark: SparkConfig
    ingest: IngestConfig
    matrix: MatrixConfig
    texts: TextsConfig
    encoder: EncoderConfig
    collaborative: CollaborativeConfig
    sequence: SequenceConfig
    projection: ProjectionConfig
    ranker: RankerConfig
    behaviour: BehaviourConfig
    scoring: ScoringConfig
    rules: RulesConfig
    reasons: ReasonsConfig
    quality: QualityConfig
    evaluation: EvaluationConfig
    explorer: ExplorerConfig

    @model_validator(mode="after")
    def _explored_places_fit(self) -> Self:
        room = max(0, self.scoring.top_n - FIRST_PLACES)
        if self.rules.explore_slots > room:
            raise ValueError(
                f"rules.explore_slots {self.rules.explore_slots} needs a longer list or fewer slots: scoring.top_n "
                f"{self.scoring.top_n} leaves {room} places below the first {FIRST_PLACES}"
            )
        return self

    @property
    def home(self) -> Path:
        """Absolute `paths.home`."""
        return root() / self.paths.home

    def place(self, template: str) -> str:
        """Return a path setting with `{home}` filled in; local paths come back absolute, URIs as they are."""
        filled = template.format(home=self.home)
        return filled if "://" in filled else str(root() / filled)

    def landing(self, run_date: date, feed: str) -> str:
        """Return the folder in which one feed of one delivery lies."""
        return f"{self.place(self.paths.landing)}/{self.domain}/run_date={run_date}/{feed}"

    @property
    def tracking_uri(self) -> str:
        """`tracking.uri`, or the address of the local MLflow server."""
        return self.tracking.uri or f"http://{self.services.host}:{self.services.mlflow_port}"
