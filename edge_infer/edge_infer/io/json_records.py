"""Read frozen dataclasses from JSON values, with every type checked.

The annotations of the dataclass are the schema. An error names the field's place.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from types import NoneType, UnionType
from typing import Any, TypeVar, cast, get_args, get_origin, get_type_hints

from edge_infer.errors import EdgeMnistError, ModelError

Record = TypeVar("Record")


def read_record(
    kind: type[Record], value: Any, where: str, *, error: type[EdgeMnistError] = ModelError
) -> Record:
    """Make a dataclass from the values that ``json.loads`` returns.

    Args:
        kind: A dataclass of str, int, float, bool, other such dataclasses, ``tuple[X, ...]``
            of them (lists in JSON), ``Mapping[str, X]`` (objects) and ``X | None``; ``Any``
            takes every value.
        value: Field values by name. A field with a default may be missing; an unknown field
            is ignored.
        where: Name of the record in error messages.
        error: Type of the error that is raised.

    Raises:
        EdgeMnistError: Of the type ``error``: a field is missing or has another type. The
            message names the field, the expected type and the value found.
    """
    try:
        return cast("Record", _read(kind, value, where))
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


def _read(kind: Any, value: Any, where: str) -> Any:
    if get_origin(kind) is UnionType:
        (inner,) = (part for part in get_args(kind) if part is not NoneType)
        return None if value is None else _read(inner, value, where)
    if get_origin(kind) is tuple:
        _expect(isinstance(value, list), "a list", value, where)
        return tuple(
            _read(get_args(kind)[0], item, f"{where}[{at}]") for at, item in enumerate(value)
        )
    if get_origin(kind) is Mapping:
        _expect(isinstance(value, dict), "an object", value, where)
        return {
            name: _read(get_args(kind)[1], item, f"{where}.{name}") for name, item in value.items()
        }
    if is_dataclass(kind):
        return _read_record(kind, value, where)
    return _read_plain(kind, value, where)


def _read_record(kind: Any, value: Any, where: str) -> Any:
    _expect(isinstance(value, dict), "an object", value, where)
    hints = get_type_hints(kind)
    values: dict[str, Any] = {}
    for field in fields(kind):
        if field.name in value:
            place = f"{where}.{field.name}"
            values[field.name] = _read(hints[field.name], value[field.name], place)
        elif field.default is MISSING and field.default_factory is MISSING:
            raise ModelError(f"{where} has no {field.name}")
    return kind(**values)


def _read_plain(kind: Any, value: Any, where: str) -> Any:
    if kind is Any:
        return value
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if kind is float:
        _expect(is_number and math.isfinite(value), "a number", value, where)
        return float(value)
    if kind is int:
        _expect(is_number and isinstance(value, int), "a whole number", value, where)
    elif kind is bool:
        _expect(isinstance(value, bool), "true or false", value, where)
    else:
        _expect(isinstance(value, str), "a text", value, where)
    return value


def _expect(holds: bool, expected: str, value: Any, where: str) -> None:
    if not holds:
        raise ModelError(f"{where} must be {expected}, found {value!r}")
