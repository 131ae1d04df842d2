"""Settings and deliveries from which no night can be made, each refused with what was found, where, and what to do."""

from phonenumbers import SUPPORTED_REGIONS

from nightrec.cleaning.languages import known_languages
from nightrec.context import SparkContext
from nightrec.errors import ConfigError, GateError, InputError
from nightrec.ingest.files import newest_delivery
from nightrec.ingest.ledger import Ledger
from nightrec.settings import IngestConfig


def refuse_unknown_codes(settings: IngestConfig) -> None:
    """Refuse countries whose phone numbers and languages whose texts nobody would find.

    Raises:
        ConfigError: With all wrong codes.
    """
    regions = sorted(set(settings.phone_regions) - SUPPORTED_REGIONS)
    languages = sorted(set(settings.languages) - known_languages())
    wrong = [f"ingest.phone_regions: {', '.join(regions)}; expected ISO 3166 codes such as GB or CN"] if regions else []
    if languages:
        wrong.append(f"ingest.languages: {', '.join(languages)}; expected ISO 639-1 codes such as en or zh")
    if wrong:
        raise ConfigError(f"{len(regions) + len(languages)} unknown code(s):\n  " + "\n  ".join(wrong))


def refuse_no_files(folder: str, names: list[str]) -> None:
    """Refuse a delivery without event files.

    Raises:
        InputError: With the newest delivery that is there.
    """
    if not names:
        raise InputError(
            f"no files in {folder}, or no such folder (newest delivery there: run_date={newest_delivery(folder)}); "
            "expected the events of this delivery; deliver them, or pass the --run-date of a delivery that is there"
        )


def refuse_no_lines(folder: str, names: list[str], n_read: int) -> None:
    """Refuse event files without lines.

    Raises:
        InputError: With the files that were read.
    """
    if n_read == 0:
        raise InputError(
            f"no lines in the {len(names)} files of {folder} ({', '.join(names[:5])}; newest delivery there: "
            f"run_date={newest_delivery(folder)}); expected at least one event; deliver the day again"
        )


def refuse_nothing_new(ctx: SparkContext, folder: str, events: Ledger, n_items: int) -> None:
    """Refuse a delivery from which no event was kept, or after which there is still no catalogue.

    Raises:
        GateError: If no event was kept and the rejected share is above `ingest.max_reject_frac`.
        InputError: If no event was kept for other reasons, or no item ever came.
    """
    if events.n_accepted == 0:
        limit = ctx.config.ingest.max_reject_frac
        kept = f"every rejected line is in {ctx.tables.partition('rejects', ctx.run_date)}"
        if events.rejected_frac > limit:
            raise GateError(
                f"no usable event in {folder}, {events}; at most {limit:.0%} of the lines may be rejected; {kept}; "
                "correct the files and run the job again"
            )
        raise InputError(
            f"nothing new in {folder}, {events}; known are the event_ids of deliveries up to "
            f"{ctx.config.ingest.deduplicate_days} days away (newest there: run_date={newest_delivery(folder)}); "
            f"{kept}; deliver the right day's files, or leave this date out"
        )
    if n_items == 0:
        raise InputError(
            f"no items in {ctx.config.landing(ctx.run_date, 'items')} and none in an earlier delivery that passed its "
            "gate; expected a catalogue with the first delivery; deliver one with at least item_id, or run "
            "jobs/validate_table.py --table events for the delivery before, and run the job again"
        )
