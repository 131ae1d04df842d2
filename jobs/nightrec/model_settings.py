"""The settings of everything that learns, and the forms that all settings are made of."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

Fraction = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=1)]
Places = Annotated[int, Field(ge=0)]
Positive = Annotated[float, Field(gt=0)]


class Section(BaseModel):
    """Unknown keys are errors and values never change after load."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    @field_validator("*", mode="before")
    @classmethod
    def _take_booleans_for_nothing_else(cls, value: object, info: ValidationInfo) -> object:
        given = value if isinstance(value, list) else [value]
        takes_them = cls.model_fields[info.field_name or ""].annotation is bool
        if not takes_them and any(isinstance(one, bool) for one in given):
            raise ValueError(
                "true and false, which YAML makes of yes, no, on and off too, are no value of this setting"
            )
        return value


class EncoderConfig(Section):
    """The language model: what it starts from, how texts go in, how it is fine-tuned."""

    model: str
    """Local folder, `package:<import name>[/folder]`, or hub name. Encoder or decoder-only."""
    pooling: Literal["mean", "last"]
    """`mean` of the token vectors (encoders) or the `last` token's (decoder-only models)."""
    last_layers: Count
    """Layers, counted from the last, that `mean` averages; the very last is shaped for its own training."""
    max_tokens: Count
    """Longest input in tokens."""
    batch_size: Count
    """Texts embedded at once."""
    tuning: Literal["full", "lora"]
    """Train the weights themselves, or low-rank adapters that are merged on saving."""
    tuned_layers: Count
    """Layers, counted from the last, that are trained; the others, and the token embeddings, stay as they are."""
    frozen_cache_mb: Annotated[int, Field(ge=0)]
    """Memory for what those others make of texts, so that they read each once as far as it suffices; on a CPU alone."""
    train_batch_size: Annotated[int, Field(ge=2)]
    """Texts a step. With the default model each token takes some 50 kB a step, so long texts up to 3 GB."""
    learning_rate: Positive
    """Peak of the warm-up and cosine schedule."""
    epochs: Count
    """Passes over the items that have a text and were met."""
    max_steps: Count
    """Optimiser steps at most, whatever the passes."""
    eval_items: Count
    """Items whose texts are held out to compare the tuned model with its base; at most a tenth."""
    eval_goals: Count
    """Goals with held-out items, at most, that are asked for."""
    min_pairs: Count
    """With fewer interactions than this the base model is kept untrained."""
    seed: int
    """Seed of what is held out, of the steps and of the adapters' first weights."""


class CollaborativeConfig(Section):
    """Implicit alternating least squares (Hu, Koren and Volinsky 2008)."""

    engine: Literal["implicit", "spark"]
    """`implicit`: in one process, seconds a million interactions. `spark`: a matrix too large for one machine."""
    dim: Count
    """Length of the factors."""
    iterations: Count
    """Alternations."""
    regularization: Positive
    """L2 penalty. Spark multiplies it by the number of interactions, so there it is about 0.05."""
    alpha: Positive
    """Confidence per unit of weight."""
    rating_dim: Count
    """Length of the factors that predict ratings, where `matrix.goal.min_value` says that events carry some."""
    rating_regularization: Positive
    """L2 penalty of those factors and their biases, for ratings in standard deviations."""
    seed: int
    """Seed of the initial factors."""


class SequenceConfig(Section):
    """Transformer over each user's newest items, after SASRec (Kang and McAuley 2018) with text beside the ids."""

    dim: Count
    """Length of the vectors; the lists see one place more, the learnt popularity."""
    layers: Count
    """Transformer blocks."""
    heads: Count
    """Attention heads a block; divides `dim`."""
    max_items: Count
    """Newest items of a user that are read."""
    dropout: Fraction
    """Share of activations dropped in training."""
    id_dropout: Fraction
    """Share of items that a step knows by their text alone, so that new items can be scored."""
    negatives: Count
    """Items drawn a step that every target is compared with."""
    batch_items: Count
    """Items a step, over all its users."""
    learning_rate: Positive
    """Peak of the schedule."""
    max_epochs: Count
    """Passes over the data at most."""
    patience: Count
    """Newest passes that together have to better the NDCG of the held-out interactions; training stops otherwise."""
    min_gain: Annotated[float, Field(ge=0)]
    """Share of the best NDCG before them by which they have to; 0: by anything."""
    seed: int
    """Seed of weights and sampling."""

    @field_validator("heads")
    @classmethod
    def _divide_the_vector(cls, heads: int, info: ValidationInfo) -> int:
        dim = info.data.get("dim", heads)  # absent where it is wrong itself
        if dim % heads:
            raise ValueError(f"every head takes as much of the vector, and sequence.dim {dim} is no multiple of it")
        return heads


class ProjectionConfig(Section):
    """Two learned projections of text vectors: of what a user has, and of what comes next."""

    dim: Count
    """Length of the vectors; the lists see one place more, the learnt popularity."""
    dropout: Fraction
    """Share of projected values dropped in training."""
    learning_rate: Positive
    """Of AdamW."""
    weight_decay: Annotated[float, Field(ge=0)]
    """Pull towards zero, times the learning rate a step; it keeps rare items in check."""
    batch_size: Count
    """Interactions a step."""
    negatives: Count
    """Items drawn a step that every target is compared with."""
    max_epochs: Count
    """Passes over the data at most."""
    patience: Count
    """Newest passes that together have to better the NDCG of the held-out interactions; training stops otherwise."""
    min_gain: Annotated[float, Field(ge=0)]
    """Share of the best NDCG before them by which they have to; 0: by anything."""
    seed: int
    """Seed of weights and sampling."""


class RankerConfig(Section):
    """How the sources are joined, learnt on interactions that they have not seen."""

    min_users: Count
    """Users on both sides of it that a cut by time needs; with fewer, the newest items of each user are held out."""
    newest_frac: Fraction
    """Share of the interactions that is held out, of the log or of each user."""
    min_items: Annotated[int, Field(ge=2)]
    """In a cut by user, users with fewer items keep all of theirs."""
    max_users: Count
    """Users, at most, that the ranker is fitted on."""
    candidates: Count
    """Best items of every source that are ranked; a longer list takes as many as it has places."""
    min_users_for_trees: Count
    """With fewer users to learn from, only weighted sums are tried."""
    recent_days: Positive
    """Half-life of the recent popularity, in days."""
    seed: int
    """Seed of the cross-validation and of the trees."""


class BehaviourConfig(Section):
    """What is told of users besides their lists."""

    max_items: Count
    """Candidates, at most, whose probability is told for each user; the ranker's best."""
    return_days: Count
    """Days after the newest event in which coming back is predicted."""
    min_rated_reviews: Count
    """Reviews with stars that sentiment is learnt from; with fewer it is read by likeness to example sentences."""
    zero_shot: bool
    """Whether to read it that way, which loads the language model, or to leave it empty."""
    seed: int
    """Seed of drawn negatives, folds and trees."""
