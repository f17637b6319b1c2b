"""Many rows at once, on SQLite and PostgreSQL alike.

The ORM's `bulk_create` and `bulk_update` build an object and an expression for
each value; for 25,000 rows that took 10 to 12 s where `executemany` took 0.1 to
1.8 s.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import chain
from typing import Any, TypeVar

import orjson
from django.db import connection, models

CHUNK = 1000
T = TypeVar("T")


def as_json(value: Any) -> str:
    """JSON as JSONField stores it, readable and without needless spaces."""
    if not value:
        return "[]" if isinstance(value, list | tuple) else "{}"
    return orjson.dumps(value).decode()


def as_time(value: datetime | None) -> Any:
    return connection.ops.adapt_datetimefield_value(value) if value is not None else None


def table_of(model: type[models.Model]) -> str:
    return connection.ops.quote_name(model._meta.db_table)


def execute_many(sql: str, rows: Sequence[Sequence[Any]]) -> int:
    """Run one statement for many rows; return how many rows it changed in all."""
    if not rows:
        return 0
    with connection.cursor() as cursor:
        cursor.executemany(sql, rows)
        count: int = cursor.rowcount
    return count


def insert_rows(model: type[models.Model], columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Insert rows given as tuples of column values (JSON as text, times by `as_time`).

    PostgreSQL takes them as one COPY: `executemany` is a statement for each row there.
    It stores the first rows while the others are still made, so let `rows` make them one by one.
    """
    names = ", ".join(connection.ops.quote_name(column) for column in columns)
    if connection.vendor != "postgresql":
        places = ", ".join(["%s"] * len(columns))
        execute_many(f"INSERT INTO {table_of(model)} ({names}) VALUES ({places})", list(rows))  # noqa: S608 - names of ours
        return
    rows = iter(rows)
    if (first := next(rows, None)) is None:
        return
    with (
        connection.cursor() as cursor,
        connection.wrap_database_errors,
        cursor.copy(f"COPY {table_of(model)} ({names}) FROM STDIN") as copy,
    ):
        for row in chain([first], rows):
            copy.write_row(row)


def select_rows(
    model: type[models.Model], columns: Sequence[str], condition: str, values: Sequence[Any]
) -> list[tuple[Any, ...]]:
    """Return column values of the rows that a condition of ours names: JSON as text, nothing converted."""
    names = ", ".join(connection.ops.quote_name(column) for column in columns)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {names} FROM {table_of(model)} WHERE {condition}", values)  # noqa: S608 - names of ours
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


def refresh_statistics(model: type[models.Model]) -> None:
    """Let PostgreSQL look at a table that has grown by many rows: until it has, it takes it for a small one.

    Whoever works at the table meanwhile is not waited for.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"ANALYZE (SKIP_LOCKED) {table_of(model)}")


def update_rows(
    model: type[models.Model], rows: Sequence[Sequence[Any]], *, assign: Sequence[str], where: Sequence[str] = ("id",)
) -> None:
    """Update rows given as tuples: the values assigned, then those of the columns by which a row is found.

    What is assigned or compared is a column, which takes the next value, or an
    expression `… = …` with places (`%s`) of its own, which for a comparison hold numbers.
    Both are text of this package, never of a user. PostgreSQL gets all rows as one
    statement: `executemany` is one for each row there.
    """
    if connection.vendor == "postgresql" and len(rows) > 1:
        _update_at_once(model, rows, assign, where)
        return
    assignments, condition = (
        joint.join(each if "=" in each else f"{each} = %s" for each in parts)
        for joint, parts in ((", ", assign), (" AND ", where))
    )
    execute_many(f"UPDATE {table_of(model)} SET {assignments} WHERE {condition}", rows)  # noqa: S608 - names of ours


def _update_at_once(
    model: type[models.Model], rows: Sequence[Sequence[Any]], assign: Sequence[str], where: Sequence[str]
) -> None:
    """Give the values of all rows as one array for each place.

    Arrays have the columns' types without lengths: to cast to those would cut what is too long.
    """
    types = {field.column: str(field.db_type(connection)).partition("(")[0] for field in model._meta.concrete_fields}
    arrays: list[str] = []

    def placed(part: str, table: str) -> str:
        column, is_expression, _right = part.partition(" =")
        if is_expression and "%s" not in part:
            return part
        arrays.append(f"%s::{types.get(column, 'bigint')}[]")
        value = f"new.place{len(arrays)}"
        return part.replace("%s", value) if is_expression else f"{table}{connection.ops.quote_name(column)} = {value}"

    assignments = ", ".join(placed(part, "") for part in assign)
    condition = " AND ".join(placed(part, f"{table_of(model)}.") for part in where)
    places = ", ".join(f"place{number}" for number in range(1, len(arrays) + 1))
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table_of(model)} SET {assignments}"  # noqa: S608 - names of ours
            f" FROM unnest({', '.join(arrays)}) AS new ({places}) WHERE {condition}",
            [list(values) for values in zip(*rows, strict=True)],
        )


def unless_null(column: str) -> str:
    """Assign the next value to the column, but leave the column as it is when that is None."""
    return f"{column} = COALESCE(%s, {column})"


def reserve_ids(model: type[models.Model], count: int) -> list[int]:
    """Take `count` primary keys that nobody else gets, to insert rows and refer to them at once.

    On SQLite only inside a transaction (ours take the lock when they begin): the
    numbers are free as long as nobody else writes.
    """
    if not count:
        return []
    table = model._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                # The sequence is looked up once, not for each row.
                "SELECT nextval((SELECT pg_get_serial_sequence(%s, 'id')::regclass)) FROM generate_series(1, %s)",
                [table, count],
            )
            return [row[0] for row in cursor.fetchall()]
        cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table])
        row = cursor.fetchone()
        last = row[0] if row else 0
        return list(range(last + 1, last + 1 + count))


def in_chunks(values: Iterable[T], size: int = CHUNK) -> Iterator[list[T]]:
    chunk: list[T] = []
    for value in values:
        chunk.append(value)
        if len(chunk) >= size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def chunks_of_ids(ids: Collection[int]) -> Iterator[list[int]]:
    """Sorted, so that rows are always locked in the same order."""
    return in_chunks(sorted(ids))
