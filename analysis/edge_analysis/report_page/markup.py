"""Elements of HTML and SVG, built as a tree so that no text can be markup by accident."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final
from xml.etree import ElementTree

Element = ElementTree.Element
# Neither HTML nor XML may hold these: control characters and halves of surrogate pairs,
# which Python has in names of files that are not UTF-8.
_FORBIDDEN: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def node(
    tag: str,
    content: str | Sequence[Element] = (),
    attributes: Mapping[str, str] | None = None,
) -> Element:
    """Make an element.

    Args:
        tag: Its name.
        content: Its text, or the elements within.
        attributes: By name.
    """
    made = Element(tag, {name: clean(value) for name, value in (attributes or {}).items()})
    if isinstance(content, str):
        made.text = clean(content)
    else:
        made.extend(content)
    return made


def to_text(element: Element) -> str:
    """Write an element as HTML."""
    return ElementTree.tostring(element, encoding="unicode", method="html")


def read_svg(text: str) -> Element:
    """Read an ``<svg>`` document as an element that HTML takes in: without namespaces."""
    root = ElementTree.fromstring(text)
    for element in root.iter():
        element.tag = _local(element.tag)
        for name in list(element.attrib):
            element.attrib[_local(name)] = element.attrib.pop(name)
    return root


def clean(text: str) -> str:
    """Replace characters that no page may hold."""
    return _FORBIDDEN.sub("\ufffd", text)


def _local(name: str) -> str:
    return name.rpartition("}")[2]
