"""The JSON Schema of a bundle's YAML file, published as ``docs/reference/bundle.schema.json``."""

from __future__ import annotations

from typing import Any

from leapp_core.spec.document import CONFIG_VERSION
from leapp_core.spec.dtypes import DTYPES

SCHEMA_ID = f"urn:leapp:bundle:{CONFIG_VERSION}"

_NAME = {"type": "string", "pattern": r"^[^/\\]+$"}
_REFERENCE = {"type": "string", "pattern": r"^[^/\\]+/[^/\\]+$", "description": "node/port"}
_SHA256 = {"type": "string", "pattern": "^[0-9a-fA-F]{64}$"}
_FILE = {
    "type": "string",
    "minLength": 1,
    "maxLength": 1024,
    "description": "path relative to this file, inside its folder",
}
_FLOWS = {
    "type": ["object", "null"],
    "propertyNames": _REFERENCE,
    "additionalProperties": {"type": "array", "items": _REFERENCE},
}
_PORTS_BY_NODE = {"type": ["object", "null"], "additionalProperties": {"type": "array", "items": _NAME}}


def bundle_schema() -> dict[str, Any]:
    """Return the schema, for JSON Schema draft 2020-12."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": SCHEMA_ID,
        "title": f"LEAPP bundle, config version {CONFIG_VERSION}",
        "type": "object",
        "required": ["models", "pipeline", "system information"],
        "properties": {
            "models": {
                "type": "object",
                "minProperties": 1,
                "maxProperties": 500,
                "propertyNames": _NAME,
                "additionalProperties": _model(),
                "description": "written in execution order; readers derive the order from data_flow",
            },
            "pipeline": _pipeline(),
            "system information": {
                "type": "object",
                "required": ["leapp config version"],
                "properties": {"leapp config version": {"type": "string", "pattern": r"^1(\.[0-9]+)*$"}},
            },
            "validation": {
                "type": "object",
                "required": ["samples", "sha256sum"],
                "properties": {"samples": _FILE, "sha256sum": _SHA256},
                "description": "recorded inputs and outputs, with which a bundle can be checked anywhere",
            },
        },
    }


def _model() -> dict[str, Any]:
    return {
        "type": "object",
        "required": ["inputs", "outputs", "parameters"],
        "properties": {
            "inputs": {"type": ["array", "null"], "maxItems": 2000, "items": _port()},
            "outputs": {"type": "array", "minItems": 1, "maxItems": 2000, "items": _port()},
            "parameters": {
                "type": "object",
                "required": ["model_path", "backend", "sha256sum"],
                "properties": {
                    "model_path": _FILE,
                    "backend": {"type": "string", "minLength": 1},
                    "sha256sum": _SHA256,
                    "md5sum": {"type": ["string", "null"]},
                    "data_files": {
                        "type": "object",
                        "maxProperties": 500,
                        "propertyNames": _FILE,
                        "additionalProperties": _SHA256,
                        "description": "further files of the model, such as weights kept outside it, and their hashes",
                    },
                    "opset_version": {"type": ["integer", "null"]},
                },
            },
        },
    }


def _port() -> dict[str, Any]:
    axis = {"type": ["array", "string", "null"], "items": {"type": "string"}}
    return {
        "type": "object",
        "required": ["name", "dtype", "shape"],
        "properties": {
            "name": _NAME,
            "dtype": {"type": "string", "enum": list(DTYPES)},
            "shape": {
                "type": "array",
                "maxItems": 16,
                "items": {"type": ["integer", "string"], "minimum": 0, "pattern": "^[A-Za-z_][A-Za-z0-9_]*$"},
                "description": "sizes; a string names a symbolic dimension",
            },
            "type": {"type": "string", "enum": ["tensor"]},
            "kind": {"type": ["string", "null"]},
            "element_names": {"type": ["array", "string", "null"], "items": axis},
            "temporal_period_ms": {"type": ["number", "null"], "exclusiveMinimum": 0},
        },
    }


def _pipeline() -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {
            "configs": {
                "type": ["object", "null"],
                "properties": {"frequency": {"type": ["number", "null"], "exclusiveMinimum": 0}},
            },
            "data_flow": _FLOWS | {"description": "edges within one control step"},
            "feedback_flow": _FLOWS | {"description": "edges to the next control step"},
            "inputs": _PORTS_BY_NODE | {"description": "ports fed from outside"},
            "shared_inputs": _FLOWS
            | {"description": "inputs that are one tensor: the first is asked for, the others take its value"},
            "outputs": _PORTS_BY_NODE | {"description": "ports returned to outside"},
            "initial_values": _FILE | {"type": ["string", "null"]},
            "initial_values_sha256sum": _SHA256,
        },
    }
