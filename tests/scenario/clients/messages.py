"""What the clients send: text and binary of many sizes, the same in every run."""

import random

SIZES = [0, 1, 125, 126, 127, 65535, 65536, 131073, 1048576]
UNIT = "sluice 流 é \U0001f30a "


def messages():
    """Yields str and bytes."""
    source = random.Random(7692)
    for size in SIZES:
        text = (UNIT * (size // len(UNIT.encode()) + 1)).encode()[:size].decode(errors="ignore")
        yield text + "." * (size - len(text.encode()))
        yield source.randbytes(size)


def check(sent, got):
    """Type and content must be the same."""
    if type(sent) is not type(got) or sent != got:
        raise SystemExit(f"sent {type(sent).__name__} of {len(sent)}, got {type(got).__name__} of {len(got)}")
