"""Errors as one sentence under `error`, for whoever reads a client's log."""

from typing import Any

from rest_framework.response import Response
from rest_framework.views import exception_handler


def answer(error: Exception, context: dict[str, Any]) -> Response | None:
    """Return DRF's answer with its details flattened into one sentence."""
    response = exception_handler(error, context)
    if response is not None:
        response.data = {"error": "; ".join(_sentences(response.data))}
    return response


def _sentences(detail: Any, where: str = "") -> list[str]:
    if isinstance(detail, dict):
        return [
            sentence
            for key, value in detail.items()
            for sentence in _sentences(value, _below(where, str(key)))
        ]
    if isinstance(detail, list):
        return [
            sentence
            for index, value in enumerate(detail)
            for sentence in _sentences(
                value, _below(where, str(index)) if isinstance(value, dict) else where
            )
        ]
    return [f"{where}: {detail}" if where else str(detail)]


def _below(where: str, key: str) -> str:
    if key in ("detail", "non_field_errors"):
        return where
    return f"{where}.{key}" if where else key
