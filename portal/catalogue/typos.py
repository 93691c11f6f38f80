"""Whether two identifiers are one typo apart."""


def one_typo_apart(one: str, other: str) -> bool:
    """Say whether one letter is wrong, left out, added, or swapped with its next.

    That is a Damerau-Levenshtein distance of 1, in upper or lower case.
    """
    short, long = sorted((one.casefold(), other.casefold()), key=len)
    start = next(
        (at for at, (a, b) in enumerate(zip(short, long, strict=False)) if a != b),
        len(short),
    )
    rest, longer = short[start:], long[start:]
    if len(short) + 1 == len(long):
        return rest == longer[1:]
    if len(short) != len(long) or not rest:
        return False
    return rest[1:] == longer[1:] or (
        rest[:2] == longer[:2][::-1] and rest[2:] == longer[2:]
    )
