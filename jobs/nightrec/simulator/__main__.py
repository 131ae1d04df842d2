"""Deliver a shop whose truth is known: python -m nightrec.simulator.

Users choose by planted weights of taste, text, price, popularity and recency, and write reviews, questions and
searches about it in English or Chinese. The first call delivers the history, every later one the next day, as soon as
the lists of the night before are published: `make night DOMAIN=simulated` calls it. Lists are answered with
impressions, clicks and purchases. What was planted is written to <paths.home>/truth/<domain>/.
"""

import argparse
import logging
import sys
from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError

from nightrec.config import load_config
from nightrec.dates import parse_day
from nightrec.errors import ConfigError, PipelineError
from nightrec.simulator.deliver import DOMAIN, deliver, truth_folder
from nightrec.simulator.shop import Shop

log = logging.getLogger("nightrec.simulator")
EPILOG = """examples:
  python -m nightrec.simulator                                   the history, or the next day if its turn has come
  python -m nightrec.simulator --until 2026-03-08                a week besides, as if nobody published lists
  python -m nightrec.simulator --set users=200 weights.text=0    another shop; only before its first delivery

exit codes: 0 done, 2 settings"""


def main(argv: Sequence[str]) -> int:
    """Deliver what is due and return an exit code."""
    args = _parse(argv)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        config = load_config(args.domain)
        made = deliver(config, shop_of(args.set), parse_day(args.until) if args.until else None)
    except PipelineError as err:
        log.error("error: %s", err)
        return err.exit_code
    log.info("delivered %s", ", ".join(map(str, made)) or "nothing: the lists of the newest delivery are not published")
    log.info("truth: %s", truth_folder(config))
    return 0


def shop_of(settings: Sequence[str]) -> Shop | None:
    """Return the default shop with some settings changed; None where there are none.

    Args:
        settings: `key=value` or `weights.key=value`.

    Raises:
        ConfigError: If a setting is unknown or its value unusable; all such are named.
    """
    if not settings:
        return None
    values: dict[str, Any] = {}
    for text in settings:
        name, _, value = text.partition("=")
        *section, key = name.split(".")
        (values.setdefault(section[0], {}) if section else values)[key] = value
    try:
        return Shop.model_validate(values)
    except ValidationError as err:
        lines = [f"  {'.'.join(map(str, e['loc']))}: {e['msg']} (got {e['input']!r})" for e in err.errors()]
        raise ConfigError("bad settings of the simulated shop:\n" + "\n".join(lines)) from None


def _parse(argv: Sequence[str]) -> argparse.Namespace:
    settings = "\n".join(
        f"  {name}={field.default}\n      {field.description}" for name, field in Shop.model_fields.items()
    )
    parser = argparse.ArgumentParser(
        prog="simulator", description=__doc__, epilog=f"settings of the shop:\n{settings}\n\n{EPILOG}",
        formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False,
    )  # fmt: skip
    parser.add_argument("--domain", default=DOMAIN, help="a name from conf/domains/ (default: simulated)")
    parser.add_argument("--until", metavar="YYYY-MM-DD", help="deliver up to this date without waiting for lists")
    parser.add_argument("--set", nargs="+", default=[], metavar="KEY=VALUE", help="settings of the shop, see below")
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
