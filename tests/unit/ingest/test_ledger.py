"""The counts of a delivery add up, or the job stops."""

import pytest

from nightrec.errors import ContractError
from nightrec.ingest.ledger import Ledger

EVENTS = Ledger("events", 10, 5, 2, (("event_at: missing", 2), ("not JSON: x", 1)), "00ff")


def test_ledger_says_what_became_of_the_lines():
    EVENTS.check()
    assert str(EVENTS) == (
        "events: 10 lines read = 5 accepted + 3 rejected + 2 duplicates; "
        "rejected for: event_at: missing (2), not JSON: x (1)"
    )
    assert EVENTS.rejected_frac == 0.3
    assert EVENTS.metrics() == {
        "events_n_read": 10, "events_n_accepted": 5, "events_n_rejected": 3, "events_n_duplicates": 2,
    }  # fmt: skip


def test_ledger_refuses_a_lost_line():
    with pytest.raises(ContractError, match="do not add up, events: 11 lines read = 5 accepted"):
        Ledger("events", 11, 5, 2, EVENTS.reasons, "00ff").check()
