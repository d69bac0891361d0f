"""Read frozen dataclasses from JSON values, with every type checked.

The annotations of the dataclass are the schema. An error names the field's place.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from functools import cache, partial
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Final, Literal, TypeVar, cast, get_args, get_origin, get_type_hints

from edge_infer.errors import EdgeMnistError, ModelError

Record = TypeVar("Record")
Reader = Callable[[Any, str], Any]
_EXPECTED: Final = {int: "a whole number", bool: "true or false", str: "a text"}


def read_record(
    kind: type[Record], value: Any, where: str, *, error: type[EdgeMnistError] = ModelError
) -> Record:
    """Make a dataclass from the values that ``json.loads`` returns.

    Args:
        kind: A dataclass of str, int, float, bool, ``Path``, ``Literal`` texts, other such
            dataclasses, ``tuple[X, ...]`` of them (lists in JSON), ``Mapping[str, X]``
            (objects) and ``X | None``; ``Any`` takes every value.
        value: Field values by name. A field with a default may be missing; an unknown field
            is ignored.
        where: Name of the record in error messages.
        error: Type of the error that is raised.

    Raises:
        EdgeMnistError: Of the type ``error``: a field is missing or has another type. The
            message names the field, the expected type and the value found.
    """
    try:
        return cast("Record", _reader(cast("Any", kind))(value, where))
    except ModelError as found:
        raise error(found.message) from None


def read_versioned(
    kind: type[Record],
    text: str,
    where: str,
    *,
    versions: Mapping[str, int],
    remedy: str,
    error: type[EdgeMnistError] = ModelError,
) -> Record:
    """Make a dataclass from JSON text that states the version of its format.

    Args:
        kind: As for :func:`read_record`.
        text: The whole JSON text.
        where: Name of the record in error messages.
        versions: Version fields and the value of each that this program reads.
        remedy: What to do about another version, for the message.
        error: Type of the error that is raised.

    Raises:
        EdgeMnistError: Of the type ``error``: not JSON, another version, or a field is missing
            or has another type.
    """
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as found:
        raise error(f"{where} is not valid JSON: {found}") from found
    for name, supported in versions.items() if isinstance(document, dict) else ():
        if document.get(name) != supported:
            raise error(
                f"{where} has {name} {document.get(name)!r}, this program reads {supported}: "
                f"{remedy}"
            )
    return read_record(kind, document, where, error=error)


# Cached because inspecting a type takes much longer than reading its values.
@cache
def _reader(kind: Any) -> Reader:
    """Return the function that checks and converts values of a type."""
    arguments = get_args(kind)
    if get_origin(kind) is UnionType:
        (read,) = (_reader(part) for part in arguments if part is not NoneType)
        return lambda value, where: None if value is None else read(value, where)
    if get_origin(kind) is tuple:
        return partial(_read_list, _reader(arguments[0]))
    if get_origin(kind) is Mapping:
        return partial(_read_object, _reader(arguments[1]))
    if get_origin(kind) is Literal:
        return partial(_read_choice, arguments)
    if is_dataclass(kind):
        hints = get_type_hints(kind)
        readers = {field.name: _reader(hints[field.name]) for field in fields(kind)}
        defaults = {
            field.name
            for field in fields(kind)
            if field.default is not MISSING or field.default_factory is not MISSING
        }
        return partial(_read_record, kind, readers, defaults)
    return partial(_read_plain, kind)


def _read_list(read: Reader, value: Any, where: str) -> tuple[Any, ...]:
    _expect(isinstance(value, list), "a list", value, where)
    return tuple(read(item, f"{where}[{at}]") for at, item in enumerate(value))


def _read_object(read: Reader, value: Any, where: str) -> dict[str, Any]:
    _expect(isinstance(value, dict), "an object", value, where)
    return {name: read(item, f"{where}.{name}") for name, item in value.items()}


def _read_record(
    kind: Any, readers: Mapping[str, Reader], defaults: set[str], value: Any, where: str
) -> Any:
    _expect(isinstance(value, dict), "an object", value, where)
    values: dict[str, Any] = {}
    for name, read in readers.items():
        if name in value:
            values[name] = read(value[name], f"{where}.{name}")
        elif name not in defaults:
            raise ModelError(f"{where} has no {name}")
    return kind(**values)


def _read_choice(choices: tuple[str, ...], value: Any, where: str) -> Any:
    _expect(value in choices, " or ".join(choices), value, where)
    return value


def _read_plain(kind: Any, value: Any, where: str) -> Any:
    if kind is Any:
        return value
    # The types of JSON values are exact: a bool is no int.
    if kind is float:
        is_number = type(value) in {int, float} and math.isfinite(value)
        _expect(is_number, "a number", value, where)
        return float(value)
    if kind is Path:
        _expect(isinstance(value, str), "a path", value, where)
        return Path(value)
    _expect(type(value) is kind, _EXPECTED[kind], value, where)
    return value


def _expect(holds: bool, expected: str, value: Any, where: str) -> None:
    if not holds:
        raise ModelError(f"{where} must be {expected}, found {value!r}")
