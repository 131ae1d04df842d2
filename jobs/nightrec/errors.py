"""The failures that Nightrec raises on purpose, each with the exit code that a scheduler sees."""


class PipelineError(Exception):
    """Base of every failure raised on purpose. Anything else is a bug and exits 1."""

    exit_code = 1


class ConfigError(PipelineError):
    """One or more settings are unusable; the message lists all of them."""

    exit_code = 2


class InputError(PipelineError):
    """An input is missing, unfinished, empty or unreadable."""

    exit_code = 3


class MissingPartitionError(InputError):
    """An input partition has not been written, or was not finished."""


class EmptyOutputError(InputError):
    """A job produced no rows for a table that must not be empty; what stood there before was kept."""


class ContractError(PipelineError):
    """A frame does not match its table contract; always a bug in the job that made it."""


class GateError(PipelineError):
    """Data was checked and found unfit; nothing downstream of it may run."""

    exit_code = 4
