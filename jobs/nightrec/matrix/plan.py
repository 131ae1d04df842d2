"""Decide whether last night's matrix can be carried forward or must be made anew."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Plan:
    """Start from the state of `base` (or from nothing) and add the deliveries `added`, oldest first."""

    base: date | None
    added: list[date]
    reason: str


def plan_build(
    base: date | None, base_inputs: Mapping[date, tuple[str, str]], inputs: Mapping[date, tuple[str, str]]
) -> Plan:
    """Plan the matrix of the newest date in `inputs`.

    Args:
        base: Date of the newest earlier state, if there is one.
        base_inputs: What that state is made of: delivery date to (fingerprint, settings hash).
        inputs: What tonight's state must be made of, in the same form.

    Returns:
        An increment when everything in the base is still as it was, else a rebuild; the reason names the difference.
    """
    everything = sorted(inputs)
    if base is None:
        return Plan(None, everything, "no earlier state")
    changed = sorted(day for day, made_of in base_inputs.items() if inputs.get(day) != made_of)
    if changed:
        return Plan(None, everything, f"delivery {changed[0]} or the matrix settings changed since the state of {base}")
    added = [day for day in everything if day not in base_inputs]
    if added and base_inputs and added[0] < max(base_inputs):
        return Plan(None, everything, f"delivery {added[0]} arrived after the state of {base}")
    return Plan(base, added, f"state of {base} carried forward")
