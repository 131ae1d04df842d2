"""Evidence as rows of `topn` hold it."""

EMPTY = dict.fromkeys(("item_id", "text", "quote", "n_users", "days"))


def evidence(kind, language="en", **fields):
    return {"kind": kind, "language": language} | EMPTY | fields
