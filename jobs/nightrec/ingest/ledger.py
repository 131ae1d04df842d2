"""What became of every line of a delivery, and what to say when that is not enough for a night."""

import logging
from dataclasses import dataclass

from nightrec.errors import ContractError

log = logging.getLogger(__name__)
Reasons = tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Ledger:
    """Counts of one feed; `reasons` says why lines were rejected, most frequent first."""

    feed: str
    n_read: int
    n_accepted: int
    n_duplicates: int
    reasons: Reasons
    fingerprint: str

    @property
    def n_rejected(self) -> int:
        """Return the number of rejected lines."""
        return sum(count for _, count in self.reasons)

    @property
    def rejected_frac(self) -> float:
        """Return the share of rejected lines, 0 without lines."""
        return self.n_rejected / max(self.n_read, 1)

    def check(self) -> None:
        """Refuse a count that does not add up.

        Raises:
            ContractError: If a line was lost or made up; always a bug.
        """
        if self.n_read != self.n_accepted + self.n_rejected + self.n_duplicates:
            raise ContractError(f"lines do not add up, {self}")

    def row(self) -> dict[str, str | int]:
        """Return the feed's row of the table `deliveries`."""
        counts = {"n_read": self.n_read, "n_accepted": self.n_accepted}
        counts |= {"n_rejected": self.n_rejected, "n_duplicates": self.n_duplicates}
        return {"feed": self.feed, **counts, "fingerprint": self.fingerprint}

    def metrics(self) -> dict[str, float]:
        """Return the counts under the feed's name."""
        return {f"{self.feed}_{key}": value for key, value in self.row().items() if isinstance(value, int)}

    def top_reasons(self) -> str:
        """Return the three most frequent reasons with their counts."""
        return ", ".join(f"{reason} ({count})" for reason, count in self.reasons[:3]) or "none"

    def __str__(self) -> str:
        """Return the line for the log."""
        return (
            f"{self.feed}: {self.n_read} lines read = {self.n_accepted} accepted + {self.n_rejected} rejected "
            f"+ {self.n_duplicates} duplicates; rejected for: {self.top_reasons()}"
        )
