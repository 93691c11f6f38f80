"""What a row leads to, once a person has merged it into another."""

from portal.catalogue.models import Experiment, Subject


def living[Row: (Experiment, Subject)](row: Row) -> Row:
    """Return the row that `row` leads to by now, locked until the transaction ends.

    A merge locks the rows that it merges, so what is hung on the answer is either moved
    by a later merge or stays. Raises RuntimeError where rows lead in a circle, which no
    correction makes.
    """
    rows = type(row)._default_manager.select_for_update(no_key=True)  # noqa: SLF001 (the documented name)
    found = rows.get(pk=row.pk)
    seen = {found.pk}
    while found.merged_into_id is not None:
        if found.merged_into_id in seen:
            raise RuntimeError(f"{found!r} leads in a circle")
        seen.add(found.merged_into_id)
        found = rows.get(pk=found.merged_into_id)
    return found
